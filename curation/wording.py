"""Words that sentences are put together from, in the reader's language.

What is stored is English; it is translated when somebody reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext, override, pgettext_lazy

THINGS = {
    "answer": pgettext_lazy("thing", "answer"),
    "base model": pgettext_lazy("thing", "base model"),
    "curator": pgettext_lazy("thing", "curator"),
    "edited text": pgettext_lazy("thing", "edited text"),
    "message": pgettext_lazy("thing", "message"),
    "prompt": pgettext_lazy("thing", "prompt"),
    "reviewer": pgettext_lazy("thing", "reviewer"),
    "run": pgettext_lazy("thing", "run"),
    "text": pgettext_lazy("thing", "text"),
    "viewer": pgettext_lazy("thing", "viewer"),
    "writer": pgettext_lazy("thing", "writer"),
}
STATES = {
    "accepted": pgettext_lazy("state", "accepted"),
    "building": pgettext_lazy("state", "getting ready"),
    "cancelled": pgettext_lazy("state", "cancelled"),
    "draft": pgettext_lazy("state", "draft"),
    "failed": pgettext_lazy("state", "failed"),
    "finished": pgettext_lazy("state", "finished"),
    "held": pgettext_lazy("state", "held"),
    "queued": pgettext_lazy("state", "queued"),
    "ready": pgettext_lazy("state", "ready"),
    "rejected": pgettext_lazy("state", "rejected"),
    "running": pgettext_lazy("state", "running"),
    "submitted": pgettext_lazy("state", "submitted"),
    "withdrawn": pgettext_lazy("state", "withdrawn"),
}
OPENING = re.compile(r"(?P<label>[^.]+)\.(?P<rest>\s.*)?", re.DOTALL)


def thing(word: str) -> str:
    return str(THINGS.get(word, word))


def state(word: str) -> str:
    return str(STATES.get(word, word))


def in_english(label: str | Promise) -> str:
    """For what is stored: it must not depend on the language of who caused it."""
    with override("en"):
        return str(label)


def told(text: str, facts: Mapping[str, object]) -> str:
    """A stored text whose %-names are in `facts`."""
    return translated(text) % facts if facts else translated(text)


def translated(text: str) -> str:
    """A stored text: a sentence of ours, or a label of ours before somebody's own words.

    All else stays as it was written.
    """
    whole = gettext(text)
    opening = OPENING.fullmatch(text)
    if whole != text or opening is None:
        return whole
    label, rest = opening["label"], opening["rest"] or ""
    return f"{gettext(label)}.{rest}"

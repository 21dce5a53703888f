"""Words that sentences are put together from, in the reader's language.

What is stored is English; it is translated when somebody reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext, override, pgettext_lazy

from curation.clean.text import UNSTORABLE

Facts = Mapping[str, str | int]

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
# What a value in somebody's JSON is.
KINDS = {
    "true or false": pgettext_lazy("kind", "true or false"),
    "a number": pgettext_lazy("kind", "a number"),
    "a text": pgettext_lazy("kind", "a text"),
    "a list": pgettext_lazy("kind", "a list"),
    "an object": pgettext_lazy("kind", "an object"),
    "null": pgettext_lazy("kind", "null"),
    "something else": pgettext_lazy("kind", "something else"),
}
WORDS = {"kind": KINDS, "state": STATES}  # facts that are words of ours
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
    """A stored text whose %-names are in `facts`. Of a number, `%(name)s` is grouped and
    `%(name)d` is not."""
    if not facts:
        return translated(text)
    return translated(text) % {name: _worded(name, fact) for name, fact in facts.items()}


def _worded(name: str, fact: object) -> object:
    if isinstance(fact, int):
        return _Grouped(fact)
    return WORDS[name].get(str(fact), fact) if name in WORDS else fact


class _Grouped(int):
    def __str__(self) -> str:
        return str(number_format(int(self), force_grouping=True))


def fitting(text: str, facts: Facts, *, at_most: int) -> tuple[str, Facts]:
    """As a database can keep them. The facts are cut so that all is no longer than that in
    English: a text that lost a part of a %-name could not be told any more."""
    if not facts:
        return _storable(text)[:at_most], facts
    share = max(0, at_most - len(text)) // len(facts)
    return text, {
        name: _storable(fact)[:share] if isinstance(fact, str) else fact
        for name, fact in facts.items()
    }


def _storable(text: str) -> str:
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


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

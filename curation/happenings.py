"""What other programs can be told of: kinds of events, and which facts of each leave.

A fact that is not listed here stays, so that nobody's name, reason or words go along.
"""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PING = "ping"


class Happening(NamedTuple):
    kind: str  # of the event, and what the receiver reads
    label: str | Promise
    facts: tuple[str, ...] = ()
    has_text: bool = False


class Group(NamedTuple):
    label: str | Promise
    happenings: tuple[Happening, ...]


GROUPS = (
    Group(
        _("Texts"),
        (
            Happening("message.accepted", _("A text was accepted"), has_text=True),
            Happening("message.rejected", _("A text was not accepted"), has_text=True),
            Happening(
                "import.finished",
                _("An import ended"),
                ("format", "conversations", "messages", "rankings", "unchanged", "bad"),
            ),
            Happening(
                "work.finished",
                _("Somebody finished the tasks they were given"),
                ("task", "wanted", "done"),
            ),
            Happening("message.withdrawn", _("A text was taken back")),
            Happening("consent.withdrawn", _("Somebody took back their consent")),
        ),
    ),
    Group(
        _("Datasets"),
        (
            Happening("version.frozen", _("A version was frozen")),
            Happening("dataset.created", _("A dataset was made")),
            Happening(
                "guideline.published", _("The guideline has a new version"), ("number",)
            ),
            Happening("policy.changed", _("The rules were changed")),
            Happening("category.added", _("A category was added"), ("slug",)),
            Happening("category.changed", _("A category was changed")),
            Happening("terms.published", _("There are new terms"), ("number",)),
        ),
    ),
    Group(
        _("Models"),
        (
            Happening("run.started", _("A run began"), ("attempt",)),
            Happening("run.finished", _("A run finished"), ("attempt",)),
            Happening("run.failed", _("A run failed"), ("attempt",)),
            Happening("run.cancelled", _("A run was cancelled"), ("attempt",)),
            Happening("run.promoted", _("A model became champion"), ("replaced",)),
            Happening(
                "run.rolled_back", _("A model was put back as champion"), ("replaced",)
            ),
            Happening("job.finished", _("A job finished"), ("attempt",)),
            Happening("job.failed", _("A job failed"), ("attempt",)),
        ),
    ),
)
HAPPENINGS = {one.kind: one for group in GROUPS for one in group.happenings}


def choices() -> list[tuple[str | Promise, list[tuple[str, str | Promise]]]]:
    """For a form, in groups."""
    return [
        (group.label, [(one.kind, one.label) for one in group.happenings])
        for group in GROUPS
    ]


def label(kind: str) -> str:
    """What people call it; the kind itself where it is not told of any more."""
    if kind == PING:
        return str(_("A test"))
    return str(HAPPENINGS[kind].label) if kind in HAPPENINGS else kind

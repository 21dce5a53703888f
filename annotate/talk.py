"""What a task page offers to say about the texts on it: a thread, and a flag."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from annotate.models import RANKINGS, Assignment
from annotate.screens.rank import LETTERS
from curation.addresses import address_of
from curation.models import Contributor, Flag
from curation.threads import Thread, thread_of

Kind = Assignment.Kind
TALKED_ABOUT = (Kind.REVIEW, Kind.ADJUDICATE, Kind.RANK, Kind.COMPARE)


@dataclass
class Talk:
    thread: Thread | None = None
    flag_choices: list[tuple[str, str]] = field(default_factory=list)
    back: str = ""

    @property
    def flag_reasons(self) -> list[tuple[str, Any]]:
        return Flag.Reason.choices


def about(slot: Assignment, reader: Contributor, *, back: str) -> Talk:
    """New texts have nothing to talk about yet. A query, or some where people talked."""
    message = slot.message
    if message is None:
        return Talk()
    choices = [(message.address, _("The prompt") if slot.kind in RANKINGS else "")]
    if slot.kind in RANKINGS:
        letters = zip(LETTERS, slot.shown, strict=False)
        choices = [
            (address_of(pk, of="message"), _("Answer %(letter)s") % {"letter": x})
            for x, pk in letters
        ] + choices
    thread = thread_of(message, reader) if slot.kind in TALKED_ABOUT else None
    return Talk(thread, choices, back=back)

"""Refusals of the work surface."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from curation.errors import CurationError

KEPT = gettext_lazy("What you wrote is kept under “Kept texts” on the home page.")


class SlotGone(CurationError):
    """The lease ran out and somebody else has the work; the text was kept."""

    def __init__(self) -> None:
        why = _("Your time for this task ran out and it went to somebody else.")
        super().__init__(f"{why} {KEPT}")


class AlreadySent(SlotGone):
    """The same person finished the task from another page."""

    def __init__(self) -> None:
        why = _("You have sent this task already, from another page.")
        CurationError.__init__(self, f"{why} {KEPT}")


class TakenBack(SlotGone):
    """What was sent came once more, after its author had taken it back."""

    def __init__(self) -> None:
        why = _("You have taken this back: it was not counted. Send it anew from its page.")
        CurationError.__init__(self, why)


class WordsGone(CurationError):
    """What the task was about was held or withdrawn; the task has ended."""

    def __init__(self) -> None:
        super().__init__(_("What this task was about is not there any more."))


class Busy(CurationError):
    """The database could not do it now, twice; the text was kept."""

    def __init__(self) -> None:
        super().__init__(_("Too much went on at once. Nothing is lost: send it again."))


class SentTwice(CurationError):
    """The same form key came with different content."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "You have sent this page already. To change what you sent, take it back "
                "under “All that you did”, and write it anew."
            )
        )

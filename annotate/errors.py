"""Refusals of the work surface."""

from __future__ import annotations

from curation.errors import CurationError

KEPT = "What you wrote is kept under “Kept texts” on the home page."


class SlotGone(CurationError):
    """The lease ran out and somebody else has the work; the text was kept."""

    def __init__(self) -> None:
        super().__init__(
            f"Your time for this task ran out and it went to somebody else. {KEPT}"
        )


class AlreadySent(SlotGone):
    """The same person finished the task from another page."""

    def __init__(self) -> None:
        CurationError.__init__(
            self, f"You have sent this task already, from another page. {KEPT}"
        )


class SentTwice(CurationError):
    """The same form key came with different content."""

    def __init__(self) -> None:
        super().__init__(
            "You have sent this page already. To change what you sent, take it back under "
            "“All that you wrote”, and write it anew."
        )

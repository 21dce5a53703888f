"""Refusals of the work surface."""

from __future__ import annotations

from curation.errors import CurationError


class SlotGone(CurationError):
    """The lease ran out and somebody else has the work; the text was kept."""

    def __init__(self) -> None:
        super().__init__(
            "Your time for this task ran out and it went to somebody else. "
            "What you wrote is kept under “Kept texts” on the home page."
        )


class SentTwice(CurationError):
    """The same form key came with different content."""

    def __init__(self) -> None:
        super().__init__(
            "This page was already sent with other content. Open the task again from home."
        )

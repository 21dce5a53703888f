"""Refusals of the trainer, and how a run can end early."""

from __future__ import annotations

from django.utils.translation import ngettext

from curation.errors import CurationError


class TrainerError(CurationError):
    """A rule of the trainer said no. The text is fit to show the person who asked."""


class NotConfirmed(TrainerError):
    """Texts of the version were taken back, and the person has not said that they know."""

    def __init__(self, count: int) -> None:
        said = ngettext(
            "%(count)d text of this version was taken back since it was frozen. Say that "
            "you train on it all the same, or freeze a new version, which leaves it out.",
            "%(count)d texts of this version were taken back since it was frozen. Say that "
            "you train on them all the same, or freeze a new version, which leaves them "
            "out.",
            count,
        )
        super().__init__(said % {"count": count})


class TrainingFailed(Exception):
    """The work itself failed; the text says what happened and what to do."""


class OutOfMemory(TrainingFailed):
    """A recipe needed more memory than there is."""


class Killed(TrainingFailed):
    """Somebody ended the recipe from outside, and nothing says why: it may go on."""


class Cancelled(Exception):
    """A person asked for the end, and the child is gone."""


class Paused(Exception):
    """A person asked it to stop for now, and the child is gone."""


class Lost(Exception):
    """The row was given to somebody else, or could not be kept: write nothing more."""

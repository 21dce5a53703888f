"""Refusals of the trainer, and how a run can end early."""

from __future__ import annotations

from curation.errors import CurationError


class TrainerError(CurationError):
    """A rule of the trainer said no. The text is fit to show the person who asked."""


class TrainingFailed(Exception):
    """The work itself failed; the text says what happened and what to do."""


class Cancelled(Exception):
    """A person asked for the end, and the child is gone."""


class Lost(Exception):
    """The row was given to somebody else, or could not be kept: write nothing more."""

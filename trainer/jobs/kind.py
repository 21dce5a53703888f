"""What a kind of job is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curation.handoff import Person
from trainer.models import Job, Run
from trainer.work import Work

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


def _keep_nothing(job: Job, result: dict[str, Any]) -> None:
    """The row's own `result` is all."""


def _nothing_more(job: Job) -> dict[str, Any]:
    return {}


def _as_given(raw: dict[str, Any]) -> dict[str, Any]:
    return raw


def _any_run(run: Run | None, config: dict[str, Any], by: Person) -> None:
    """Every model that the person may have at work will do."""


@dataclass(frozen=True)
class Kind:
    name: str  # at most 20 letters; stored
    label: StrPromise  # for people
    # Does the work, in child processes; returns the result as it is to be stored.
    perform: Callable[[Work[Job]], dict[str, Any]]
    # Writes rows of the result, in the transaction that ends the job, fence held.
    keep: Callable[[Job, dict[str, Any]], None] = _keep_nothing
    # Refuses odd settings with a TrainerError, at the door; returns them with defaults.
    checked: Callable[[dict[str, Any]], dict[str, Any]] = _as_given
    # Refuses a model or a person with a CurationError, at the door and when started again.
    require: Callable[[Run | None, dict[str, Any], Person], None] = _any_run
    # Whether the version's files are fetched and compared first.
    reads_files: bool = True
    # Of the part of the job's page that shows a result; needs: job, and what `shown` gives.
    template: str = ""
    shown: Callable[[Job], dict[str, Any]] = _nothing_more

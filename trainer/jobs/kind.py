"""What a kind of job is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from curation.handoff import Person
from trainer.errors import TrainerError
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


def require_numbers(
    raw: dict[str, Any],
    defaults: dict[str, Any],
    limits: Mapping[str, tuple[float, float]],
) -> dict[str, Any]:
    """The settings with their defaults. Refuses unknown ones, and numbers out of range."""
    config = defaults | raw
    if unknown := sorted(config.keys() - defaults.keys()):
        raise TrainerError(_("There is no setting “%(name)s”.") % {"name": unknown[0]})
    for name, (least, most) in limits.items():
        value = config[name]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not least <= value <= most:
            said = _("“%(label)s” must be from %(least)g to %(most)g.")
            raise TrainerError(said % {"label": name, "least": least, "most": most})
    return config


def _any_run(run: Run | None, config: dict[str, Any], by: Person) -> None:
    """Every model that the person may have at work will do."""


def _no_others(run: Run | None, config: dict[str, Any]) -> list[int]:
    """Its own run's model is all that it has at work."""
    return []


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
    # Numbers of other runs whose models it has at work.
    others: Callable[[Run | None, dict[str, Any]], list[int]] = _no_others
    # Whether the version's files are fetched and compared first.
    reads_files: bool = True
    # Of the part of the job's page that shows a result; needs: job, and what `shown` gives.
    template: str = ""
    shown: Callable[[Job], dict[str, Any]] = _nothing_more

"""Door for whoever makes versions without a person at the page: by the clock, or when
enough is new."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from curation.actions import freezing, notices
from curation.actions.rights import holds
from curation.formats.recipe import of_all_now, without_those_gone
from curation.models import (
    Ballot,
    Contributor,
    Dataset,
    DatasetVersion,
    Freezing,
    Message,
    Notification,
)


class Curated(NamedTuple):
    """A dataset that somebody curates."""

    id: int
    slug: str
    title: str


class Waiting(NamedTuple):
    """What came since a moment, counted no further than was asked for."""

    messages: int
    ballots: int


class Outcome(NamedTuple):
    """Of a version that was asked for. Without one, `why` says what came in between."""

    is_over: bool
    version_id: int | None = None
    is_new: bool = False
    why: str = ""


def curated_by(person: Contributor) -> list[Curated]:
    """Open datasets of which the person may have versions made."""
    rows = Dataset.objects.worked_on_by(person, []).order_by("title", "pk")
    return [Curated(*row) for row in rows.values_list("pk", "slug", "title")]


def may_renew(person: Contributor, dataset_id: int) -> bool:
    """Whether versions may be made in this person's name, now. Causes queries."""
    dataset = Dataset.objects.filter(pk=dataset_id, archived_at=None).first()
    return dataset is not None and person.is_active and holds(person, dataset)


def frozen_at(dataset_id: int) -> datetime | None:
    """When the newest version was frozen."""
    newest = _versions(dataset_id).first()
    return newest.frozen_at if newest else None


def waiting(
    dataset_id: int, *, since: datetime | None, messages: int = 0, ballots: int = 0
) -> Waiting:
    """What was accepted and ranked since then, up to so many. At most two queries."""
    accepted = Message.objects.filter(
        conversation__dataset=dataset_id, state=Message.State.ACCEPTED
    )
    cast = Ballot.objects.standing().filter(prompt__conversation__dataset=dataset_id)
    if since is not None:
        accepted = accepted.filter(decided_at__gt=since)
        cast = cast.filter(created_at__gt=since)
    return Waiting(
        accepted[:messages].count() if messages else 0,
        cast[:ballots].count() if ballots else 0,
    )


@transaction.atomic
def ask(dataset_id: int, *, by: Contributor) -> int | None:
    """Have a version made by the recipe of the newest one, or of everything.

    Returns an id for `carry_on`; None while somebody else's is being made.
    """
    newest = _versions(dataset_id).first()
    return _asked(dataset_id, of_all_now(newest.recipe) if newest else {}, by=by)


@transaction.atomic
def ask_without_those_gone(version_id: int, *, by: Contributor) -> int | None:
    """The same of what still stands of one version: nothing new comes in."""
    version = DatasetVersion.objects.get(pk=version_id)
    recipe = without_those_gone(version.recipe, version.digest)
    return _asked(version.dataset_id, recipe, by=by)


def _asked(dataset_id: int, recipe: dict[str, Any], *, by: Contributor) -> int | None:
    list(Dataset.objects.select_for_update(no_key=True).filter(pk=dataset_id))
    if Freezing.objects.active().filter(dataset=dataset_id).exists():
        return None
    return freezing.ask(dataset_id=dataset_id, by=by, recipe=recipe).pk


def carry_on(asked: int) -> Outcome:
    """Make it here and now, unless another worker is at it; what came of it so far."""
    freezing.run(asked)
    return outcome(asked)


def outcome(asked: int) -> Outcome:
    row = Freezing.objects.get(pk=asked)
    why = row.why
    if row.state == Freezing.State.CANCELLED:
        why = str(row.get_state_display())
    return Outcome(not row.is_active, row.version_id, row.is_new, why)


def tell(
    person: Contributor, *, schedule: str, why: str, facts: dict[str, Any], address: str
) -> None:
    """That what the person had planned did not come about, and why: a sentence, and what
    its %-names stand for."""
    notices.tell(
        person,
        Notification.Kind.SCHEDULE,
        schedule=schedule,
        why=why[:500],
        facts=facts,
        address=address,
    )


def _versions(dataset_id: int) -> QuerySet[DatasetVersion]:
    return DatasetVersion.objects.filter(dataset=dataset_id).order_by("-number")

"""Somebody pauses: in one dataset, or in all. What they wrote and judged stays theirs."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.actions import notices, resettling, sessions
from curation.actions.rights import require
from curation.errors import CurationError, NotAllowed
from curation.models import (
    Ballot,
    Contributor,
    Dataset,
    Event,
    Membership,
    Suspension,
)


@transaction.atomic
def suspend(
    *, person_id: int, dataset: Dataset | None, reason: str, by: Contributor
) -> Suspension:
    """From now on the person claims, sends and judges nothing there. They read why.

    Meanwhile their ballots count for nothing: what they ranked is settled without them.
    Without a dataset: in all of them, also those that they join later.
    """
    _require_right(by, dataset)
    person = Contributor.objects.select_for_update(no_key=True).get(pk=person_id)
    _require_may_pause(person, dataset, by)
    if not reason.strip():
        raise CurationError(_("Say why: the person reads it."))
    there = Suspension.objects.in_force().filter(person=person, dataset=dataset)
    if there.exists():
        raise CurationError(_("%(person)s pauses already.") % {"person": person})
    made = Suspension.objects.create(person=person, dataset=dataset, reason=reason, by=by)
    _match_roles(person)
    resettling.mark_ballots(_ballots_of(person, dataset))
    Event.objects.record(
        "person.suspended", person, by=by, dataset=dataset, why=reason, suspension=made.pk
    )
    _tell(made, notices.Kind.SUSPENDED, by=by, why=reason)
    return made


@transaction.atomic
def lift(*, suspension_id: int, by: Contributor) -> Suspension:
    """The person goes on with the roles that they have, and their ballots count again."""
    told = Suspension.objects.select_related("dataset").get(pk=suspension_id)
    _require_right(by, told.dataset)
    person = Contributor.objects.select_for_update(no_key=True).get(pk=told.person_id)
    made = Suspension.objects.select_for_update(of=("self",)).get(pk=suspension_id)
    if made.lifted_at is not None:
        raise CurationError(_("%(person)s goes on already.") % {"person": person})
    made.lifted_at, made.lifted_by = now(), by
    made.save(update_fields=["lifted_at", "lifted_by"])
    _match_roles(person)
    resettling.mark_ballots(_ballots_of(person, told.dataset))
    Event.objects.record(
        "person.restored", person, by=by, dataset=told.dataset, suspension=made.pk
    )
    _tell(made, notices.Kind.RESTORED, by=by)
    return made


def _require_right(by: Contributor, dataset: Dataset | None) -> None:
    if dataset is not None:
        require(by, dataset)
    elif not by.is_staff:
        raise NotAllowed(_("Only a site admin can let somebody pause everywhere."))


def _require_may_pause(
    person: Contributor, dataset: Dataset | None, by: Contributor
) -> None:
    if person.pk == by.pk:
        raise CurationError(_("You cannot pause yourself: leave the dataset instead."))
    if person.is_staff:
        raise CurationError(_("A site admin cannot be paused: close the account instead."))
    roles = Membership.objects.filter(contributor=person, dataset=dataset)
    if dataset is not None and not by.is_staff and roles.filter(role="curator").exists():
        raise NotAllowed(_("Only a site admin can let a curator pause."))


def _match_roles(person: Contributor) -> None:
    """Their roles rest exactly where they are suspended: their rights are others now."""
    in_force = Suspension.objects.in_force().filter(person=person)
    datasets = set(in_force.values_list("dataset", flat=True))
    roles = Membership.objects.filter(contributor=person)
    resting = roles if None in datasets else roles.filter(dataset__in=datasets)
    resting.filter(suspended_at=None).update(suspended_at=now())
    going_on = roles.exclude(pk__in=resting.values("pk"))
    going_on.filter(suspended_at__isnull=False).update(suspended_at=None)
    sessions.renew(person.pk)


def _ballots_of(person: Contributor, dataset: Dataset | None) -> QuerySet[Ballot]:
    theirs = Ballot.objects.filter(ranker=person)
    return theirs.filter(prompt__conversation__dataset=dataset) if dataset else theirs


def _tell(made: Suspension, kind: str, *, by: Contributor, why: str = "") -> None:
    data: dict[str, Any] = {"why": why} if why else {}
    dataset = str(made.dataset) if made.dataset else ""
    notices.tell(made.person, kind, by=by, dataset=dataset, **data)

"""Who may take part, and in which role."""

from __future__ import annotations

from django.db import transaction
from django.utils.timezone import now

from curation.errors import CurationError, NotAllowed
from curation.models import Consent, Contributor, Dataset, Event, Instance, Membership

Role = Membership.Role


def holds(person: Contributor, dataset: Dataset, *roles: str) -> bool:
    """Whether the person has one of the roles; site admins hold all. Causes a query."""
    if person.is_staff:
        return True
    return Membership.objects.filter(
        contributor=person, dataset=dataset, role__in=[*roles, Role.CURATOR]
    ).exists()


def require(person: Contributor, dataset: Dataset, *roles: str) -> None:
    """Refuse who holds none of the roles. Curators may do every kind of work."""
    if not holds(person, dataset, *roles):
        wanted = " or ".join(roles) if roles else Role.CURATOR
        raise NotAllowed(f"You are not a {wanted} of {dataset}. Ask one of its curators.")


@transaction.atomic
def join(
    *, dataset: Dataset, person: Contributor, role: str, by: Contributor
) -> Membership:
    require(by, dataset)
    if role not in Role.values:
        raise CurationError(f"There is no role “{role}”. Choose {', '.join(Role.values)}.")
    membership, is_new = Membership.objects.get_or_create(
        dataset=dataset, contributor=person, role=role
    )
    if is_new:
        Event.objects.record(
            "membership.added",
            membership,
            by=by,
            dataset=dataset,
            person=person.pk,
            role=role,
        )
    return membership


@transaction.atomic
def leave(*, membership_id: int, by: Contributor) -> None:
    membership = Membership.objects.select_related("dataset").get(pk=membership_id)
    require(by, membership.dataset)
    Event.objects.record(
        "membership.removed",
        membership,
        by=by,
        dataset=membership.dataset,
        person=membership.contributor_id,
        role=membership.role,
    )
    membership.delete()


@transaction.atomic
def consent(*, person: Contributor, terms_version: str, terms_text: str) -> Consent:
    """Agreeing twice to the same terms is agreeing once."""
    given, is_new = Consent.objects.get_or_create(
        contributor=person,
        terms_version=terms_version,
        withdrawn_at=None,
        defaults={"terms_text": terms_text},
    )
    if is_new:
        Event.objects.record("consent.given", given, by=person, terms=terms_version)
    return given


@transaction.atomic
def withdraw_consent(*, person: Contributor, terms_version: str) -> None:
    given = (
        Consent.objects.select_for_update()
        .filter(contributor=person, terms_version=terms_version, withdrawn_at=None)
        .first()
    )
    if given is None:
        raise CurationError("There is no consent in force to take back.")
    given.withdrawn_at = now()
    given.save(update_fields=["withdrawn_at"])
    Event.objects.record("consent.withdrawn", given, by=person, terms=terms_version)


@transaction.atomic
def open_registration(*, is_open: bool, by: Contributor) -> Instance:
    """Let people sign up by themselves, or stop it."""
    if not by.is_staff:
        raise NotAllowed("Only a site admin can change this.")
    instance, _ = Instance.objects.update_or_create(
        pk=1, defaults={"registration_open": is_open}
    )
    Event.objects.record("instance.registration", instance, by=by, is_open=is_open)
    return instance

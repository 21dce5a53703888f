"""Groups of an identity provider, and the roles that they mean here."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from curation.actions import sessions
from curation.models import (
    Contributor,
    Event,
    GroupGrant,
    IdentityProvider,
    Membership,
    Suspension,
)


@transaction.atomic
def match(person: Contributor, provider: IdentityProvider, groups: Collection[str]) -> None:
    """Give the roles of these groups, and take back those of groups that are gone.

    What was given by hand stays, also where a group means the same.
    """
    if not person.is_active:
        return
    rules = provider.groups.filter(group__in=[one[:200] for one in groups])
    wanted = {(rule.dataset_id, rule.role) for rule in rules}
    Contributor.objects.select_for_update(no_key=True).get(pk=person.pk)
    held = Membership.objects.filter(contributor=person).select_related("dataset")
    granted = held.filter(grant__provider=provider)
    lost = [one for one in granted if (one.dataset_id, one.role) not in wanted]
    new = wanted - set(held.values_list("dataset_id", "role"))
    for membership in lost:
        _record("membership.removed", membership, provider)
        membership.delete()
    for dataset_id, role in sorted(new):
        _give(person, provider, dataset_id, role)
    if lost or new:
        sessions.renew(person.pk)


def _give(
    person: Contributor, provider: IdentityProvider, dataset_id: int, role: str
) -> None:
    paused = Suspension.objects.in_force().filter(person=person)
    here = paused.filter(dataset=dataset_id).first() or paused.filter(dataset=None).first()
    membership = Membership.objects.create(
        contributor=person,
        dataset_id=dataset_id,
        role=role,
        suspended_at=here.since if here else None,
    )
    GroupGrant.objects.create(membership=membership, provider=provider)
    _record("membership.added", membership, provider)


def _record(kind: str, membership: Membership, provider: IdentityProvider) -> None:
    Event.objects.record(
        kind,
        membership,
        by=None,
        dataset=membership.dataset,
        person=membership.contributor_id,
        role=membership.role,
        provider=provider.pk,
    )

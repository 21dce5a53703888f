"""Who may do what in a dataset: the one place that answers it.

| role | sees | does |
|---|---|---|
| viewer | what is settled: accepted texts, numbers, versions, models | nothing |
| writer | besides what is being judged, without names or verdicts | writes, talks, flags |
| reviewer | the same | judges, talks, flags |
| curator | all of it | all of it, and decides who takes part |

Site admins are curators everywhere. Who has no role in a dataset does not learn that it is
there: `Dataset.objects.visible_to()`. Roles of who is paused rest: they see as before, and
do nothing.
"""

from __future__ import annotations

from enum import IntEnum

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from curation.errors import ConsentMissing, NotAllowed
from curation.models import Contributor, Dataset, Membership, Suspension, Terms
from curation.prepared import Prepared
from curation.wording import thing

Role = Membership.Role
# Beside each role: whether there are terms that the person has not agreed to.
_lacks_consent = Exists(
    Terms.objects.unanswered(
        person=OuterRef("contributor_id"), dataset=OuterRef("dataset_id")
    )
)
_roles = Prepared(
    lambda person, dataset: Membership.objects.filter(
        contributor=person, dataset=dataset, suspended_at=None
    ).values_list("role", _lacks_consent)
)
_memberships = Prepared(
    lambda person, dataset: Membership.objects.filter(
        contributor=person, dataset=dataset
    ).values_list("role", "suspended_at")
)


class Sight(IntEnum):
    """How much of a dataset somebody sees, of those who see it at all."""

    SETTLED = 1  # viewers: what was accepted
    WORK = 2  # who takes part: also what is being judged
    ALL = 3  # curators: also what is set aside, and who wrote what


def sight(person: Contributor, dataset: Dataset) -> Sight:
    """Of somebody to whom the dataset is visible. Causes a query."""
    if person.is_staff:
        return Sight.ALL
    rows = _memberships(person=person.pk, dataset=dataset.pk)
    if any(role == Role.CURATOR and rests is None for role, rests in rows):
        return Sight.ALL
    takes_part = any(role != Role.VIEWER for role, _rests in rows)
    return Sight.WORK if takes_part else Sight.SETTLED


def holds(person: Contributor, dataset: Dataset, *roles: str) -> bool:
    """Whether the person has one of the roles; site admins hold all. Causes a query."""
    if person.is_staff:
        return True
    held = {role for role, __ in _roles(person=person.pk, dataset=dataset.pk)}
    return not held.isdisjoint({*roles, Role.CURATOR})


def require_admin(person: Contributor) -> None:
    """Refuse who does not administer the installation."""
    if not person.is_staff:
        raise NotAllowed(_("Only a site admin can change this."))


def require(person: Contributor, dataset: Dataset, *roles: str) -> None:
    """Refuse who holds none of the roles. Curators may do every kind of work.

    Work, which is what names a role, is also refused to who has not agreed to the terms.
    Site admins are asked on the page before their first task; here they pass.
    """
    if person.is_staff:
        return
    rows = _roles(person=person.pk, dataset=dataset.pk)
    if {role for role, __ in rows}.isdisjoint({*roles, Role.CURATOR}):
        paused = Suspension.objects.in_force().of(person, dataset).first()
        if paused is not None:
            said = _("Your work in %(dataset)s is paused for now: %(reason)s")
            raise NotAllowed(said % {"dataset": dataset, "reason": paused.reason})
        wanted = _(" or ").join(thing(role) for role in roles or [Role.CURATOR])
        said = _("You are not a %(role)s of %(dataset)s. Ask one of its curators.")
        raise NotAllowed(said % {"role": wanted, "dataset": dataset})
    if roles and any(lacks for __, lacks in rows):
        raise ConsentMissing(dataset)

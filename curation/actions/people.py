"""Who may take part, and in which role."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.actions import sessions
from curation.actions.rights import Role, require, require_admin
from curation.errors import CurationError, NotAllowed
from curation.models import (
    AccessToken,
    Contributor,
    Dataset,
    Event,
    GroupGrant,
    Instance,
    Membership,
    Session,
    Suspension,
)


@transaction.atomic
def join(
    *, dataset: Dataset, person: Contributor, role: str, by: Contributor
) -> Membership:
    require(by, dataset)
    if role not in Role.values:
        said = _("There is no role “%(role)s”. Choose %(known)s.")
        raise CurationError(said % {"role": role, "known": ", ".join(Role.values)})
    membership, _is_new = give_role(dataset=dataset, person=person, role=role, by=by)
    return membership


def give_role(
    *, dataset: Dataset, person: Contributor, role: str, by: Contributor
) -> tuple[Membership, bool]:
    """Within a transaction of who has checked that `by` may. Also whether it is new."""
    # Nobody is suspended meanwhile.
    Contributor.objects.select_for_update(no_key=True).get(pk=person.pk)
    paused = Suspension.objects.in_force().of(person, dataset).first()
    membership, is_new = Membership.objects.get_or_create(
        dataset=dataset,
        contributor=person,
        role=role,
        defaults={"suspended_at": paused.since if paused else None},
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
        sessions.renew(person.pk)
    else:
        # Given by hand it stays, whatever becomes of the group that it came with.
        GroupGrant.objects.filter(membership=membership).delete()
    return membership, is_new


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
    sessions.renew(membership.contributor_id)


@transaction.atomic
def add_account(*, email: str, name: str = "", by: Contributor) -> tuple[Contributor, str]:
    """An account and its first password, which is told once and stored only as a hash."""
    if not by.is_staff:
        raise NotAllowed(_("Only a site admin can add an account."))
    if Contributor.objects.filter(email__iexact=email).exists():
        raise CurationError(_("%(email)s has an account already.") % {"email": email})
    password = secrets.token_urlsafe(12)
    person = Contributor.objects.create_user(email, password, name=name)
    Event.objects.record("account.added", person, by=by)
    return person, password


@transaction.atomic
def set_active(*, person_id: int, is_active: bool, by: Contributor) -> Contributor:
    """Close an account, or open it again. What its owner wrote stays.

    Closed, it is signed out everywhere, its keys are taken back, and its tasks are free.
    """
    if not by.is_staff:
        raise NotAllowed(_("Only a site admin can close an account."))
    if person_id == by.pk:
        raise CurationError(_("You cannot close your own account: ask another admin."))
    # no_key: whoever is just sending something points at the row, and need not wait.
    person = Contributor.objects.select_for_update(no_key=True).get(pk=person_id)
    if person.is_active != is_active:
        person.is_active = is_active
        person.save(update_fields=["is_active"])
        kind = "account.opened" if is_active else "account.closed"
        ended: dict[str, Any] = {} if is_active else _end_all_of(person)
        Event.objects.record(kind, person, by=by, **ended)
    return person


def _end_all_of(person: Contributor) -> dict[str, int]:
    """What was open for a person, and how many of each."""
    keys = AccessToken.objects.filter(person=person, revoked_at=None)
    return {
        "tasks": sum(import_string(end)(person.pk) for end in settings.ON_CLOSING),
        "keys": keys.update(revoked_at=now()),
        "browsers": Session.objects.filter(person=person).delete()[0],
    }


@transaction.atomic
def open_registration(*, is_open: bool, by: Contributor) -> Instance:
    """Let people sign up by themselves, or stop it."""
    require_admin(by)
    instance, is_new = Instance.objects.update_or_create(
        pk=1, defaults={"registration_open": is_open}
    )
    Event.objects.record("instance.registration", instance, by=by, is_open=is_open)
    return instance

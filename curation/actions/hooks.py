"""Addresses that are told what happens: added, changed, tried, switched off, removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation import destinations, signing
from curation.actions import notices
from curation.actions.rights import require
from curation.errors import CurationError, NotAllowed
from curation.happenings import HAPPENINGS
from curation.models import Contributor, Dataset, Event, Hook, Membership, Notification

AT_MOST = 20
BOTH_FOR = timedelta(days=1)  # the old secret of a hook signs as well, so long
FAILURES = ("failures", "failing_since", "rests_until")
NO_LONGER = gettext_noop("Who answered for it has no right to it any more.")
CHANGEABLE = frozenset({"name", "url", "wants", "with_texts"})


@transaction.atomic
def add(
    *,
    dataset: Dataset | None,
    name: str,
    url: str,
    wants: Sequence[str],
    with_texts: bool = False,
    by: Contributor,
) -> tuple[Hook, str]:
    """A new one, and its secret, which is told this once."""
    _require(by, dataset)
    _one_at_a_time(dataset.pk if dataset is not None else None)
    hook = Hook(dataset=dataset, made_by=by, salt=signing.fresh_salt())
    if Hook.objects.of(dataset).count() >= AT_MOST:
        said = _("There are %(n)d webhooks already. Remove one first.")
        raise CurationError(said % {"n": AT_MOST})
    _set(hook, name=name, url=url, wants=wants, with_texts=with_texts)
    hook.save()
    _record("hook.added", hook, by=by, host=hook.host, wants=hook.wants)
    return hook, signing.secret_of(hook.salt)


@transaction.atomic
def change(*, hook_id: int, by: Contributor, **fields: Any) -> Hook:
    """What is not given stays: name, url, wants, with_texts. From now on `by` answers."""
    assert fields.keys() <= CHANGEABLE
    _one_at_a_time(Hook.objects.values_list("dataset", flat=True).get(pk=hook_id))
    hook = lock(hook_id, by=by)
    _set(hook, **fields)
    hook.made_by = by
    hook.save(update_fields=["made_by", *fields])
    _record("hook.changed", hook, by=by, host=hook.host, wants=hook.wants)
    return hook


@transaction.atomic
def new_secret(*, hook_id: int, by: Contributor) -> tuple[Hook, str]:
    """For a day, what is sent is signed with the old one as well.

    Once more within that day, it is the one of before the first time: an answer that was
    lost, or a page that is loaded again, does not end what the receiver has.
    """
    hook = lock(hook_id, by=by)
    if not _has_old(hook):
        hook.salt_before, hook.salted_at = hook.salt, now()
    hook.salt = signing.fresh_salt()
    hook.save(update_fields=["salt_before", "salt", "salted_at"])
    _record("hook.secret_changed", hook, by=by)
    return hook, signing.secret_of(hook.salt)


def salts(hook: Hook) -> list[str]:
    """Of the secrets that are good now."""
    return [hook.salt, hook.salt_before] if _has_old(hook) else [hook.salt]


def _has_old(hook: Hook) -> bool:
    return bool(hook.salt_before) and hook.salted_at > now() - BOTH_FOR


@transaction.atomic
def switch(*, hook_id: int, is_on: bool, by: Contributor) -> Hook:
    """What happens while it is off it never hears of; what waited is sent afterwards."""
    hook = lock(hook_id, by=by)
    if hook.is_on != is_on:
        hook.is_on, hook.off_why = is_on, ""
        if is_on:
            hook.made_by = by
        forgive(hook)
        hook.save(update_fields=["is_on", "off_why", "made_by", *FAILURES])
        _record("hook.switched_on" if is_on else "hook.switched_off", hook, by=by)
    return hook


@transaction.atomic
def remove(*, hook_id: int, by: Contributor) -> None:
    """Its row stays: somebody may be writing an event, and note it, at this moment."""
    hook = lock(hook_id, by=by)
    hook.is_on, hook.removed_at = False, now()
    hook.save(update_fields=["is_on", "removed_at"])
    _record("hook.removed", hook, by=by, host=hook.host)


def forgive(hook: Hook) -> None:
    """Its failures in a row are over. Not saved yet."""
    hook.failures, hook.failing_since, hook.rests_until = 0, None, None


def give_up(hook: Hook, *, why: str) -> None:
    """Off, and who answers for it is told. Needs the row locked; `why` is marked for
    translation."""
    _give_up(hook, [hook.made_by], why=why)


def give_up_orphans() -> None:
    """A hook has no more rights than who answers for it, and others there are told.

    Asked before each claim and not where rights end: those are many places.
    """
    joined = Hook.objects.orphaned().select_related("dataset")
    # Who else has one of them at this moment has asked the same.
    found = joined.select_for_update(of=("self",), no_key=True, skip_locked=True)
    for hook in found:
        _give_up(hook, _others(hook), why=NO_LONGER)


def _others(hook: Hook) -> QuerySet[Contributor]:
    """Who may switch it on again: curators, or admins where there are none."""
    people = Contributor.objects.filter(is_active=True)
    curators = people.filter(
        memberships__dataset=hook.dataset,
        memberships__role=Membership.Role.CURATOR,
        memberships__suspended_at=None,
    )
    if hook.dataset is not None and curators.exists():
        return curators
    return people.filter(is_staff=True)


def _give_up(hook: Hook, told: Iterable[Contributor], *, why: str) -> None:
    hook.is_on, hook.off_why = False, why
    hook.save(update_fields=["is_on", "off_why"])
    _record("hook.given_up", hook, by=None, why=why)
    for person in told:
        notices.tell(person, Notification.Kind.HOOK, hook=hook.pk, name=hook.name, why=why)


def _require(by: Contributor, dataset: Dataset | None) -> None:
    if dataset is not None:
        require(by, dataset)
    elif not by.is_staff:
        raise NotAllowed(_("Only a site admin can do this."))


def lock(hook_id: int, *, by: Contributor) -> Hook:
    """For the rest of the transaction, where the person may change it."""
    joined = Hook.objects.select_related("dataset", "made_by")
    # Its key never changes, and a delivery that is noted meanwhile holds on to that alone.
    free = joined.select_for_update(of=("self",), no_key=True)
    hook = free.get(pk=hook_id, removed_at=None)
    _require(by, hook.dataset)
    return hook


def _one_at_a_time(dataset_id: int | None) -> None:
    """Of two that add the same address, one comes first. The site has no row to lock."""
    if dataset_id is not None:
        Dataset.objects.select_for_update(no_key=True).get(pk=dataset_id)
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('curation.hooks'))")


def _set(hook: Hook, **fields: Any) -> None:
    if "url" in fields:
        destinations.parse(fields["url"])
        others = Hook.objects.of(hook.dataset).filter(url=fields["url"])
        if others.exclude(pk=hook.pk).exists():
            raise CurationError(_("There is a webhook for this address already."))
    if "wants" in fields:
        fields["wants"] = sorted(set(fields["wants"]))
        if not fields["wants"] or not HAPPENINGS.keys() >= set(fields["wants"]):
            raise CurationError(_("Choose what it is told of."))
    for name, value in fields.items():
        setattr(hook, name, value)


def _record(kind: str, hook: Hook, *, by: Contributor | None, **data: Any) -> None:
    Event.objects.record(kind, hook, by=by, dataset=hook.dataset, **data)

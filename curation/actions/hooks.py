"""Addresses that are told what happens: added, changed, tried, switched off, removed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation import destinations, signing
from curation.actions import notices
from curation.actions.rights import require
from curation.errors import CurationError, NotAllowed
from curation.happenings import HAPPENINGS
from curation.models import Contributor, Dataset, Event, Hook, Notification

AT_MOST = 20
BOTH_FOR = timedelta(days=1)  # the old secret of a hook signs as well, so long
FAILURES = ("failures", "failing_since", "rests_until")
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
    if dataset is not None:  # of two that add the same address, one comes first
        Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
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
    """What is not given stays: name, url, wants, with_texts."""
    assert fields.keys() <= CHANGEABLE
    hook = lock(hook_id, by=by)
    _set(hook, **fields)
    hook.save(update_fields=list(fields))
    _record("hook.changed", hook, by=by, host=hook.host, wants=hook.wants)
    return hook


@transaction.atomic
def new_secret(*, hook_id: int, by: Contributor) -> tuple[Hook, str]:
    """For a day, what is sent is signed with the old one as well."""
    hook = lock(hook_id, by=by)
    hook.salt_before, hook.salt, hook.salted_at = hook.salt, signing.fresh_salt(), now()
    hook.save(update_fields=["salt_before", "salt", "salted_at"])
    _record("hook.secret_changed", hook, by=by)
    return hook, signing.secret_of(hook.salt)


def salts(hook: Hook) -> list[str]:
    """Of the secrets that are good now."""
    is_fresh = bool(hook.salt_before) and hook.salted_at > now() - BOTH_FOR
    return [hook.salt, hook.salt_before] if is_fresh else [hook.salt]


@transaction.atomic
def switch(*, hook_id: int, is_on: bool, by: Contributor) -> Hook:
    """What happens while it is off it never hears of; what waited is sent afterwards."""
    hook = lock(hook_id, by=by)
    if hook.is_on != is_on:
        hook.is_on, hook.off_why = is_on, ""
        forgive(hook)
        hook.save(update_fields=["is_on", "off_why", *FAILURES])
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
    """Off, and its maker is told. Needs the row locked; `why` is marked for translation."""
    hook.is_on, hook.off_why = False, why
    hook.save(update_fields=["is_on", "off_why"])
    _record("hook.given_up", hook, by=None, why=why)
    notices.tell(
        hook.made_by, Notification.Kind.HOOK, hook=hook.pk, name=hook.name, why=why
    )


def _require(by: Contributor, dataset: Dataset | None) -> None:
    if dataset is not None:
        require(by, dataset)
    elif not by.is_staff:
        raise NotAllowed(_("Only a site admin can do this."))


def lock(hook_id: int, *, by: Contributor) -> Hook:
    """For the rest of the transaction, where the person may change it."""
    joined = Hook.objects.select_related("dataset", "made_by")
    hook = joined.select_for_update(of=("self",)).get(pk=hook_id, removed_at=None)
    _require(by, hook.dataset)
    return hook


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

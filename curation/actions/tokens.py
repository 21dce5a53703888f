"""Keys for programs: given out, shown once, taken back."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.errors import CurationError, NotAllowed
from curation.models import AccessToken, Contributor, Event, KeptAnswer

MARK = "winnow_"  # so that scanners of repositories can know one when they see it
DAYS_AT_MOST = 366
IN_USE_AT_MOST = 30
NOTED_EVERY = timedelta(minutes=1)
ANSWERS_KEPT_FOR = timedelta(days=2)
Scope = AccessToken.Scope


@transaction.atomic
def issue(
    *, by: Contributor, name: str, scopes: Sequence[str], days: int
) -> tuple[AccessToken, str]:
    """A new key for oneself, and the secret, which cannot be told again."""
    if not 1 <= days <= DAYS_AT_MOST:
        said = _("A key lasts from 1 to %(days)d days.")
        raise CurationError(said % {"days": DAYS_AT_MOST})
    if not scopes or set(scopes) - set(Scope.values):
        raise CurationError(_("Choose what the key is allowed to do."))
    if Scope.ADMIN in scopes and not by.is_staff:
        raise NotAllowed(_("Only a site admin's key can administer the installation."))
    if AccessToken.objects.usable(now()).filter(person=by).count() >= IN_USE_AT_MOST:
        said = _("You have %(n)d keys in use already. Take one back first.")
        raise CurationError(said % {"n": IN_USE_AT_MOST})
    secret = MARK + secrets.token_urlsafe(32)
    token = AccessToken.objects.create(
        person=by,
        name=name,
        digest=digest_of(secret),
        beginning=secret[:12],
        scopes=sorted(set(scopes)),
        expires_at=now() + timedelta(days=days),
    )
    Event.objects.record("token.issued", token, by=by, scopes=token.scopes, days=days)
    return token, secret


@transaction.atomic
def revoke(*, token: AccessToken, by: Contributor) -> None:
    """It opens nothing from now on. One's own, or anybody's for a site admin."""
    if token.person_id != by.pk and not by.is_staff:
        raise NotAllowed(_("Only its owner or a site admin can take a key back."))
    if AccessToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now()):
        Event.objects.record("token.revoked", token, by=by)


def owner_of(secret: str) -> AccessToken | None:
    """The key with its person, if it still opens anything. Notes now and then that it
    was used."""
    at = now()
    found = AccessToken.objects.usable(at).filter(digest=digest_of(secret))
    token = found.select_related("person").first()
    if token is not None and (token.used_at is None or token.used_at < at - NOTED_EVERY):
        AccessToken.objects.filter(pk=token.pk).update(used_at=at)
    return token


def digest_of(secret: str) -> str:
    """Long and random as it is, a plain hash is as good as a slow one."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def forget_answers(*, before: datetime | None = None) -> int:
    """Idempotency keys that nobody will send again. Return how many."""
    limit = before or now() - ANSWERS_KEPT_FOR
    return KeptAnswer.objects.filter(at__lt=limit).delete()[0]

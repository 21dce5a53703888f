"""People are asked to come: by mail to one address, or by a link."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.actions import passwords
from curation.actions.people import give_role
from curation.actions.rights import Role, holds, require
from curation.errors import CurationError, NotAllowed
from curation.models import Contributor, Dataset, Event, Invitation

DAYS_AT_MOST = 90
USES_AT_MOST = 500
OPEN_AT_MOST = 1_000  # of a dataset


class NotOpen(CurationError):
    """It was used, taken back, or has expired."""

    def __init__(self, invitation: Invitation) -> None:
        self.invitation = invitation
        said = {
            Invitation.State.USED: _("This invitation has been accepted already."),
            Invitation.State.EXPIRED: _("This invitation has expired."),
            Invitation.State.TAKEN_BACK: _("This invitation was taken back."),
        }
        super().__init__(said.get(invitation.state, ""))


@transaction.atomic
def invite(
    *,
    by: Contributor,
    dataset: Dataset | None,
    roles: Sequence[str] = (),
    email: str = "",
    days: int = 14,
    uses: int = 1,
) -> tuple[Invitation, str]:
    """The invitation, and what its link ends with, which cannot be told again.

    Curators invite who has an account to roles of their dataset; who an admin invites gets
    an account where they have none.
    """
    _require_right(by, dataset)
    roles = sorted(set(roles))
    if set(roles) - set(Role.values) or bool(roles) != (dataset is not None):
        raise CurationError(_("Choose at least one role."))
    if not 1 <= days <= DAYS_AT_MOST:
        said = _("An invitation lasts from 1 to %(days)d days.")
        raise CurationError(said % {"days": DAYS_AT_MOST})
    if not 1 <= uses <= USES_AT_MOST or (email and uses > 1):
        said = _("A link is for 1 to %(most)d people; a mail is for one.")
        raise CurationError(said % {"most": USES_AT_MOST})
    if Invitation.objects.open().filter(dataset=dataset).count() >= OPEN_AT_MOST:
        raise CurationError(_("So many invitations are open: take some back first."))
    token = secrets.token_urlsafe(32)
    made = Invitation.objects.create(
        email=email.lower(),
        dataset=dataset,
        roles=roles,
        makes_accounts=by.is_staff,
        digest=digest_of(token),
        uses_at_most=uses,
        invited_by=by,
        expires_at=now() + timedelta(days=days),
    )
    Event.objects.record(
        "invitation.made", made, by=by, dataset=dataset, roles=roles, days=days, uses=uses
    )
    return made, token


@transaction.atomic
def again(*, invitation_id: int, by: Contributor) -> tuple[Invitation, str]:
    """A new link in place of the old one, which opens nothing any more; as long again."""
    found = _locked(invitation_id, by)
    if found.state in (Invitation.State.USED, Invitation.State.TAKEN_BACK):
        raise NotOpen(found)
    token = secrets.token_urlsafe(32)
    lasted = found.expires_at - found.invited_at
    found.digest, found.invited_at = digest_of(token), now()
    found.expires_at = found.invited_at + lasted
    # Who sends it answers for it, as in the beginning.
    found.invited_by, found.makes_accounts = by, by.is_staff
    found.save()
    Event.objects.record("invitation.sent_again", found, by=by, dataset=found.dataset)
    return found, token


@transaction.atomic
def take_back(*, invitation_id: int, by: Contributor) -> Invitation:
    found = _locked(invitation_id, by)
    if found.taken_back_at is None:
        found.taken_back_at = now()
        found.save(update_fields=["taken_back_at"])
        Event.objects.record("invitation.taken_back", found, by=by, dataset=found.dataset)
    return found


@transaction.atomic
def accept(*, token: str, by: Contributor) -> Invitation:
    """Somebody with an account joins. Whoever takes part already uses nothing up."""
    found = _to_accept(token)
    if found.is_for_another(by):
        said = _("This invitation is for %(email)s. Sign in with that address.")
        raise NotAllowed(said % {"email": found.email})
    is_new = [_give(found, role, by) for role in found.roles]
    if any(is_new) or not found.roles:
        _use(found, by)
    return found


@transaction.atomic
def accept_anew(
    *, token: str, email: str, name: str, password: str
) -> tuple[Invitation, Contributor]:
    """Somebody without an account gets one, and joins. An admin's word opens the door, so
    it is open where nobody may sign up by themselves."""
    found = _to_accept(token)
    if not found.makes_accounts:
        raise NotAllowed(_("Ask a site admin for an account first, then come back."))
    if not passwords.may_be_made():
        raise NotAllowed(str(passwords.OPEN_NOTHING))
    email = found.email or email.lower()
    confirmed = EmailAddress.objects.filter(email__iexact=email, verified=True)
    if Contributor.objects.filter(email__iexact=email).exists() or confirmed.exists():
        said = _("%(email)s has an account already: sign in with it.")
        raise CurationError(said % {"email": email})
    person = Contributor(email=email, name=name)
    try:
        validate_password(password, person)
    except ValidationError as refusal:
        raise CurationError(" ".join(refusal.messages)) from refusal
    person = Contributor.objects.create_user(email, password, name=name)
    # The link came to that address, or was given to whoever has it.
    EmailAddress.objects.create(
        user=person, email=email, primary=True, verified=bool(found.email)
    )
    Event.objects.record("account.added", person, by=person, invitation=found.pk)
    for role in found.roles:
        _give(found, role, person)
    _use(found, person)
    return found, person


def of_token(token: str) -> Invitation | None:
    """In whatever state it is."""
    there = Invitation.objects.for_listing().filter(digest=digest_of(token)).first()
    is_it = there is not None and hmac.compare_digest(there.digest, digest_of(token))
    return there if is_it else None


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _require_right(by: Contributor, dataset: Dataset | None) -> None:
    if dataset is not None:
        require(by, dataset)
    elif not by.is_staff:
        raise NotAllowed(_("Only a site admin invites to an account alone."))


def _locked(invitation_id: int, by: Contributor) -> Invitation:
    there = Invitation.objects.select_for_update(of=("self",)).select_related("dataset")
    found = there.get(pk=invitation_id)
    _require_right(by, found.dataset)
    return found


def _to_accept(token: str) -> Invitation:
    """Locked, so that of two who come at once with the last use one is refused."""
    there = Invitation.objects.select_for_update(of=("self",))
    joined = there.select_related("dataset", "invited_by")
    found = joined.filter(digest=digest_of(token)).first()
    if found is None:
        raise CurationError(_("There is no such invitation. Was the link copied whole?"))
    if found.state != Invitation.State.OPEN:
        raise NotOpen(found)
    inviter = found.invited_by
    may = found.dataset is None or holds(inviter, found.dataset)
    if not (inviter.is_active and may and (inviter.is_staff or not found.makes_accounts)):
        raise NotAllowed(_("Who invited you may not do so any more. Ask them for help."))
    return found


def _give(found: Invitation, role: str, person: Contributor) -> bool:
    assert found.dataset is not None  # or there are no roles
    _membership, is_new = give_role(
        dataset=found.dataset, person=person, role=role, by=found.invited_by
    )
    return is_new


def _use(found: Invitation, person: Contributor) -> None:
    found.uses += 1
    found.save(update_fields=["uses"])
    Event.objects.record("invitation.accepted", found, by=person, dataset=found.dataset)

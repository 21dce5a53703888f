"""Identity providers: set up, tried, switched on and off; groups and their roles."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation import outbound, saml_metadata, secrecy
from curation.actions import metadata as metadatas
from curation.actions import tokens
from curation.actions.rights import require_admin
from curation.errors import CurationError
from curation.models import (
    AccessToken,
    Contributor,
    Dataset,
    Event,
    GroupRole,
    IdentityProvider,
)

Kind = IdentityProvider.Kind
WELL_KNOWN = "/.well-known/openid-configuration"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def asks_second_step(slug: str) -> bool:
    """Whether who comes from there was asked for a second step there."""
    asking = IdentityProvider.objects.filter(slug=slug, asks_second_step=True, is_on=True)
    return asking.exists()


@transaction.atomic
def hand_over(*, person: Contributor, email: str) -> None:
    """To who was vouched for as the owner of the address. Where nobody ever confirmed it
    here somebody else may have made the account: nothing of theirs opens it any more."""
    theirs = EmailAddress.objects.filter(user=person)
    if theirs.filter(email__iexact=email, verified=True).exists():
        return
    Authenticator.objects.filter(user=person).delete()
    SocialAccount.objects.filter(user=person).delete()
    for token in AccessToken.objects.filter(person=person, revoked_at=None):
        tokens.revoke(token=token, by=person)
    person.set_unusable_password()
    person.save(update_fields=["password"])
    theirs.delete()
    EmailAddress.objects.create(
        user=person, email=email.lower(), primary=True, verified=True
    )
    Event.objects.record("account.handed_over", person, by=person)


@transaction.atomic
def save(
    *, provider: IdentityProvider, by: Contributor, secret: str = "", metadata: str = ""
) -> IdentityProvider:
    """Keep what an admin typed. An empty secret leaves the one that is there.

    `metadata` is XML, or the address where it stands: fetched here, and again each day.
    """
    require_admin(by)
    if secret:
        provider.secret = secrecy.lock(secret)
    if metadata:
        _take(provider, metadata.strip())
    if provider.kind == Kind.SAML:
        saml_metadata.read(provider.metadata)
    is_new = provider.pk is None
    if not is_new:
        _require_same_server(provider)
    provider.save()
    kind = "identity.added" if is_new else "identity.changed"
    Event.objects.record(kind, provider, by=by, slug=provider.slug)
    return provider


def check(*, provider: IdentityProvider, by: Contributor) -> str:
    """Ask it who it is. Returns words; refuses with what is wrong."""
    require_admin(by)
    if provider.kind == Kind.SAML:
        if provider.metadata_url:
            metadatas.renew(provider=provider, by=by)
            provider.refresh_from_db()
        found = saml_metadata.read(provider.metadata)
        said = _("It calls itself %(name)s and signs people in at %(address)s.")
        return said % {"name": found["entity_id"], "address": found["sso_url"]}
    address = provider.server
    address = address if "/.well-known/" in address else address.rstrip("/") + WELL_KNOWN
    answer = outbound.fetch(address)
    if not answer.is_good:
        raise CurationError(metadatas.ANSWERS, status=answer.status, address=address)
    told = answer.json()
    if not isinstance(told, dict) or not all(told.get(name) for name in ENDPOINTS):
        raise CurationError(_("What it says of itself lacks its addresses."))
    said = _("It calls itself %(name)s and signs people in at %(address)s.")
    endpoint = told["authorization_endpoint"]
    return said % {"name": told.get("issuer", ""), "address": endpoint}


@transaction.atomic
def switch(*, provider: IdentityProvider, is_on: bool, by: Contributor) -> None:
    require_admin(by)
    if IdentityProvider.objects.filter(pk=provider.pk).update(is_on=is_on):
        Event.objects.record("identity.switched", provider, by=by, is_on=is_on)


@transaction.atomic
def remove(*, provider: IdentityProvider, by: Contributor) -> None:
    """Roles that came from its groups stay, as if given by hand; its accounts go."""
    require_admin(by)
    Event.objects.record("identity.removed", provider, by=by, slug=provider.slug)
    SocialAccount.objects.filter(provider=provider.slug).delete()
    provider.delete()


@transaction.atomic
def map_group(
    *, provider: IdentityProvider, group: str, dataset: Dataset, role: str, by: Contributor
) -> GroupRole:
    require_admin(by)
    rule, is_new = GroupRole.objects.get_or_create(
        provider=provider, group=group, dataset=dataset, role=role
    )
    if is_new:
        Event.objects.record(
            "identity.group_mapped", provider, by=by, dataset=dataset, role=role
        )
    return rule


@transaction.atomic
def unmap_group(*, rule: GroupRole, by: Contributor) -> None:
    """Who has the role by it loses it at their next sign-in."""
    require_admin(by)
    Event.objects.record(
        "identity.group_unmapped",
        rule.provider,
        by=by,
        dataset=rule.dataset,
        role=rule.role,
    )
    rule.delete()


def _require_same_server(provider: IdentityProvider) -> None:
    """Whom another server calls u-1 is somebody else, and would get the account of the one
    whom this server calls so."""
    before = IdentityProvider.objects.select_for_update().get(pk=provider.pk)
    is_same = _server_of(before) == _server_of(provider)
    if not is_same and SocialAccount.objects.filter(provider=before.slug).exists():
        said = _(
            "People sign in by it already, and another server may call others by the same "
            "names. Set up a new provider, and remove this one."
        )
        raise CurationError(said)


def _server_of(provider: IdentityProvider) -> str:
    if provider.kind == Kind.SAML:
        return saml_metadata.entity_of(provider.metadata)
    return provider.server.partition(WELL_KNOWN)[0].rstrip("/")


def _take(provider: IdentityProvider, metadata: str) -> None:
    is_typed = metadata.startswith("<")
    provider.metadata = metadata if is_typed else metadatas.fetched(metadata)
    provider.metadata_url = "" if is_typed else metadata
    provider.metadata_at = now()
    for name, value in metadatas.ASKED.items():
        setattr(provider, name, value)

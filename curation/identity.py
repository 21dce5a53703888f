"""Who others vouch for: OIDC and SAML as an admin set them up, in allauth's words."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import requests
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import gettext as _

from curation import saml_metadata, secrecy
from curation.actions import group_roles, identities
from curation.models import Contributor, IdentityProvider
from curation.outbound_requests import Outbound

logger = logging.getLogger(__name__)

Kind = IdentityProvider.Kind
# In what is remembered of a sign-in under way: a form of ours began it, and no link.
BEGUN_HERE = "begun_here"
NEEDED = (*identities.ENDPOINTS, "issuer", "userinfo_endpoint")


class IdentityAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # untyped
    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: Any = None
    ) -> list[SocialApp]:
        """allauth's own table stays empty: it would keep secrets as they are."""
        apps = map(app_of, IdentityProvider.objects.filter(is_on=True).order_by("name"))
        return [
            app
            for app in apps
            if provider in (None, app.provider, app.provider_id)
            and client_id in (None, app.client_id)
        ]

    def get_app(
        self, request: HttpRequest, provider: str, client_id: Any = None
    ) -> SocialApp:
        app = super().get_app(request, provider=provider, client_id=client_id)
        if client_id is not None:  # it is about to be used, not just named
            self.require_read(request, app)
        return app

    def require_read(self, request: HttpRequest, app: SocialApp) -> None:
        """Refuses where the kept metadata of a SAML provider cannot be read."""
        if app.provider != "saml" or "idp" in app.settings:
            return
        logger.error("The metadata of %s cannot be read", app.provider_id)
        why = _(
            "What Winnow keeps about %(name)s cannot be read. Nothing of yours is lost: "
            "tell an admin of Winnow, who can enter it anew."
        )
        context = {"why": why % {"name": app.name}}
        page = render(request, "socialaccount/refused.html", context, status=503)
        raise ImmediateHttpResponse(page)

    def get_requests_session(self) -> requests.Session:
        return Asking(self._broken)

    def _broken(self, problem: Exception) -> ImmediateHttpResponse:
        logger.warning("An identity provider cannot be asked: %s", problem)
        page = "socialaccount/refused.html"
        why = {"why": str(problem) if isinstance(problem, requests.ConnectionError) else
               _("What your company's sign-in says of itself makes no sense.")}  # fmt: skip
        return ImmediateHttpResponse(render(self.request, page, why, status=502))

    def populate_user(
        self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]
    ) -> Contributor:
        told = what_was_said(sociallogin)
        person: Contributor = super().populate_user(request, sociallogin, data)
        person.email = person.email.lower()
        names = [data.get("first_name") or "", data.get("last_name") or ""]
        name = told.name or str(data.get("name") or "") or " ".join(filter(None, names))
        person.name = name.replace("\0", "")[:80]
        return person

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """What must hold before anybody is signed in, or an account is made."""
        told = what_was_said(sociallogin)
        process = sociallogin.state.get("process")
        if process == AuthProcess.CONNECT and not sociallogin.state.get(BEGUN_HERE):
            self._refuse_link(request, told.provider)
        if told.is_mixed:
            self._refuse(request, _("The answer speaks of two people."))
        if not told.provider.links_by_email:
            for address in sociallogin.email_addresses:
                address.verified = False  # an admin does not take its word for that
        if sociallogin.is_existing:
            if sociallogin.account.pk:
                # Nothing of it is kept: groups are matched now, and asked for each time.
                SocialAccount.objects.filter(pk=sociallogin.account.pk).update(
                    extra_data={}
                )
            if process != AuthProcess.CONNECT:
                if sociallogin._did_authenticate_by_email:
                    identities.hand_over(
                        person=sociallogin.user,
                        email=sociallogin._did_authenticate_by_email,
                    )
                group_roles.match(sociallogin.user, told.provider, told.groups)
        elif process != AuthProcess.CONNECT:
            self._require_new(request, sociallogin)
        sociallogin.account.extra_data = {}
        sociallogin.groups = told.groups

    def _require_new(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        email = sociallogin.user.email
        if not email:
            self._refuse(request, _("It did not tell your e-mail address."))
        told = {email, *(address.email for address in sociallogin.email_addresses)}
        if any(map(_is_taken, told)):
            said = _(
                "There is an account with the address %(email)s already. Sign in to it as "
                "before, and connect the two under Profile."
            )
            self._refuse(request, said % {"email": email})

    def authenticate_by_email(
        self, sociallogin: SocialLogin
    ) -> tuple[Contributor, str] | None:
        """Never by an address that somebody may have typed in there as they liked."""
        told = what_was_said(sociallogin)
        if not told.provider.links_by_email or told.denies_email:
            return None
        found: tuple[Contributor, str] | None = super().authenticate_by_email(sociallogin)
        if found is None or not told.provider.takes(found[1]):
            return None
        person, email = found
        theirs = EmailAddress.objects.filter(user=person, email__iexact=email)
        if theirs.filter(verified=True).exists():
            return person, email
        # A second address is anybody's to type in: it leads nowhere until it is confirmed.
        owner = Contributor.objects.filter(email__iexact=email).first()
        return (owner, email) if owner is not None else None

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        provider = provider_of(sociallogin)
        return provider.makes_accounts and provider.takes(sociallogin.user.email)

    @transaction.atomic
    def save_user(
        self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None
    ) -> Contributor:
        person: Contributor = super().save_user(request, sociallogin, form)
        group_roles.match(person, provider_of(sociallogin), sociallogin.groups)
        return person

    def _refuse_link(self, request: HttpRequest, provider: IdentityProvider) -> None:
        """It may be of a page elsewhere, which wants an account of its own connected."""
        page = "socialaccount/not_connected.html"
        about = {"name": provider.name}
        raise ImmediateHttpResponse(render(request, page, about, status=403))

    def _refuse(self, request: HttpRequest, why: str) -> None:
        page = render(request, "socialaccount/refused.html", {"why": why}, status=403)
        raise ImmediateHttpResponse(page)


def _is_taken(email: str) -> bool:
    """By somebody's account, or as a second address of one."""
    return (
        Contributor.objects.filter(email__iexact=email).exists()
        or EmailAddress.objects.filter(email__iexact=email).exists()
    )


class Asking(requests.Session):
    """To a provider, by the safe way out. What it answers is looked at before its use."""

    def __init__(self, broken: Callable[[Exception], Exception]) -> None:
        super().__init__()
        self.trust_env, self._broken = False, broken
        for scheme in ("https://", "http://"):
            self.mount(scheme, Outbound())

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            answer = super().request(method, url, *args, **kwargs)
            if method.upper() == "GET":
                answer.raise_for_status()
                _require_sense(answer.json(), of_itself="/.well-known/" in url)
        except (requests.RequestException, ValueError) as problem:
            raise self._broken(problem) from problem
        return answer


def _require_sense(told: Any, *, of_itself: bool) -> None:
    wanted = NEEDED if of_itself else ("sub",)
    if not isinstance(told, dict):
        raise ValueError("It is no object.")
    if not all(isinstance(told.get(name), str) and told[name] for name in wanted):
        raise ValueError(f"It lacks some of {wanted}.")


class Said:
    """What a provider said of a person, whichever way it speaks."""

    def __init__(self, provider: IdentityProvider, data: dict[str, Any]) -> None:
        self.provider = provider
        info, token = data.get("userinfo") or {}, data.get("id_token") or {}
        self.is_mixed = bool(info and token and info.get("sub") != token.get("sub"))
        is_oidc = provider.kind == Kind.OIDC
        self._told = {**token, **info} if is_oidc else data
        is_verified = self._told.get("email_verified")
        # Some say it in words, and some do not say it at all.
        self.denies_email = is_verified is not None and (
            str(is_verified).lower() not in ("true", "1")
        )

    @property
    def name(self) -> str:
        return next(iter(self._of(self.provider.name_from)), "")

    @property
    def groups(self) -> set[str]:
        return set(self._of(self.provider.groups_from or "groups"))

    def _of(self, key: str) -> list[str]:
        found = self._told.get(key) if key else None
        values = found if isinstance(found, list) else [found]
        return [value for value in values if isinstance(value, str) and value]


def what_was_said(sociallogin: SocialLogin) -> Said:
    return Said(provider_of(sociallogin), dict(sociallogin.account.extra_data))


def provider_of(sociallogin: SocialLogin) -> IdentityProvider:
    return IdentityProvider.objects.get(slug=sociallogin.account.provider)


def app_of(provider: IdentityProvider) -> SocialApp:
    """What allauth calls an app. It is never saved."""
    shared = {"provider_id": provider.slug, "name": provider.name}
    trusted = {
        "verified_email": provider.links_by_email,
        "email_authentication": provider.links_by_email,
    }
    if provider.kind == Kind.SAML:
        settings = {**trusted, **saml_metadata.settings_of(provider)}
        return SocialApp(
            provider="saml", client_id=provider.slug, settings=settings, **shared
        )
    try:
        secret = secrecy.unlock(provider.secret)
    except secrecy.Unreadable:
        secret = ""  # it must be typed in again: the provider will refuse us
    settings = {
        **trusted,
        "server_url": provider.server,
        "scope": provider.scopes.split() or ["openid", "profile", "email"],
        "oauth_pkce_enabled": True,
    }
    return SocialApp(
        provider="openid_connect", client_id=provider.client_id, secret=secret,
        settings=settings, **shared,
    )  # fmt: skip

"""How allauth signs people up and in here: up only where an admin opened registration."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from curation import languages, secrecy
from curation.actions import identities, passwords, sessions
from curation.models import Contributor, Event, Instance, Profile
from curation.second_step import DONE_ELSEWHERE

logger = logging.getLogger(__name__)

# What allauth tells a person by mail has changed how they sign in: history says so, too,
# and only the browser that did it stays signed in.
CHANGES = {
    "account/email/password_changed": "password.changed",
    "account/email/password_set": "password.changed",
    "account/email/password_reset": "password.reset",
    "account/email/email_changed": "address.changed",
    "account/email/email_deleted": "address.removed",
    "socialaccount/email/account_connected": "identity.connected",
    "socialaccount/email/account_disconnected": "identity.disconnected",
    "mfa/email/totp_activated": "second_step.added",
    "mfa/email/webauthn_added": "second_step.added",
    "mfa/email/totp_deactivated": "second_step.removed",
    "mfa/email/webauthn_removed": "second_step.removed",
    "mfa/email/recovery_codes_generated": "second_step.codes_made",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return Instance.current().registration_open and passwords.may_be_made()

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Contributor | None:
        """With a password. The rule is told only to who knows it."""
        person: Contributor | None = super().authenticate(request, **credentials)
        if person is not None and not passwords.may_use(person):
            raise ValidationError(passwords.OPEN_NOTHING)
        return person

    def post_login(
        self, request: HttpRequest, user: Contributor, **details: Any
    ) -> HttpResponse:
        """The language that a person chose goes with them to each browser."""
        Event.objects.record("session.begun", user, by=user)
        response: HttpResponse = super().post_login(request, user, **details)
        login = (details.get("signal_kwargs") or {}).get("sociallogin")
        if login is not None and identities.asks_second_step(login.account.provider):
            request.session[DONE_ELSEWHERE] = [user.pk, login.account.provider]
        chosen = Profile.of(user).interface_language
        if chosen:
            languages.remember(response, chosen)
        return response

    def logout(self, request: HttpRequest) -> None:
        if isinstance(request.user, Contributor):
            Event.objects.record("session.ended", request.user, by=request.user)
        super().logout(request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """What was typed stays out of the history: it may be a password."""
        email = str(credentials.get("email") or "").replace("\0", "")
        known = EmailAddress.objects.filter(email=email.lower(), verified=True)
        # allauth looked for one that was confirmed by one statement fewer, and the time of
        # the answer must not tell.
        for _once in range(2 if known.exists() else 1):
            person = Contributor.objects.filter(email__iexact=email).first()
        here = Instance.current()
        Event.objects.record("session.refused", person or here, by=None)
        super().authentication_failed(request, **credentials)

    def send_notification_mail(
        self, template_prefix: str, user: Contributor, *args: Any, **kwargs: Any
    ) -> None:
        """allauth calls this once a person has changed how they sign in."""
        kind = CHANGES.get(template_prefix)
        if kind:
            self._secure(user, kind)
        super().send_notification_mail(template_prefix, user, *args, **kwargs)

    def _secure(self, person: Contributor, kind: str) -> None:
        request = self.request
        is_theirs = request.user.is_authenticated and request.user.pk == person.pk
        Event.objects.record(kind, person, by=person)
        if is_theirs:
            request.session.renew()
        sessions.end_all(
            person=person, by=person, but=request.session.session_key if is_theirs else None
        )


class SecondStepAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    def get_totp_issuer(self) -> str:
        return "Winnow"

    def build_totp_svg(self, url: str) -> SafeString:
        """To stand in a page. Only paths are in it, nothing that anybody typed."""
        _prolog, _end, svg = super().build_totp_svg(url).rpartition("?>")
        return SafeString(svg)

    def encrypt(self, text: str) -> str:
        return secrecy.lock(text)

    def decrypt(self, encrypted_text: str) -> str:
        """What another key of this server encrypted is lost: no number fits it."""
        try:
            return secrecy.unlock(encrypted_text)
        except secrecy.Unreadable:
            logger.warning("A second step was set up under another WINNOW_SECRET_KEY")
            return str(generate_totp_secret())

"""Codes of an app, which open an account once."""

from __future__ import annotations

from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from django import forms
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

LONGEST = 64  # recovery codes have eight characters, and spaces where people put them


class Once(forms.Form):
    """allauth remembers a code for its half minute. With clocks that go differently it is
    good for longer, and somebody who looked on could use it after that."""

    code = forms.CharField(
        label=_("Code"),
        max_length=LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
    )

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        theirs: Authenticator = self.authenticator  # type: ignore[attr-defined]
        key = f"code-{theirs.pk}-{normalize_user_code(code)}"
        lasts = app_settings.TOTP_PERIOD * (1 + 2 * app_settings.TOTP_TOLERANCE)
        if not cache.add(key, 1, lasts):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(Once, AuthenticateForm):  # type: ignore[misc]  # allauth is untyped
    """While signing in."""


class CodeAgainForm(Once, ReauthenticateForm):  # type: ignore[misc]
    """Before something that changes how one signs in."""

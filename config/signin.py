"""Who signs in, how, and how often they may try."""

from __future__ import annotations

from config.env import env_str
from config.proxies import PROXIES

HAS_MAIL = bool(env_str("WINNOW_EMAIL_HOST"))

AUTH_USER_MODEL = "curation.Contributor"
AUTHENTICATION_BACKENDS = ["curation.sessions.Accounts"]
_VALIDATORS = "django.contrib.auth.password_validation."
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": _VALIDATORS + "UserAttributeSimilarityValidator"},
    {"NAME": _VALIDATORS + "MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": _VALIDATORS + "CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "curation.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "curation.forms.profile.SignupForm"
ACCOUNT_FORMS = {"reset_password": "curation.forms.sign_in.ResetForm"}
ACCOUNT_EMAIL_VERIFICATION = "optional" if HAS_MAIL else "none"
ACCOUNT_EMAIL_NOTIFICATIONS = HAS_MAIL  # whose sign-in was changed is told by mail
# This browser stays signed in; curation/adapter.py ends all others.
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
# An office of thousands may share one address, so limits per address are wide; the ones
# that stop guessing are per account.
ACCOUNT_RATE_LIMITS = {
    "login": "600/m/ip",
    "login_failed": "200/m/ip,10/5m/key",
    "signup": "200/m/ip",
    "reset_password": "200/m/ip,5/m/key",
    "reset_password_from_key": "200/m/ip",
}
ALLAUTH_TRUSTED_PROXY_COUNT = PROXIES

MFA_ADAPTER = "curation.adapter.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "authenticate": "curation.forms.codes.CodeForm",
    "reauthenticate": "curation.forms.codes.CodeAgainForm",
}
MFA_TOTP_TOLERANCE = 1  # a telephone whose clock is half a minute off
MFA_RATE_LIMITS = {"webauthn_login": "600/m/ip"}  # there is nothing that can be guessed
# Where no mail goes out nobody can confirm an address; an admin can take a second step
# off an account that somebody else made in a person's name.
MFA_ALLOW_UNVERIFIED_EMAIL = not HAS_MAIL

SOCIALACCOUNT_ADAPTER = "curation.identity.IdentityAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"  # whom a provider vouches for gets no mail
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_REAUTHENTICATION_REQUIRED = True  # before an account is linked to another
SOCIALACCOUNT_LOGIN_ON_GET = False  # see curation/views/connections.py

"""Who asks, by the key in the header: `Authorization: Bearer winnow_…`."""

from __future__ import annotations

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from curation.actions import tokens
from curation.models import AccessToken, Contributor


class BearerAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Contributor, AccessToken] | None:
        """None where the header is about something else: the session is looked at then."""
        scheme, _sep, secret = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        token = tokens.owner_of(secret.strip().decode("latin-1"))
        if token is None:
            raise AuthenticationFailed(
                _("This key is unknown, has run out, or was taken back. Make a new one.")
            )
        return token.person, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Winnow"'

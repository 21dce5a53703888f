"""What a key may be used for."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.utils.translation import gettext as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from curation.models import AccessToken

if TYPE_CHECKING:  # that module reads its defaults, of which this is one, as it loads
    from rest_framework.views import APIView

Scope = AccessToken.Scope


class InScope(BasePermission):
    """A key does what its scopes name; a person at the page, all that they may do.

    A view names a scope for each action that writes: `scopes = {"create": Scope.CURATE}`.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        token = request.auth
        if not isinstance(token, AccessToken):
            return True
        if not hasattr(view, (request.method or "").lower()):
            return True  # nothing to do here: DRF answers 405 after this
        needed = needed_by(view, request.method or "")
        if needed in token.scopes:
            return True
        self.message = _("This needs a key with the scope “%(scope)s”.") % {"scope": needed}
        return False


def needed_by(view: APIView, method: str) -> str:
    """The scope that this action needs; for reading `read`, unless the view says more."""
    scopes = cast(dict[str, str], getattr(view, "scopes", {}))
    action = getattr(view, "action", None) or method.lower()
    if method in SAFE_METHODS:
        return scopes.get(action, Scope.READ)
    return scopes[action]

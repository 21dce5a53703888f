"""How often a person's programs may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

from curation.models import AccessToken

if TYPE_CHECKING:
    from rest_framework.views import APIView


class PerKey(UserRateThrottle):
    """So many requests a minute with a key; pages in the browser are not counted."""

    scope = "key"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        if not isinstance(request.auth, AccessToken):
            return None
        return f"throttle_key_{request.auth.pk}"

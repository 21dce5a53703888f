"""How often a person's programs may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

from curation.models import AccessToken

if TYPE_CHECKING:
    from rest_framework.views import APIView


class PerKey(UserRateThrottle):
    """So many requests a minute with a key; pages in the browser are not counted.

    Unlike REST framework's, which reads a list and writes it back, each request gets a
    number of its own: however many come together, no more than the limit pass.
    """

    scope = "key"
    num_requests: int
    duration: int

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        if not isinstance(request.auth, AccessToken):
            return None
        return f"throttle_key_{request.auth.pk}"

    def allow_request(self, request: Request, view: APIView) -> bool:
        key = self.get_cache_key(request, view)
        if self.rate is None or key is None:
            return True
        self.now = self.timer()
        window = int(self.now // self.duration)
        return self._count(f"{key}_{window}") <= self.num_requests

    def wait(self) -> float:
        """Until the next window begins, in seconds."""
        return self.duration - self.now % self.duration

    def _count(self, key: str) -> int:
        """Which one of its window this is. It is kept for longer than that lasts."""
        try:
            return int(self.cache.incr(key))
        except ValueError:
            is_first = self.cache.add(key, 1, timeout=2 * self.duration)
            return 1 if is_first else int(self.cache.incr(key))

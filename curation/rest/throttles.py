"""How often a person's programs may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

from curation.models import AccessToken

if TYPE_CHECKING:
    from rest_framework.views import APIView


SLICES = 60  # of a minute, each of which goes as a whole


class Counts(Protocol):
    """Of config/shared_cache.py."""

    def let_pass(
        self, key: str, *, limit: int, slices: int, here: int, seconds: int
    ) -> int | None: ...


class PerKey(UserRateThrottle):
    """So many requests in any minute with a key; pages in the browser are not counted.

    Unlike with REST framework's, which reads a list and writes it back, no more than the
    limit pass however many come together, and who was refused is not counted.
    """

    scope = "key"
    num_requests: int
    duration: int
    since: int | None

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        if not isinstance(request.auth, AccessToken):
            return None
        return f"throttle_key_{request.auth.pk}"

    def allow_request(self, request: Request, view: APIView) -> bool:
        key = self.get_cache_key(request, view)
        if self.rate is None or key is None:
            return True
        self.now = self.timer()
        counts = cast(Counts, self.cache)
        self.since = counts.let_pass(
            key,
            limit=self.num_requests,
            slices=SLICES,
            here=int(self.now // self._slice),
            seconds=2 * self.duration,
        )
        return self.since is None

    def wait(self) -> float:
        """Until the oldest that counts do so no more, in seconds."""
        assert self.since is not None
        return (self.since + SLICES + 1) * self._slice - self.now

    @property
    def _slice(self) -> float:
        return self.duration / SLICES

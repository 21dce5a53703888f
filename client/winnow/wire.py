"""Requests: signed with the key, tried again where that may help, refused in words."""

from __future__ import annotations

import email.utils
import random
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from winnow.errors import Unreachable, WinnowError, problem_in

API = "/api/v1/"
TRIES = 6
PASSING = {429, 502, 503, 504}  # what may be over soon
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
# Who says to come back later than this is believed, and not waited for.
PATIENCE = 120.0
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
LOOKS_EVERY = 2.0  # seconds, at something that takes its time
WRITING = {"POST", "PUT", "PATCH", "DELETE"}

sleep = time.sleep  # tests do not wait


class Wire:
    """The connection to one server with one key."""

    def __init__(
        self, url: str, token: str, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.url = url.rstrip("/")
        self.http = httpx.Client(
            base_url=self.url + API,
            headers={"Authorization": f"Bearer {token}", "User-Agent": "winnow-client"},
            timeout=TIMEOUT,
            transport=transport,
        )

    def get(self, path: str, **params: Any) -> Any:
        return self.ask("GET", path, params=params)

    def post(self, path: str, body: Any = None) -> Any:
        """Sent again as often as needed, it is carried out once."""
        return self.ask("POST", path, json=body if body is not None else {})

    def ask(self, method: str, path: str, **sent: Any) -> Any:
        """What the server answers, as JSON; None where it says nothing."""
        answer = self._persist(method, path, **sent)
        try:
            return answer.json() if answer.content else None
        except ValueError as error:
            raise WinnowError(f"{self.url} answers, but not as Winnow does.") from error

    def text(self, path: str) -> str:
        """A file that is text, as it is."""
        return self._persist("GET", path).text

    def pages(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """One row after the other, a page at a time, as they are asked for."""
        cursor: str | None = None
        while True:
            more = {"cursor": cursor} if cursor else {}
            page = self.get(path, **params, **more)
            yield from page["results"]
            # Only the place in the list is taken from it: a server behind a proxy may
            # think of another address as its own.
            cursor = httpx.URL(page["next"] or "").params.get("cursor")
            if not cursor:
                return

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """An answer whose body is read as it comes. Not tried again here."""
        with self.http.stream("GET", path, headers=dict(headers)) as answer:
            yield answer

    def _persist(self, method: str, path: str, **sent: Any) -> httpx.Response:
        is_writing = method in WRITING
        headers = {"Idempotency-Key": uuid.uuid4().hex} if is_writing else {}
        sent["params"] = {k: v for k, v in sent.get("params", {}).items() if v is not None}
        patience = Patience()
        while True:
            try:
                answer = self.http.request(method, path, headers=headers, **sent)
            except httpx.TransportError as error:
                patience.wait(self.unreachable(error))
                continue
            if answer.is_success:
                return answer
            after = seconds_until(answer)
            problem = problem_in(answer, after=after)
            if answer.status_code not in PASSING:
                raise problem
            patience.wait(problem, after=after)

    def unreachable(self, error: httpx.TransportError) -> Unreachable:
        said = str(error) or type(error).__name__
        return Unreachable(f"{self.url} does not answer: {said}")


class Patience:
    """How often in a row something may go wrong before that is the answer."""

    def __init__(self) -> None:
        self.failed = 0

    def wait(self, error: Exception, *, after: float | None = None) -> None:
        """As long as the server says, or a little longer each time; or raise the error."""
        self.failed += 1
        if self.failed >= TRIES or (after is not None and after > PATIENCE):
            raise error
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self.failed - 1))
        sleep(after if after is not None else random.uniform(longest / 2, longest))

    def renew(self) -> None:
        """Something came."""
        self.failed = 0


def seconds_until(answer: httpx.Response) -> float | None:
    """What `Retry-After` says, in seconds or as a date."""
    said = answer.headers.get("Retry-After", "").strip()
    if not said:
        return None
    if said.isdecimal():
        return float(said)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None

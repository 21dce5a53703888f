"""One question to another service, over HTTP: what an admin configured, and nothing else.

A service that is slow, far too talkative or somewhere else by now is `Unavailable`; one
that does not want what it was sent, `Refused`.
"""

from __future__ import annotations

import time
from typing import Any

import httpx

from curation.clean.check import Unavailable

# What was sent is wrong, or too much of it: sending it again would change nothing.
REFUSALS = frozenset({400, 413, 422})
# It has too much to do, whatever it is asked.
BUSY = frozenset({429, 503})


class Refused(Unavailable):
    """The service answers, but not to this."""


class Busy(Unavailable):
    """The service says itself that it cannot now: that tells nothing of what was sent."""


def post(
    address: str,
    sent: Any,
    *,
    token: str = "",
    seconds: float,
    at_most: int,
    transport: httpx.BaseTransport | None = None,
) -> bytes:
    """POST as JSON, and the body of the answer, of so many bytes at most.

    Each step may take so many seconds, all of it twice that.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    until = time.monotonic() + 2 * seconds
    try:
        with (
            httpx.Client(
                timeout=seconds,
                follow_redirects=False,  # a text goes where an admin said, only
                transport=transport,
                trust_env=False,
            ) as client,
            client.stream("POST", address, json=sent, headers=headers) as response,
        ):
            if response.status_code in REFUSALS:
                raise Refused(f"it answered with status {response.status_code}")
            if response.status_code in BUSY:
                raise Busy(f"it answered with status {response.status_code}")
            if response.status_code != httpx.codes.OK:
                raise Unavailable(f"it answered with status {response.status_code}")
            return _read(response, until=until, at_most=at_most)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
        raise Unavailable(f"{type(problem).__name__}: {problem}") from problem


def _read(response: httpx.Response, *, until: float, at_most: int) -> bytes:
    answer = bytearray()
    for part in response.iter_bytes():
        answer += part
        if time.monotonic() > until:
            raise Unavailable("its answer took too long")
        if len(answer) > at_most:
            raise Unavailable(f"its answer has more than {at_most} bytes")
    return bytes(answer)

"""The one way to a server whose address a person typed.

See destinations.py for where it may lead. Besides: the certificate is checked against the
name, no redirect is followed that was not checked the same way, all of it has a deadline
and the answer a longest length, and the environment's proxies are not asked.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import httpcore
import httpx
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from httpcore import SOCKET_OPTION

from curation import destinations
from curation.destinations import Destination, Refused
from curation.errors import Unavailable

__all__ = ["Answer", "Refused", "Unavailable", "fetch", "post"]

SECONDS = 10.0
AT_MOST = 1_000_000
REDIRECTS = frozenset({301, 302, 303, 307, 308})
NAME = b"Winnow"
TOO_LONG = gettext_noop("The server's answer has more than %(count)d bytes.")
UNSAFE = gettext_noop("The connection is not safe: %(problem)s")


@dataclass(frozen=True)
class Answer:
    """What a server said, whatever its status."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    address: str  # after redirects

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    @cached_property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """Raises Unavailable where it is none: the server is not what one took it for."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Unavailable(_("The server answered with something else.")) from None


def fetch(
    address: str,
    *,
    headers: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
    at_most: int = AT_MOST,
    redirects: int = 0,
) -> Answer:
    """GET. Follows so many redirects, each checked; headers stay with the first server.

    Raises Refused and Unavailable. With the default, a redirect is the answer.
    """
    until = time.monotonic() + seconds
    asked = destinations.find(address, seconds=seconds)
    told = dict(headers or {})
    for _step in range(redirects + 1):
        answer = _ask(
            "GET", asked, address, headers=told, until=until, at_most=at_most, body=b""
        )
        if answer.status not in REDIRECTS or not redirects:
            return answer
        address = _next(answer)
        left = until - time.monotonic()
        before, asked = asked, destinations.find(address, seconds=left)
        if asked.origin != before.origin:
            told = {}
    raise Refused(_("The server sends us on and on."))


def post(
    address: str,
    body: bytes,
    *,
    headers: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
    at_most: int = AT_MOST,
    is_beginning_enough: bool = False,
) -> Answer:
    """POST, and never to another place than this one. Raises Refused and Unavailable.

    Where its beginning is enough, an answer of more than `at_most` bytes is cut.
    """
    until = time.monotonic() + seconds
    return _ask(
        "POST",
        destinations.find(address, seconds=seconds),
        address,
        headers=dict(headers or {}),
        until=until,
        at_most=at_most,
        body=body,
        is_beginning_enough=is_beginning_enough,
    )


def _next(answer: Answer) -> str:
    try:
        return str(httpx.URL(answer.address).join(answer.headers.get("location", "")))
    except (httpx.InvalidURL, ValueError):
        raise Refused(_("This is no address of a web server.")) from None


# ---- one question ------------------------------------------------------------------


def _ask(
    method: str,
    there: Destination,
    address: str,
    *,
    headers: Mapping[str, str],
    until: float,
    at_most: int,
    body: bytes,
    is_beginning_enough: bool = False,
) -> Answer:
    url = httpcore.URL(
        scheme=there.scheme.encode(), host=there.host, port=there.port, target=there.target
    )
    # Unpacked text is what a bomb makes of a small answer, so nothing packed is wanted.
    sent: list[tuple[bytes | str, bytes | str]] = [
        (b"Host", there.host_header), (b"User-Agent", NAME),
        (b"Accept-Encoding", b"identity"), *headers.items(),
    ]  # fmt: skip
    if body:
        sent.append((b"Content-Length", b"%d" % len(body)))
    try:
        with (
            httpcore.ConnectionPool(
                ssl_context=certificates(), network_backend=_Network(there.numbers, until)
            ) as pool,
            pool.stream(method, url, headers=sent, content=body) as response,
        ):
            heard = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in
                     response.headers}  # fmt: skip
            if heard.get("content-encoding", "identity").lower() != "identity":
                raise Unavailable(_("The server packed its answer, unasked."))
            said = _read(response, at_most=at_most, is_cut=is_beginning_enough)
    except httpcore.TimeoutException:
        raise Unavailable(_("The server took too long to answer.")) from None
    except ssl.SSLError as problem:
        raise Unavailable(UNSAFE, problem=str(problem)) from None
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as problem:
        raise _unavailable(problem) from None
    return Answer(status=response.status, headers=heard, body=said, address=address)


def _read(response: httpcore.Response, *, at_most: int, is_cut: bool) -> bytes:
    said = bytearray()
    for part in response.iter_stream():
        said += part
        if len(said) > at_most and is_cut:
            break
        if len(said) > at_most:
            raise Unavailable(TOO_LONG, count=at_most)
    return bytes(said[:at_most])


def _unavailable(problem: Exception) -> Unavailable:
    if isinstance(problem.__cause__ or problem.__context__, ssl.SSLError):
        return Unavailable(UNSAFE, problem=str(problem))
    if isinstance(problem, httpcore.ConnectError):
        return Unavailable(_("Nobody answers there."))
    return Unavailable(_("The server broke off, or does not speak HTTP."))


@lru_cache(maxsize=1)
def certificates() -> ssl.SSLContext:
    """Whom we trust: SSL_CERT_FILE or SSL_CERT_DIR where set, as for a company's own."""
    return httpx.create_ssl_context()


# ---- the wire ----------------------------------------------------------------------


class _Network(httpcore.NetworkBackend):
    """Connects to the numbers that were checked, whatever name it is told."""

    def __init__(self, numbers: tuple[str, ...], until: float) -> None:
        self._numbers, self._until = numbers, until
        self._system = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        problem: Exception = httpcore.ConnectError()
        for count, number in enumerate(self._numbers):
            # One that is silent leaves time for the others.
            share = _left(self._until) / (len(self._numbers) - count)
            try:
                stream = self._system.connect_tcp(number, port, share)
                return _Wire(stream, self._until)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                problem = failed
        raise problem


class _Wire(httpcore.NetworkStream):
    """A deadline for all that is read and written: one that drips does not move it."""

    def __init__(self, stream: httpcore.NetworkStream, until: float) -> None:
        self._stream, self._until = stream, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._until))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        safe = self._stream.start_tls(ssl_context, server_hostname, _left(self._until))
        return _Wire(safe, self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left

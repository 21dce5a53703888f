"""Where the server may go when a person typed the address: out, and nowhere inside.

A name is looked up once, and what was looked at is what is connected to: one that leads
elsewhere the next time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import socket
from concurrent.futures import Future
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Thread
from typing import Any

import httpx
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation.errors import CurationError, Unavailable

LONGEST = 2_000
SECONDS = 10.0
PORTS = {"http": 80, "https": 443}
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
# Ordinary addresses of the internet, of version 6; what is left out of them below leads
# back to addresses of version 4 or is nobody's.
ORDINARY = ip_network("2000::/3")
# Not always told by `is_global`: multicast, reserved, the relays of 6to4, the server that
# Azure shows to its machines; Teredo and its like, and 6to4.
INSIDE = tuple(
    map(
        ip_network,
        (
            "224.0.0.0/4",
            "240.0.0.0/4",
            "192.0.0.0/24",
            "192.88.99.0/24",
            "168.63.129.16/32",
            "2001::/23",
            "2002::/16",
        ),
    )
)
INSIDE_OURS = gettext_noop(
    "%(host)s is at %(number)s, an address inside this network or without an owner. The "
    "operator can allow it: WINNOW_OUTBOUND_ALLOW."
)
NO_SERVER = gettext_noop("There is no server named %(host)s.")


class Refused(CurationError):
    """We do not go there, or not this way."""


@dataclass(frozen=True)
class Destination:
    """A checked address: the name for the server and its certificate, numbers to call."""

    scheme: str
    host: bytes
    port: int
    target: bytes
    numbers: tuple[str, ...]

    @property
    def origin(self) -> tuple[str, bytes, int]:
        return self.scheme, self.host, self.port

    @property
    def host_header(self) -> bytes:
        host = b"[%b]" % self.host if b":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else b"%b:%d" % (host, self.port)


def find(address: str, *, seconds: float = SECONDS) -> Destination:
    """Look its name up, once; this asks the network and takes so long at most.

    Raises Refused where it leads inside, and Unavailable where there is no such name.
    """
    url = parse(address)
    numbers = _look_up(url.raw_host.decode(), _port(url), seconds)
    for number in numbers:
        if not _may_reach(number):
            raise Refused(INSIDE_OURS, host=url.host, number=str(number))
    if url.scheme == "http" and not all(map(_is_loopback, numbers)):
        raise Refused(_("The address must begin with https://."))
    return Destination(
        scheme=url.scheme,
        host=url.raw_host,
        port=_port(url),
        target=url.raw_path,
        numbers=tuple(str(number) for number in numbers),
    )


def parse(address: str) -> httpx.URL:
    """What can be said of it without the network: for forms."""
    unwritable = any(letter <= " " or letter in "\\\x7f" for letter in address)
    if unwritable or len(address) > LONGEST:
        raise Refused(_("This is no address of a web server."))
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, ValueError):
        raise Refused(_("This is no address of a web server.")) from None
    if url.scheme != "https" and not (settings.LOCAL and url.scheme == "http"):
        raise Refused(_("The address must begin with https://."))
    if url.userinfo:
        raise Refused(_("The address must not contain a name or a password."))
    if not url.host or "%" in url.host or not 0 < _port(url) < 65_536:
        raise Refused(_("This is no address of a web server."))
    return url


def _port(url: httpx.URL) -> int:
    return PORTS[url.scheme] if url.port is None else url.port


def _look_up(host: str, port: int, seconds: float) -> list[IPv4Address | IPv6Address]:
    try:
        found = _ask_system(host, port).result(timeout=max(seconds, 0))
    except TimeoutError:
        raise Unavailable(_("The server took too long to answer.")) from None
    except (OSError, UnicodeError):
        raise Unavailable(NO_SERVER, host=host) from None
    # A dict, to keep the order in which the system would try them.
    return list(dict.fromkeys(ip_address(where[4][0]) for where in found))


def _ask_system(host: str, port: int) -> Future[list[Any]]:
    """In a thread of its own: the system's look-up has no deadline, and no end by us.

    Not in a pool: one whose name server is slow would keep its places from others, and
    the end of the process would wait for it.
    """
    said: Future[list[Any]] = Future()

    def ask() -> None:
        try:
            said.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as problem:
            said.set_exception(problem)

    Thread(target=ask, name="look-up", daemon=True).start()
    return said


def _may_reach(number: IPv4Address | IPv6Address) -> bool:
    if any(number in network for network in settings.OUTBOUND_ALLOW):
        return True
    if settings.LOCAL and _is_loopback(number):
        return True
    if number.version == 6 and number not in ORDINARY:
        return False  # with it those of version 4 in the clothes of 6, and NAT64
    return number.is_global and not any(number in network for network in INSIDE)


def _is_loopback(number: IPv4Address | IPv6Address) -> bool:
    return any(number in network for network in LOOPBACK)

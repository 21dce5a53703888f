"""Addresses that say nothing of when a thing was made.

A known item's task is made when it is due, of a message that is old: plain numbers would
tell it from its neighbours. This is a keyed permutation (Feistel) of the number, so
nothing is stored. With another secret key, addresses that somebody noted lead nowhere.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

from django.conf import settings
from django.utils.crypto import salted_hmac

ROUNDS = 4
HALF = 32  # bits
NUMBERS_BELOW = 2**40  # so that an invented address is hardly ever one


def address_of(number: int, *, of: str) -> str:
    """`of` is the sort of thing: one number gives each sort another address."""
    left, right = divmod(number, 2**HALF)
    for step in range(ROUNDS):
        left, right = right, left ^ _mixed(of, step, right)
    return f"{left << HALF | right:016x}"


def number_of(address: str, *, of: str) -> int:
    """Raises ValueError where it is the address of nothing."""
    told = bytes.fromhex(address)
    if len(told) != 2 * HALF // 8:
        raise ValueError(address)
    left, right = divmod(int.from_bytes(told, "big"), 2**HALF)
    for step in reversed(range(ROUNDS)):
        left, right = right ^ _mixed(of, step, left), left
    number: int = left << HALF | right
    if number >= NUMBERS_BELOW:
        raise ValueError(address)
    return number


class Opaque:
    """For `<task:pk>` in a route: the view gets the number, pages show the address."""

    regex = "[0-9a-f]{16}"
    of: str

    def to_python(self, value: str) -> int:
        return number_of(value, of=self.of)

    def to_url(self, value: int) -> str:
        return address_of(value, of=self.of)


def _mixed(of: str, step: int, half: int) -> int:
    told = bytes([step]) + half.to_bytes(4, "big")
    digest = blake2b(told, key=_key(settings.SECRET_KEY, of), digest_size=4).digest()
    return int.from_bytes(digest, "big")


@lru_cache(maxsize=8)
def _key(secret: str, of: str) -> bytes:
    return salted_hmac("curation.addresses", of, secret=secret).digest()

"""Which command is at work, if any. Read before Django is set up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_name: ContextVar[str] = ContextVar("command", default="")


def current() -> str:
    """Empty where none is."""
    return _name.get()


@contextmanager
def named(name: str) -> Iterator[None]:
    """What is done meanwhile was asked for on the server's own command line."""
    before = _name.set(name)
    try:
        yield
    finally:
        _name.reset(before)

"""One request has one name in every line of the log, and in the tasks that it rang for."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

HEADER = "X-Request-ID"
# A proxy may have named it; anything odder is not put into our log.
SANE = re.compile(r"[A-Za-z0-9._-]{8,64}")
NONE = "-"

_now: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """Empty outside of requests, and of tasks that none asked for."""
    return _now.get()


@contextmanager
def named(given: str | None) -> Iterator[str]:
    """Meanwhile this is the name, or a new one where it is none."""
    name = given if given and SANE.fullmatch(given) else uuid4().hex
    before = _now.set(name)
    try:
        yield name
    finally:
        _now.reset(before)


class Filter(logging.Filter):
    """Puts the name on each line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current() or NONE
        return True

"""What comes next is read by a thread while its caller waits for the database."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Generic, Self, TypeVar

T = TypeVar("T")
# Seconds until a thread that reads lets go. By default it is ten times that, and who comes
# back from the database waits for it, at each of its many answers.
HANDED_OVER = 0.0005


class ReadAhead(Generic[T]):
    """One part more than its caller has, once it was told to `begin`.

    Python does one thing at a time: begin where the caller does nothing but wait. `parts`
    must not touch the database; while they take long, `waiting` is called in the caller's
    thread, every so many `seconds`, and what it raises is raised there.
    """

    def __init__(
        self, parts: Iterator[T], *, waiting: Callable[[], None], seconds: float
    ) -> None:
        self._parts, self._waiting, self._seconds = parts, waiting, seconds
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._coming: Future[T | None] | None = None

    def __enter__(self) -> Self:
        self._before = sys.getswitchinterval()
        sys.setswitchinterval(HANDED_OVER)
        return self

    def __exit__(self, *_raised: object) -> None:
        self._thread.shutdown()
        sys.setswitchinterval(self._before)

    def begin(self) -> None:
        """Nothing, where it is begun already."""
        if self._coming is None:
            self._coming = self._thread.submit(copy_context().run, self._read)

    def next(self) -> T | None:
        """The next part; None after the last."""
        self.begin()
        assert self._coming is not None
        while not wait([self._coming], self._seconds).done:
            self._waiting()
        found, self._coming = self._coming, None
        return found.result()

    def _read(self) -> T | None:
        return next(self._parts, None)

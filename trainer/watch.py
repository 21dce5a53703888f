"""Threads beside the work: say that the worker lives, and end the child when they must."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TypeAlias

from django.db import connection

from trainer.actions.fence import LEASE
from trainer.child import Child
from trainer.errors import Cancelled, Lost, Paused

logger = logging.getLogger(__name__)

SECONDS = 5.0
Stop: TypeAlias = Lost | Cancelled | Paused

PAUSE_SECONDS = 20.0  # for one step and one checkpoint
PATIENCE = 15.0  # for a last beat; the database settings give up before


class Watch:
    """`beat` keeps the lease and says whether the row is still ours.

    with Watch(beat=…, stop_asked=…) as watch:
        with watch.over(child):
            …
        watch.check()
    """

    def __init__(
        self,
        *,
        beat: Callable[[], bool],
        stop_asked: Callable[[], type[Stop] | None] = lambda: None,
    ) -> None:
        self._beat, self._stop_asked = beat, stop_asked
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._reason: type[Stop] | None = None
        self._insist_at = 0.0
        self._kept_at = time.monotonic()
        self._threads = [
            threading.Thread(target=self._watch, name="watch", daemon=True),
            threading.Thread(target=self._guard, name="guard", daemon=True),
        ]

    def __enter__(self) -> Watch:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join(PATIENCE)  # a beat may hang in a connection that died silently

    def check(self) -> None:
        """Raise Lost, Cancelled or Paused where the work must not go on."""
        if self._reason is not None:
            raise self._reason

    @contextmanager
    def over(self, child: Child) -> Iterator[None]:
        """While inside, the child dies as soon as the row is lost, or asked to stop."""
        with self._lock:
            self._child = child
        try:
            if self._reason is not None:
                self._end(child)
            yield
        finally:
            with self._lock:
                self._child = None
        self.check()

    def _watch(self) -> None:
        try:
            while self._reason in {None, Paused} and not self._done.wait(
                self._until_next()
            ):
                reason = self._look()
                if reason is Paused or (reason is None and self._reason is Paused):
                    self._pause()
                elif reason:
                    self._stop(reason)
        finally:
            connection.close()  # this thread's own

    def _until_next(self) -> float:
        return min(1.0, SECONDS) if self._reason is Paused else SECONDS

    def _pause(self) -> None:
        """Ask once, and insist after a while. The lease is kept meanwhile."""
        with self._lock:
            if self._reason is None:
                self._reason, self._insist_at = Paused, time.monotonic() + PAUSE_SECONDS
                if self._child is not None:
                    self._child.ask_to_stop()
            elif self._child is not None and time.monotonic() > self._insist_at:
                self._child.kill()

    def _look(self) -> type[Stop] | None:
        asked_at = time.monotonic()
        try:
            if not self._beat():
                return Lost
            self._kept_at = asked_at
            return self._stop_asked()
        except Exception:  # whatever it was, the next beat may succeed
            logger.exception("no heartbeat")
            connection.close()
            return None

    def _guard(self) -> None:
        """Past the lease somebody else may have begun: two must not write into one folder.

        Goes by the clock alone, as a beat may never return.
        """
        while not self._done.wait(max(0.0, self._left())):
            if self._left() <= 0:
                self._stop(Lost)
                return

    def _left(self) -> float:
        """Seconds until the lease runs out."""
        return self._kept_at + LEASE.total_seconds() - time.monotonic()

    def _stop(self, reason: type[Stop]) -> None:
        with self._lock:
            # Who was asked to pause may still be cancelled, or lose the row.
            self._reason = reason if self._reason in {None, Paused} else self._reason
            if self._child is not None:
                self._end(self._child)

    def _end(self, child: Child) -> None:
        # Who was asked to stop gets time to do so; who lost the row has none to give.
        if self._reason is Lost:
            child.kill(gentle_seconds=0)
        else:
            child.kill()

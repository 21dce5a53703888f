"""A thread beside the work: says that the worker lives, and ends the child when it must."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from django.db import connection

from trainer.actions.runs import LEASE
from trainer.child import Child
from trainer.errors import Cancelled, Lost

logger = logging.getLogger(__name__)

SECONDS = 5.0


class Watch:
    """`beat` keeps the lease and says whether the row is still ours.

    with Watch(beat=…, is_cancel_asked=…) as watch:
        with watch.over(child):
            …
        watch.check()
    """

    def __init__(
        self,
        *,
        beat: Callable[[], bool],
        is_cancel_asked: Callable[[], bool] = lambda: False,
    ) -> None:
        self._beat, self._is_cancel_asked = beat, is_cancel_asked
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._reason: type[Lost] | type[Cancelled] | None = None
        self._kept_at = time.monotonic()
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def check(self) -> None:
        """Raise Lost or Cancelled where the work must not go on."""
        if self._reason is not None:
            raise self._reason

    @contextmanager
    def over(self, child: Child) -> Iterator[None]:
        """While inside, the child dies as soon as the row is lost or cancelled."""
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
            while not self._done.wait(SECONDS):
                self._reason = self._look()
                if self._reason is not None:
                    with self._lock:
                        if self._child is not None:
                            self._end(self._child)
                    return
        finally:
            connection.close()  # this thread's own

    def _look(self) -> type[Lost] | type[Cancelled] | None:
        asked_at = time.monotonic()
        try:
            if not self._beat():
                return Lost
            self._kept_at = asked_at
            return Cancelled if self._is_cancel_asked() else None
        except Exception:  # whatever it was, the next beat may succeed
            logger.exception("no heartbeat")
            connection.close()
        # Past the lease somebody else may have begun: two must not write into one folder.
        is_over = time.monotonic() - self._kept_at > LEASE.total_seconds()
        return Lost if is_over else None

    def _end(self, child: Child) -> None:
        # Who was asked to stop gets time to do so; who lost the row has none to give.
        if self._reason is Lost:
            child.kill(gentle_seconds=0)
        else:
            child.kill()

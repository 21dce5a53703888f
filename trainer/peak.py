"""The most memory that a process and what it started held, looked at as it runs."""

from __future__ import annotations

import time

import psutil

EVERY = 2.0


class Peak:
    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._pid = pid
        self._looked_at = float("-inf")

    def look(self) -> None:
        """At most every two seconds: a look at a tree of processes takes milliseconds."""
        if time.monotonic() - self._looked_at < EVERY:
            return
        self._looked_at = time.monotonic()
        try:
            leader = psutil.Process(self._pid)
            every = [leader, *leader.children(recursive=True)]
            self.bytes = max(self.bytes, sum(one.memory_info().rss for one in every))
        except psutil.Error:
            return  # it has ended

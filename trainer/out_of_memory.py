"""When memory runs out: how to tell, and what to try then. Pure but for `kills`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# Where Linux counts the processes that it ended for want of memory: in our container, and
# on the machine.
COUNTERS = (
    Path("/sys/fs/cgroup/memory.events"),
    Path("/sys/fs/cgroup/memory/memory.oom_control"),
    Path("/proc/vmstat"),
)


def kills() -> int:
    """How many so far. Compared with an earlier count it tells why a process is gone."""
    return sum(_count(path) for path in COUNTERS)


def _count(path: Path) -> int:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0  # another system, or an older one
    return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))


def at_once(batch: int) -> int:
    """At most half as many, such that whole batches make up the same step; 1 stays 1."""
    return next((n for n in range(batch // 2, 1, -1) if batch % n == 0), 1)


def halved(config: dict[str, Any]) -> dict[str, Any] | None:
    """The config of a recipe that needs less at once and does the same, if there is one.

    A step still learns from as many examples, so what comes of it can be compared.
    """
    batch, tokens = config.get("batch_size", 1), config.get("batch_tokens", 1)
    if batch > 1:
        fewer = at_once(batch)
        times = config.get("accumulate", 1) * batch // fewer
        return config | {"batch_size": fewer, "accumulate": times}
    return config | {"batch_tokens": tokens // 2} if tokens > 1 else None

"""PostgreSQL and Redis of our own, for a machine that has none.

    python -m config.embedded start | stop | status

Each is left alone when DATABASE_URL or REDIS_URL names another. Starting twice is
starting once, also when two commands do it at the same moment.
"""

from __future__ import annotations

import argparse
import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from config import places, postgres, redis_server
from config.env import env_str
from config.postgres import CannotStart

__all__ = ["CannotStart", "database_url", "is_running", "redis_url", "start", "stop"]

SERVERS: dict[str, tuple[str, ModuleType]] = {
    "PostgreSQL": ("DATABASE_URL", postgres),
    "Redis": ("REDIS_URL", redis_server),
}


def database_url(var: Path | None = None) -> str:
    return places.database_url(var or places.var_dir())


def redis_url(var: Path | None = None) -> str:
    return places.redis_url(var or places.var_dir())


def start(var: Path | None = None, *, only: str = "") -> list[str]:
    """Start what is ours and does not run; return the names of what was started."""
    var = var or places.var_dir()
    places.make_var(var)
    with _one_at_a_time(var):
        return [name for name, server in _ours(only) if server.start(var)]


def stop(var: Path | None = None, *, only: str = "") -> list[str]:
    """Stop what is ours and runs; return the names of what was stopped."""
    var = var or places.var_dir()
    if not var.exists():
        return []
    with _one_at_a_time(var):
        return [name for name, server in _ours(only) if server.stop(var)]


def is_running(var: Path | None = None) -> bool:
    """Whether everything that is ours to run does run."""
    return not not_running(var)


def not_running(var: Path | None = None) -> list[str]:
    """The names of what is ours to run and does not."""
    var = var or places.var_dir()
    return [name for name, server in _ours() if server.is_running(var) is None]


def _ours(only: str = "") -> list[tuple[str, ModuleType]]:
    return [
        (name, server)
        for name, (variable, server) in SERVERS.items()
        if not env_str(variable) and only in ("", name)
    ]


@contextmanager
def _one_at_a_time(var: Path) -> Iterator[None]:
    with (var / "embedded.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m config.embedded")
    parser.add_argument("command", choices=["start", "stop", "status"])
    command = parser.parse_args().command
    try:
        if command == "start":
            started = start()
            _say(f"Started {' and '.join(started)}." if started else "Already running.")
        elif command == "stop":
            stopped = stop()
            _say(f"Stopped {' and '.join(stopped)}." if stopped else "Not running.")
        else:
            _say("Running." if is_running() else "Not running.")
            return 0 if is_running() else 3
    except CannotStart as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    return 0


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")


if __name__ == "__main__":
    sys.exit(main())

"""Stop a `make up` that runs elsewhere, and with --reset forget all it kept.

    python -m config.down [--reset [--yes] [--all]]

--all removes the models as well, which take the longest to get back.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from config import embedded, places, processes

STOP_SECONDS = 40.0
OURS = "embedded.lock"  # lies in every state folder, and in no other


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m config.down")
    for option in ("--reset", "--yes", "--all"):
        parser.add_argument(option, action="store_true")
    asked = parser.parse_args()
    var = places.var_dir()
    if asked.reset and not (asked.yes or confirm(var)):
        print("Nothing was changed.")
        return 1
    stopped = [*stop_up(var), *embedded.stop(var)]
    print(f"Stopped {', '.join(stopped)}." if stopped else "Nothing was running.")
    if asked.reset:
        forget(var, with_models=asked.all)
    return 0


def stop_up(var: Path) -> list[str]:
    """End the supervisor of this state folder, which ends its children."""
    pid_file = var / "up.pid"
    pid = processes.read_pid(pid_file)
    if pid is None or not _is_held(pid_file):
        return []
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _is_held(pid_file):
        if time.monotonic() > deadline:
            raise SystemExit(f"Process {pid} does not stop.")
        time.sleep(0.1)
    return ["Winnow"]


def _is_held(pid_file: Path) -> bool:
    """Whether a supervisor lives: it holds this lock, and the system lets go for it."""
    with pid_file.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def confirm(var: Path) -> bool:
    print(f"This deletes the database and everything else in {var}.")
    return input("Type yes to go on: ").strip().lower() == "yes"


def forget(var: Path, *, with_models: bool) -> None:
    if not var.exists():
        return
    if not (var / OURS).exists():
        raise SystemExit(f"{var} was not made by Winnow: nothing was deleted.")
    for path in var.iterdir():
        if path.name == "models" and not with_models:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    print(f"Deleted what was in {var}" + ("." if with_models else ", except models."))


if __name__ == "__main__":
    sys.exit(main())

"""Children of `make up`: started in sessions of their own, restarted when they die."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil

from config import processes
from config.places import ROOT

LONGEST_PAUSE = 30.0
SETTLED_SECONDS = 60.0
PR_SET_PDEATHSIG = 1
LOW_PRIORITY = 10  # as of nice
SERIOUS = re.compile(rb" (ERROR|CRITICAL) |^Traceback|FATAL")

Say = Callable[[str], None]


@dataclass
class Child:
    """One process to keep alive, and its log."""

    name: str
    command: list[str]
    log: Path
    is_once: bool = False  # when it ends well, it has done its work
    gives_way: bool = False  # to people: works on what the others leave of the processor
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = 1.0
    due_at: float | None = None  # when to start it again, after it died
    read_to: int = 0  # how much of its log the terminal has seen

    def start(self) -> None:
        # What an earlier start wrote is old news.
        self.read_to = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C reaches us only; we pass it on
                preexec_fn=_tied_to_us() if sys.platform == "linux" else None,
            )
        if self.gives_way:
            psutil.Process(self.process.pid).nice(LOW_PRIORITY)
        self.started_at, self.due_at = time.monotonic(), None

    def last_line(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it wrote nothing"


@dataclass
class Supervisor:
    """Starts children, looks after them, and ends all of them, and nothing else."""

    logs: Path
    say: Say
    is_verbose: bool = False
    children: list[Child] = field(default_factory=list)

    def start(
        self, name: str, *command: str, is_once: bool = False, gives_way: bool = False
    ) -> Child:
        log = self.logs / f"{name}.log"
        child = Child(name, list(command), log, is_once, gives_way)
        child.start()
        self.children.append(child)
        return child

    def look_after(self) -> None:
        """One round: show what the logs say, start again what has died."""
        for child in list(self.children):
            self._show_log(child)
            code = child.process.poll() if child.process else None
            if child.due_at is not None:
                if time.monotonic() >= child.due_at:
                    child.start()
            elif code == 0 and child.is_once:
                self.children.remove(child)
            elif code is not None:
                self._plan_restart(child, code)

    def stop(self) -> None:
        processes.stop_trees([c.process for c in self.children if c.process])
        self.children.clear()

    def _plan_restart(self, child: Child, code: int) -> None:
        lived = time.monotonic() - child.started_at
        child.pause = 1.0 if lived > SETTLED_SECONDS else child.pause * 2
        child.pause = min(child.pause, LONGEST_PAUSE)
        child.due_at = time.monotonic() + child.pause
        how = signal.Signals(-code).name if code < 0 else child.last_line()
        self.say(
            f"{child.name} died ({how}) and starts again in {child.pause:.0f} s: "
            f"see {child.log}"
        )

    def _show_log(self, child: Child) -> None:
        with child.log.open("rb") as log:
            log.seek(child.read_to)
            fresh = log.read()
        # Half a line waits for its other half.
        whole = fresh[: fresh.rfind(b"\n") + 1]
        child.read_to += len(whole)
        for line in whole.splitlines():
            if self.is_verbose or SERIOUS.search(line):
                self.say(f"{child.name} | {line.decode(errors='replace')}")


def _tied_to_us() -> Callable[[], None]:
    return partial(_die_with_parent, os.getpid())


def _die_with_parent(parent: int) -> None:
    """Get SIGTERM when the supervisor is killed, so that nothing holds the port."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    # Not a comparison with 1, which is the supervisor itself in a container.
    if os.getppid() != parent:
        os._exit(1)  # it died before we could ask


# Loaded here and not between fork and exec, where a lock may be held for ever.
_libc = ctypes.CDLL(None)

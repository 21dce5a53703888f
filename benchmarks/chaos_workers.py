"""What `benchmarks.chaos` kills: its workers and their children, and its two servers."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from config import embedded, places, postgres, processes, redis_server
from trainer.child import MARK

GONE_SECONDS = 5.0  # within which a killed worker's child must be gone too
DOWN_SECONDS = (0.5, 3.0)  # how long a server stays away


class Crew:
    """So many workers, replaced when they are gone; all of them are ours alone."""

    def __init__(self, var: Path, size: int, lease: float) -> None:
        self.var, self.size, self.lease = var, size, lease
        self.workers: list[subprocess.Popen[bytes]] = []
        self.frozen: list[tuple[subprocess.Popen[bytes], float]] = []
        self.orphans = 0
        self.dice = random.Random(1)
        # Passed on to children, which have little else of our environment: so they are
        # known from those of others on this machine.
        self.tmp = var / "tmp"

    def start(self) -> None:
        self.tmp.mkdir(exist_ok=True)
        while len(self.workers) < self.size:
            self.workers.append(self._one())

    def _one(self) -> subprocess.Popen[bytes]:
        with (self.var / "logs" / "workers.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "benchmarks.chaos_worker", str(self.lease)],
                cwd=places.ROOT,
                env={**os.environ, "TMPDIR": str(self.tmp)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def look_after(self) -> None:
        """Start again who is gone; nobody stays frozen for ever."""
        now = time.monotonic()
        self.thaw([worker.pid for worker, until in self.frozen if now >= until])
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        self.start()

    def strike(self, kind: str) -> bool:
        """Only somebody at work; False where there is nobody."""
        away = {worker.pid for worker, _ in self.frozen}
        at_work = [
            (worker, children)
            for worker in self.workers
            if worker.pid not in away and (children := self._children(worker.pid))
        ]
        if not at_work:
            return False
        worker, children = self.dice.choice(at_work)
        if kind == "child":
            children[0].kill()
        elif kind == "frozen":
            worker.send_signal(signal.SIGSTOP)
            self.frozen.append((worker, time.monotonic() + 10 * self.lease))
        else:
            worker.kill()
            worker.wait()
            _, left = psutil.wait_procs(children, timeout=GONE_SECONDS)
            self.orphans += len(left)
        return True

    def _children(self, pid: int) -> list[psutil.Process]:
        try:
            children = psutil.Process(pid).children()
        except psutil.Error:
            return []
        return [child for child in children if self._is_ours(child)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            environment = process.environ()
        except (psutil.Error, OSError):
            return False
        return MARK in environment and environment.get("TMPDIR") == str(self.tmp)

    def thaw(self, pids: list[int]) -> None:
        for worker, until in list(self.frozen):
            if worker.pid in pids:
                worker.send_signal(signal.SIGCONT)
                self.frozen.remove((worker, until))

    def thaw_all(self) -> None:
        for worker, _ in self.frozen:
            worker.send_signal(signal.SIGCONT)
        if self.frozen:
            time.sleep(2)  # for what they still want to write
        self.frozen.clear()

    def stop(self) -> None:
        """End all; what is left of their children after that is an orphan."""
        if not self.workers:
            return
        self.thaw_all()
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            try:
                worker.wait(20)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
        self.workers.clear()
        time.sleep(1)
        left = [process for process in psutil.process_iter() if self._is_ours(process)]
        self.orphans += len(left)
        for process in left:
            process.kill()


class Servers:
    """PostgreSQL and Redis under one state folder: killed, and back after a moment."""

    MODULES = {"postgres": ("PostgreSQL", postgres), "redis": ("Redis", redis_server)}

    def __init__(self, var: Path) -> None:
        self.var = var
        self.down: dict[str, float] = {}
        self.dice = random.Random(2)

    def are_up(self) -> bool:
        return not self.down

    def kill(self, kind: str) -> bool:
        server = self.MODULES[kind][1].is_running(self.var)
        if server is None:
            return False
        server.kill()
        while processes.is_alive(server):
            time.sleep(0.02)
        self.down[kind] = time.monotonic() + self.dice.uniform(*DOWN_SECONDS)
        return True

    def look_after(self) -> None:
        for kind, due in list(self.down.items()):
            if time.monotonic() >= due:
                embedded.start(self.var, only=self.MODULES[kind][0])
                del self.down[kind]

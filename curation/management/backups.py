"""All of an installation in a folder, and an installation made of it again.

The folder has the database as pg_dump writes it, files of versions, and, where asked for,
those of runs and base models. `manifest.json` is written last, with the SHA-256 of every
file, and the number and the sum of the rows of every table: without it there is no backup.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils.timezone import now

from curation import stores
from curation.actions import errands, pulses, versions
from curation.errors import CurationError, Unavailable
from curation.management import dumps
from curation.models import Contributor, Dataset, DatasetVersion, Event

FORMAT, VERSION = "winnow-backup", 1
MANIFEST, DATABASE = "manifest.json", "database.dump"
# Folders of files, by the name of their setting.
ALWAYS, ON_WISH = {"versions": "VERSIONS_DIR"}, {"runs": "RUNS_DIR", "models": "MODELS_DIR"}
FOLDERS = {**ALWAYS, **ON_WISH}
# What was never whole, or is kept for days only, where a backup is kept for long:
# unfinished folders, and what is imported, exported and archived.
PASSING = re.compile(
    "|".join([
        re.escape(stores.UNFINISHED),
        *(rf"{kind.FOLDER}-[0-9a-f]{{32}}" for kind in errands.KINDS),
    ])
)  # fmt: skip
AT_ONCE = 2**20


def back_up(*, folder: Path, also: Iterable[str] = ()) -> dict[str, Any]:
    """Into a folder that is not there yet, or empty. Gives the manifest."""
    try:
        made = _back_up(folder, [*ALWAYS, *also])
    except Exception as problem:
        # What the system says may name files and people; what we say does not.
        is_ours = isinstance(problem, CurationError)
        told = str(problem) if is_ours else type(problem).__name__
        pulses.feel(name=pulses.BACKUP, problem=told)
        raise
    pulses.feel(name=pulses.BACKUP, problem="")
    return made


def _back_up(folder: Path, kinds: Iterable[str]) -> dict[str, Any]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise CurationError(f"{folder} is not empty. Name a folder that is not there yet.")
    with _only_ours():
        return _fill(folder, kinds)


@contextmanager
def _only_ours() -> Iterator[None]:
    """What is written, by other programs too, is for nobody else: the folder may be one
    that all people of this machine look into."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _fill(folder: Path, kinds: Iterable[str]) -> dict[str, Any]:
    tables = dumps.dump(folder / DATABASE)
    copied: dict[str, Any] = {}
    for kind in kinds:
        root = Path(getattr(settings, FOLDERS[kind]))
        for path in _files(root):
            name = f"{kind}/{path.relative_to(root).as_posix()}"
            # Files of versions go where somebody is erased, and are made again.
            with suppress(FileNotFoundError):
                copied[name] = _copy(path, folder / name)
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "made_at": now().isoformat(),
        "migrations": sorted(map(list, MigrationLoader(connection).applied_migrations)),
        "tables": tables,
        "files": {DATABASE: _facts(folder / DATABASE), **copied},
    }
    unfinished = folder / f".{MANIFEST}"
    with unfinished.open("w") as file:
        json.dump(manifest, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(folder / MANIFEST)
    return manifest


def check(folder: Path) -> dict[str, Any]:
    """Every file is what it was; refuses otherwise. Gives the manifest."""
    try:
        found: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        is_ours = found["format"] == FORMAT
        version, files = int(found["version"]), dict(found["files"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise CurationError(f"{folder} is no whole backup: {problem}") from problem
    if not is_ours:
        raise CurationError(f"{folder} is no backup of Winnow.")
    if version > VERSION:
        raise CurationError(
            f"This backup has version {version} of its format, and this Winnow reads up to "
            f"{VERSION}. Restore it with a newer Winnow."
        )
    for name, facts in files.items():
        if not _is_within(name):
            raise CurationError(f"A backup of Winnow has no file {name}.")
        path = folder / name
        if path.is_symlink() or not path.is_file() or _facts(path) != facts:
            raise CurationError(f"{name} is gone, or not what it was in the backup.")
    return found


def restore(*, folder: Path) -> list[str]:
    """Into an installation without people and data. Gives lines for people."""
    manifest = check(folder)
    _refuse_newer(manifest)
    _refuse_filled()
    dumps.load(folder / DATABASE)
    odd = [
        name for name, told in dumps.sums().items() if told != manifest["tables"].get(name)
    ]
    if odd or dumps.tables() != sorted(manifest["tables"]):
        raise CurationError(
            f"Tables differ from the backup: {', '.join(odd) or 'some are missing'}. "
            "Empty the database and try again."
        )
    for name in manifest["files"]:
        kind, _slash, path = name.partition("/")
        if path:
            _copy(folder / name, Path(getattr(settings, FOLDERS[kind])) / path)
    call_command("migrate", verbosity=0, interactive=False)
    return [*_told_of_lost(), *_proved()]


def _told_of_lost() -> Iterator[str]:
    try:
        count = errands.forget_lost()
    except Unavailable as problem:
        yield f"Imports, exports and archives were not looked for. {problem}"
        return
    if count:
        yield (
            f"Files of imports, exports and archives that are in no backup: {count}. Their "
            "pages say so: people ask for them or send them once more."
        )


def _proved() -> Iterator[str]:
    for version in DatasetVersion.objects.order_by("dataset", "number"):
        if problems := versions.verify(version):
            raise CurationError(f"{version}: {problems[0]}")
        yield f"OK: {version}, {version.item_count:,} items, digest {version.digest}"


def _refuse_newer(manifest: dict[str, Any]) -> None:
    known = MigrationLoader(connection).disk_migrations.keys()
    if odd := [name for app, name in manifest["migrations"] if (app, name) not in known]:
        raise CurationError(
            f"The backup is of a newer Winnow: this one does not know {odd[0]}."
        )


def _refuse_filled() -> None:
    there = set(dumps.tables())
    for model in (Contributor, Dataset, Event):
        if model._meta.db_table in there and model._base_manager.exists():
            raise CurationError(
                "There are people or data in this database. A backup is restored into an "
                "empty one only."
            )


# ---- files -----------------------------------------------------------------------------
def _files(root: Path) -> list[Path]:
    """Without links: what they point at is somebody else's."""
    return [
        path
        for path in sorted(root.rglob("*"))
        if path.is_file()
        and not path.is_symlink()
        and not PASSING.match(path.relative_to(root).parts[0])
    ]


def _is_within(name: str) -> bool:
    if name == DATABASE:
        return True
    kind, *parts = name.split("/")
    return kind in FOLDERS and bool(parts) and not {"", ".", ".."} & set(parts)


def _copy(path: Path, to: Path) -> dict[str, Any]:
    """Beside it first: a file that is there is whole."""
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = to.with_name(f".{to.name}.copying")
    with path.open("rb") as read, beside.open("wb") as written:
        shutil.copyfileobj(read, written, AT_ONCE)
        written.flush()
        os.fsync(written.fileno())
    facts = _facts(beside)
    beside.replace(to)
    return facts


def _facts(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"size": path.stat().st_size, "sha256": digest}

"""Where files of frozen versions are kept: a folder for each, named by its digest. What is
imported, exported and archived lies among them, each in a folder of its own.

On this disk, or in a bucket of any service that speaks S3. A folder is there once its
manifest.json is: that comes last and goes first. No byte leaves that was not compared with
the hash in it. What a version's files are is not known here: see curation/files.py.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import storages
from django.utils.translation import gettext as _

from curation.errors import CurationError, Unavailable

if TYPE_CHECKING:  # it imports boto3
    from curation.bucket import Bucket

MANIFEST = "manifest.json"
UNFINISHED = ".writing-"  # so begin folders on this disk that are not whole yet
GIVEN_UP = 3600  # seconds: nobody writes a version's files for so long
IN_BUCKET = "files"  # of STORAGES, where files are not kept on this disk

Manifest: TypeAlias = dict[str, Any]  # its "files" are hashes by name
log = logging.getLogger(__name__)


class Spoiled(Exception):
    """A file is gone, or is not what the manifest says."""


class Store(Protocol):
    """`name` is that of a folder. All refuse as Unavailable where nobody answers."""

    def manifest(self, name: str) -> Manifest | None:
        """None where the folder is not there, or not with all its files."""

    def sizes(self, name: str) -> dict[str, int]:
        """Bytes of each file."""

    def keep(self, name: str, made: Path) -> None:
        """Take in a folder of this disk, with its manifest."""

    def open(self, name: str, file: str) -> BufferedIOBase:
        """One file to read from its start, compared with its hash before; or Spoiled."""

    def folder(self, name: str, *, copies: Path) -> Path:
        """Of this disk, with all files, each compared with its hash; or Spoiled.

        Where the store is elsewhere they are copied to `copies`, which is the caller's.
        """

    def destroy(self, name: str) -> None:
        """Nothing, where it is not there."""


def store() -> Store:
    """The one that this installation uses."""
    disk = Disk(Path(settings.VERSIONS_DIR))
    if IN_BUCKET not in settings.STORAGES:
        return disk
    return Elsewhere(cast("Bucket", storages[IN_BUCKET]), scratch=disk.root)


def destroy(name: str) -> None:
    """Here too where files are in a bucket now: they may have been on the disk before."""
    Disk(Path(settings.VERSIONS_DIR)).destroy(name)
    store().destroy(name)


@contextmanager
def aside() -> Iterator[Path]:
    """A folder to write in what is to be kept; gone in the end."""
    root = Path(settings.VERSIONS_DIR)
    root.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=root))
    try:
        yield unfinished
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def seal(made: Path) -> dict[str, str]:
    """Write the manifest of a folder that has all else: the hash of each file."""
    hashes = {path.name: sha256(path) for path in made.iterdir()}
    (made / MANIFEST).write_text(json.dumps({"files": hashes}))
    return hashes


@contextmanager
def whole() -> Iterator[None]:
    """For what cannot be written anew: people are told that it is spoiled."""
    try:
        yield
    except Spoiled as problem:
        said = _("The file is damaged or gone. Ask for it or send it once more.")
        raise CurationError(said) from problem


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def forget_unfinished() -> None:
    """What killed processes left half-written."""
    for left in Path(settings.VERSIONS_DIR).glob(f"{UNFINISHED}*"):
        with suppress(FileNotFoundError):  # who wrote it was done just now
            written = max(path.stat().st_mtime for path in (left, *left.iterdir()))
            if written < time.time() - GIVEN_UP:
                shutil.rmtree(left, ignore_errors=True)


class Disk:
    def __init__(self, root: Path) -> None:
        self.root = root

    def manifest(self, name: str) -> Manifest | None:
        with suppress(OSError, Spoiled):
            content = (self.root / name / MANIFEST).read_bytes()
            return _parsed(content, there=set(self.sizes(name)))
        return None

    def sizes(self, name: str) -> dict[str, int]:
        there = self.root / name
        try:
            return {path.name: path.stat().st_size for path in there.iterdir()}
        except FileNotFoundError as error:  # just destroyed
            raise Spoiled(name) from error

    def keep(self, name: str, made: Path) -> None:
        for path in made.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        try:
            made.replace(self.root / name)
        except OSError:
            # Another process was first: its folder holds the same bytes.
            if self.manifest(name) is None:
                raise

    def open(self, name: str, file: str) -> BufferedIOBase:
        try:
            opened = (self.root / name / file).open("rb")
        except FileNotFoundError as error:
            raise Spoiled(file) from error
        try:
            return _compared(opened, self.manifest(name), file)
        except BaseException:
            opened.close()
            raise

    def folder(self, name: str, *, copies: Path) -> Path:
        for file in _listed(self.manifest(name)):
            self.open(name, file).close()
        return self.root / name

    def destroy(self, name: str) -> None:
        (self.root / name / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(self.root / name, ignore_errors=True)


class Elsewhere:
    """Objects of a bucket, named by folder and file. The manifest follows only when all
    sizes are right."""

    def __init__(self, bucket: Bucket, *, scratch: Path) -> None:
        self._bucket, self._scratch = bucket, scratch

    def manifest(self, name: str) -> Manifest | None:
        there = self.sizes(name)
        if MANIFEST not in there:
            return None
        with tempfile.TemporaryFile() as file, suppress(Spoiled):
            self._read(name, MANIFEST, file)
            return _parsed(file.read(), there=set(there))
        return None

    def sizes(self, name: str) -> dict[str, int]:
        return self._bucket.sizes(name)

    def keep(self, name: str, made: Path) -> None:
        paths = sorted(made.iterdir(), key=lambda path: path.name == MANIFEST)
        for path in paths:
            if path.name == MANIFEST:
                self._check_sizes(name, paths[:-1])
            with path.open("rb") as file:
                self._bucket.save(f"{name}/{path.name}", File(file))

    def open(self, name: str, file: str) -> BufferedIOBase:
        self._scratch.mkdir(parents=True, exist_ok=True)
        # It has no name, so it is gone with the process, too.
        copy = tempfile.TemporaryFile(dir=self._scratch)  # noqa: SIM115
        try:
            self._read(name, file, copy)
            return _compared(copy, self.manifest(name), file)
        except BaseException:
            copy.close()
            raise

    def folder(self, name: str, *, copies: Path) -> Path:
        copies.mkdir(parents=True, exist_ok=True)
        manifest = self.manifest(name)
        for file in _listed(manifest):
            with (copies / file).open("w+b") as copy:
                self._read(name, file, copy)
                _compared(copy, manifest, file)
        return copies

    def destroy(self, name: str) -> None:
        self._bucket.delete(f"{name}/{MANIFEST}")
        for file in self.sizes(name):
            self._bucket.delete(f"{name}/{file}")

    def _read(self, name: str, file: str, into: BufferedIOBase) -> None:
        try:
            self._bucket.fetch(f"{name}/{file}", into)
        except FileNotFoundError as error:
            raise Spoiled(file) from error
        into.seek(0)

    def _check_sizes(self, name: str, paths: list[Path]) -> None:
        there = self.sizes(name)
        if odd := [p.name for p in paths if there.get(p.name) != p.stat().st_size]:
            log.error("%s/%s has another size than it had here", name, odd[0])
            raise Unavailable(unanswered())


def unanswered() -> str:
    return _(
        "The place where files of versions are kept does not answer. Nothing is lost: "
        "try again in a while, and tell whoever runs Winnow if it stays so."
    )


def _listed(manifest: Manifest | None) -> list[str]:
    if manifest is None:
        raise Spoiled(MANIFEST)
    return [*manifest["files"], MANIFEST]


def _parsed(content: bytes, *, there: set[str]) -> Manifest | None:
    try:
        found: Manifest = json.loads(content)
        return found if there >= set(found["files"]) else None
    except (ValueError, KeyError, TypeError):
        return None


def _compared(file: BufferedIOBase, manifest: Manifest | None, name: str) -> BufferedIOBase:
    """The file at its start, if it is what the manifest says."""
    if name not in _listed(manifest):
        raise Spoiled(name)
    hashes = manifest["files"] if manifest else {}
    if name in hashes and hashlib.file_digest(file, "sha256").hexdigest() != hashes[name]:
        raise Spoiled(name)
    file.seek(0)
    return file

"""Where files of frozen versions are kept: a folder for each, named by its digest.

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
from functools import cache
from io import BufferedIOBase
from pathlib import Path
from typing import Any, Protocol, TypeAlias
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from pyarrow import fs

from curation.errors import Unavailable

MANIFEST = "manifest.json"
UNFINISHED = ".writing-"  # so begin folders on this disk that are no version yet
GIVEN_UP = 3600  # seconds: nobody writes a version's files for so long
AT_ONCE = 8 * 2**20  # bytes; each read and write in a bucket is a request
CONNECT_SECONDS, ANSWER_SECONDS, TRIES = 3, 30, 3

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
    if not settings.FILES_IN:
        return disk
    return Bucket(settings.FILES_IN, settings.S3_ENDPOINT, scratch=disk.root)


def destroy(name: str) -> None:
    """Here too where files are in a bucket now: they may have been on the disk before."""
    Disk(Path(settings.VERSIONS_DIR)).destroy(name)
    store().destroy(name)


def forget_unfinished() -> None:
    """What killed processes left half-written."""
    for left in Path(settings.VERSIONS_DIR).glob(f"{UNFINISHED}*"):
        with suppress(FileNotFoundError):  # who wrote it was done just now
            if left.stat().st_mtime < time.time() - GIVEN_UP:
                shutil.rmtree(left, ignore_errors=True)


class Disk:
    def __init__(self, root: Path) -> None:
        self.root = root

    def manifest(self, name: str) -> Manifest | None:
        with suppress(OSError):
            content = (self.root / name / MANIFEST).read_bytes()
            return _parsed(content, there=set(self.sizes(name)))
        return None

    def sizes(self, name: str) -> dict[str, int]:
        return {path.name: path.stat().st_size for path in (self.root / name).iterdir()}

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


class Bucket:
    """`place` is a bucket's name, and what all keys in it begin with.

    An object appears at the end of its upload. One that broke off may leave a shorter one:
    so the manifest follows only when all sizes are right.
    """

    def __init__(self, place: str, endpoint: str, *, scratch: Path) -> None:
        self._place, self._endpoint, self._scratch = place, endpoint, scratch

    def manifest(self, name: str) -> Manifest | None:
        there = self.sizes(name)
        if MANIFEST not in there:
            return None
        with tempfile.TemporaryFile() as file, suppress(Spoiled):
            self._read(name, MANIFEST, file)
            return _parsed(file.read(), there=set(there))
        return None

    def sizes(self, name: str) -> dict[str, int]:
        with _asking():
            found = self._service.get_file_info(
                fs.FileSelector(self._key(name), allow_not_found=True)
            )
        return {one.base_name: one.size for one in found if one.is_file}

    def keep(self, name: str, made: Path) -> None:
        paths = sorted(made.iterdir(), key=lambda path: path.name == MANIFEST)
        for path in paths:
            if path.name == MANIFEST:
                self._check_sizes(name, paths[:-1])
            with _asking():
                fs.copy_files(
                    str(path),
                    self._key(name, path.name),
                    fs.LocalFileSystem(),
                    self._service,
                    chunk_size=AT_ONCE,
                    use_threads=False,
                )

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
        with _asking():
            with suppress(FileNotFoundError):
                self._service.delete_file(self._key(name, MANIFEST))
            with suppress(FileNotFoundError):
                self._service.delete_dir(self._key(name))

    @property
    def _service(self) -> fs.S3FileSystem:
        return _connected(self._endpoint)

    def _key(self, *names: str) -> str:
        return "/".join([self._place, *names])

    def _read(self, name: str, file: str, into: BufferedIOBase) -> None:
        try:
            with _asking(), self._service.open_input_stream(self._key(name, file)) as found:
                shutil.copyfileobj(found, into, AT_ONCE)
        except FileNotFoundError as error:
            raise Spoiled(file) from error
        into.seek(0)

    def _check_sizes(self, name: str, paths: list[Path]) -> None:
        there = self.sizes(name)
        if odd := [p.name for p in paths if there.get(p.name) != p.stat().st_size]:
            log.error("%s/%s has another size than it had here", self._key(name), odd[0])
            raise Unavailable(_unanswered())


@cache
def _connected(endpoint: str) -> fs.S3FileSystem:
    """Keys and region come from AWS_… variables, or from the role of this machine."""
    where = urlsplit(endpoint)
    other = {"endpoint_override": where.netloc, "scheme": where.scheme} if endpoint else {}
    return fs.S3FileSystem(
        **other,
        connect_timeout=CONNECT_SECONDS,
        request_timeout=ANSWER_SECONDS,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=TRIES),
        background_writes=False,  # parts that wait for a slow network would fill the memory
    )


@contextmanager
def _asking() -> Iterator[None]:
    """What the service said is for operators; people hear that it cannot be reached."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        log.error("The store of files: %s", error)
        raise Unavailable(_unanswered()) from error


def _unanswered() -> str:
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

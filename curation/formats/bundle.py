"""The file of a whole dataset: a zip of tables, files of versions, and a manifest.

Every table is JSON lines: first the names of its columns, then a list a row, by rising
number. `manifest.json` is written last and has the size and the SHA-256 of every other
member. Nothing is ever unpacked to a path: members are read where they are, and no more of
one than the manifest promises.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, Any, BinaryIO

from curation.errors import BadLine

FORMAT, VERSION = "winnow-archive", 1
MANIFEST = "manifest.json"
MEMBER = re.compile(
    r"tables/[a-z_]{1,60}\.jsonl|versions/[0-9a-f]{64}/[a-z_]{1,60}\.(jsonl|parquet|json)"
)
MANIFEST_AT_MOST = 32 * 2**20
LINE_AT_MOST = 64 * 2**20
ALL_AT_MOST = 2**40  # bytes of all members
AT_ONCE = 2**20
PACKED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def table(name: str) -> str:
    return f"tables/{name}.jsonl"


def version_file(digest: str, name: str) -> str:
    return f"versions/{digest}/{name}"


class _Member:
    """Counts and hashes what is written of one member."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out, self._hash, self.size = out, hashlib.sha256(), 0

    def write(self, content: bytes) -> None:
        self._out.write(content)
        self._hash.update(content)
        self.size += len(content)

    def line(self, value: Any) -> None:
        said = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        self.write(said.encode() + b"\n")

    def facts(self) -> dict[str, Any]:
        return {"size": self.size, "sha256": self._hash.hexdigest()}


class Writer(AbstractContextManager["Writer"]):
    """Members one after the other, then `finish`: without it the file is no archive."""

    def __init__(self, out: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=4)
        self._members: dict[str, dict[str, Any]] = {}

    def __exit__(self, *problem: object) -> None:
        self._zip.close()

    @contextmanager
    def member(self, name: str) -> Iterator[_Member]:
        # The day of every member is the same: when a text was written stands in its row.
        entry = zipfile.ZipInfo(name)
        entry.compress_type = zipfile.ZIP_DEFLATED
        with self._zip.open(entry, "w", force_zip64=True) as out:
            member = _Member(out)
            yield member
        self._members[name] = member.facts()

    def finish(self, facts: dict[str, Any]) -> None:
        told = {"format": FORMAT, "version": VERSION, **facts, "members": self._members}
        self._zip.writestr(MANIFEST, json.dumps(told, indent=1, ensure_ascii=False))


class Reader(AbstractContextManager["Reader"]):
    """An archive whose manifest fits what is in it. BadLine says what is wrong."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise BadLine("This is no archive of Winnow, or its end is missing.") from error
        self.manifest = self._manifest()
        self._members: dict[str, dict[str, Any]] = self.manifest["members"]
        self._compare()

    def __exit__(self, *problem: object) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def sha256(self, name: str) -> str | None:
        found = self._members.get(name)
        return str(found["sha256"]) if found else None

    def names(self) -> list[str]:
        return list(self._members)

    def check(self) -> None:
        """Read all of it once, and compare every member with its hash."""
        for name, promised in self._members.items():
            seen = hashlib.sha256()
            for content in self._content(name):
                seen.update(content)
            if seen.hexdigest() != promised["sha256"]:
                raise BadLine(
                    "%(name)s is not what it was when the archive was made.", name=name
                )

    def lines(self, name: str) -> Iterator[list[Any]]:
        """A table: the names of its columns, then its rows."""
        if name not in self:
            raise BadLine("%(name)s is missing.", name=name)
        waiting = b""
        for content in self._content(name):
            *whole, waiting = (waiting + content).split(b"\n")
            yield from (_parsed(name, line) for line in whole)
            if len(waiting) > LINE_AT_MOST:
                raise BadLine(
                    "A line of %(name)s is longer than any that Winnow writes.", name=name
                )
        if waiting:
            raise BadLine("The last line of %(name)s is not whole.", name=name)

    def read(self, name: str) -> Any:
        """A small member that is one JSON object, or None where it is not there."""
        if name not in self or self._members[name]["size"] > MANIFEST_AT_MOST:
            return None
        return _json(name, b"".join(self._content(name)))

    def _manifest(self) -> dict[str, Any]:
        try:
            entry = self._zip.getinfo(MANIFEST)
        except KeyError as error:
            raise BadLine("This is no archive of Winnow: it has no manifest.") from error
        if entry.file_size > MANIFEST_AT_MOST:
            raise BadLine("The manifest is longer than any that Winnow writes.")
        found = _json(MANIFEST, b"".join(self._unpacked(entry, entry.file_size)))
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise BadLine("This is no archive of Winnow.")
        _require_known(found.get("version"))
        return found

    def _compare(self) -> None:
        """The members are those of the manifest, by name and size, and nothing else."""
        entries = [one for one in self._zip.infolist() if one.filename != MANIFEST]
        there = {one.filename: one for one in entries}
        if len(there) != len(self._zip.infolist()) - 1:
            raise BadLine("A member is in it twice.")
        if not isinstance(self._members, dict) or there.keys() != self._members.keys():
            raise BadLine("What is in it is not what its manifest names.")
        for name, entry in there.items():
            promised = self._members[name]
            if not MEMBER.fullmatch(name) or not _is_promise(promised):
                raise BadLine("It has a member that no archive of Winnow has.")
            if entry.file_size != promised["size"]:
                raise BadLine(
                    "%(name)s has another size than its manifest says.", name=name
                )
        if sum(entry.file_size for entry in entries) > ALL_AT_MOST:
            raise BadLine("It unfolds to more than any archive of Winnow.")

    def _content(self, name: str) -> Iterator[bytes]:
        return self._unpacked(self._zip.getinfo(name), self._members[name]["size"])

    def _unpacked(self, entry: zipfile.ZipInfo, size: int) -> Iterator[bytes]:
        """No byte more than was promised, whatever the file claims elsewhere."""
        name = entry.filename
        if entry.flag_bits & 1 or entry.compress_type not in PACKED:
            raise BadLine("%(name)s is packed in a way that Winnow never does.", name=name)
        left = size
        try:
            with self._zip.open(entry) as member:
                while content := member.read(AT_ONCE):
                    left -= len(content)
                    if left < 0:
                        raise BadLine("%(name)s is longer than it says.", name=name)
                    yield content
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
            raise BadLine("%(name)s is damaged.", name=name) from error
        if left:
            raise BadLine("%(name)s is shorter than it says.", name=name)


def _require_known(version: object) -> None:
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BadLine("The manifest does not say which version of the format it is.")
    if version > VERSION:
        raise BadLine(
            "This archive has version %(version)d of its format, and this Winnow reads up "
            "to %(known)d. Restore it with a newer Winnow.",
            version=version,
            known=VERSION,
        )


def _is_promise(found: object) -> bool:
    if not isinstance(found, dict) or set(found) != {"size", "sha256"}:
        return False
    size = found["size"]
    return isinstance(size, int) and size >= 0 and isinstance(found["sha256"], str)


def _parsed(name: str, line: bytes) -> list[Any]:
    found = _json(name, line)
    if not isinstance(found, list):
        raise BadLine("A line of %(name)s is no row.", name=name)
    return found


def _json(name: str, content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadLine("%(name)s holds something that is not JSON.", name=name) from error

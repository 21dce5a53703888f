"""Files that come whole or not at all; a download that broke off goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from winnow.bars import bar
from winnow.errors import WinnowError, WrongHash, problem_in
from winnow.wire import PASSING, Patience, Wire, seconds_until

Took = Callable[[int], object]  # so many bytes are there


class File(NamedTuple):
    """One file of a version, or of a run's model."""

    name: str
    size: int
    sha256: str


def listed(rows: Iterable[dict[str, Any]]) -> list[File]:
    """As the server lists files."""
    return [File(one["name"], one["bytes"], one["sha256"]) for one in rows]


def download(
    wire: Wire, path: str, there: Path, *, sha256: str = "", took: Took | None = None
) -> Path:
    """Fetch a file to `there`, or keep the one that is there with the right hash.

    Without a `sha256` it is the ETag's. What came so far lies beside it as `.part`, with
    the tag it belongs to, and is gone on with: also by another process, later.
    """
    there.parent.mkdir(parents=True, exist_ok=True)
    if sha256 and there.is_file() and hash_of(there) == sha256:
        return there
    part = there.with_name(f"{there.name}.part")
    known = there.with_name(f"{there.name}.part.tag")
    patience = Patience()
    while True:
        before = _size(part)
        try:
            tag = _go_on(wire, path, part, known, took or (lambda _size: None))
            break
        except httpx.TransportError as error:
            if _size(part) > before:
                patience.renew()
            patience.wait(wire.unreachable(error))
        except _Passing as passing:
            patience.wait(passing.problem, after=passing.after)
    known.unlink(missing_ok=True)
    wanted = sha256 or tag.removeprefix("W/").strip('"')
    if (found := hash_of(part)) != wanted:
        part.unlink()
        raise WrongHash(
            f"{there.name} came with the hash {found[:12]}… in place of {wanted[:12]}…. "
            "It was not kept."
        )
    return part.replace(there)


def hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


class _Passing(Exception):
    """A refusal that may be over soon."""

    def __init__(self, answer: httpx.Response) -> None:
        self.after = seconds_until(answer)
        self.problem = problem_in(answer, after=self.after)


def _go_on(wire: Wire, path: str, part: Path, known: Path, took: Took) -> str:
    """Append what is missing; return the tag of what is there now."""
    tag = known.read_text() if part.is_file() and known.is_file() else ""
    have = part.stat().st_size if tag else 0
    headers = {"Range": f"bytes={have}-", "If-Range": tag} if have else {}
    headers |= {"Accept": "*/*", "Accept-Encoding": "identity"}
    with wire.stream(path, headers) as answer:
        if answer.status_code == 416 and have:  # all of it came, and then it broke off
            return tag
        if not answer.is_success:
            answer.read()
            if answer.status_code in PASSING:
                raise _Passing(answer)
            raise problem_in(answer)
        is_rest = answer.status_code == 206
        tag = str(answer.headers.get("ETag", ""))
        known.write_text(tag)
        with part.open("ab" if is_rest else "wb") as file:
            for chunk in answer.iter_bytes():  # as it comes, so that what came is kept
                file.write(chunk)
                took(file.tell())
    return tag


def fetch(
    connection: Wire, path: str, folder: Path, one: File, *, progress: bool | None
) -> Path:
    """One file into a folder. Its name is the server's word: it stays in that folder."""
    is_plain = one.name and Path(one.name).name == one.name and one.name[0] != "."
    if not is_plain:
        raise WinnowError(f"The server names a file “{one.name}”, which is no plain name.")
    with bar(one.name, one.size, unit="B", is_shown=progress) as moved:
        return download(connection, path, folder / one.name, sha256=one.sha256, took=moved)

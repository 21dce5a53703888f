"""Uploaded files as plain rows: unfolded by a process of its own, and read from there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from curation.errors import BadLine
from curation.formats.budget import WORDS
from curation.formats.format import gettext_noop
from curation.formats.trees import Numbered, Refuse
from curation.formats.unfolding import Order, Unfolded

ROOT = Path(__file__).resolve().parent.parent
FILE, FIRST = "file", "first.jsonl"
LOOKED_AT = 200  # rows that are at hand while somebody chooses a mapping
PATIENCE = 60  # seconds until the first rows must be there
EACH = 0.5  # seconds between looks at a child
SOON = 0.01  # seconds between looks at what it has written
# One thread and no pools: what they set aside would count as memory in use.
SPARING = {
    "ARROW_DEFAULT_MEMORY_POOL": "system", "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2",
}  # fmt: skip


def look(folder: Path, name: str) -> Unfolded:
    """The first rows, written beside the file."""
    until = time.monotonic() + PATIENCE

    def watch() -> None:
        if time.monotonic() > until:
            raise TimeoutError

    try:
        return _child(_order(folder / FILE, folder / FIRST, name, first=LOOKED_AT), watch)
    except TimeoutError:
        return Unfolded(problem=gettext_noop("It takes too long to be read."))


def unfold(file: Path, rows: Path, name: str, watch: Callable[[], None]) -> Unfolded:
    """All rows of the file. `watch` is called again and again, and what it raises ends the
    child."""
    return _child(_order(file, rows, name), watch)


def lines_of(rows: Path, is_whole: Callable[[], bool]) -> Iterator[bytes]:
    """What is unfolded there, also while it is. The last line that is there when the file
    `is_whole` is the last."""
    while not rows.exists() and not is_whole():
        time.sleep(SOON)
    with rows.open("rb") as file:
        begun = b""
        while True:
            was_whole = is_whole()  # asked before: what came since is read once more
            for line in file:
                begun += line
                if begun.endswith(b"\n"):
                    yield begun
                    begun = b""
            if was_whole:
                return
            time.sleep(SOON)


def read(lines: Iterable[bytes], refuse: Refuse) -> Iterator[Numbered]:
    """The rows that were unfolded; those that could not be read are refused once more."""
    for line in lines:
        number, fields, *why = json.loads(line)
        if fields is None:
            said, *facts = why  # of a file that came before an upgrade there are none
            refuse(number, BadLine(said, **dict(*facts)))
        else:
            yield Numbered(number, fields)


def _order(file: Path, rows: Path, name: str, first: int | None = None) -> Order:
    return Order(
        source=str(file),
        name=name,
        rows=str(rows),
        bytes_at_most=settings.IMPORT_UNFOLDED_MEGABYTES * 1_000_000,
        rows_at_most=settings.IMPORT_ROWS,
        first=first,
    )


def _child(order: Order, watch: Callable[[], None]) -> Unfolded:
    command = [sys.executable, "-m", "curation.formats.unfolding"]
    child = subprocess.Popen(
        [*command, json.dumps(order._asdict())],
        cwd=ROOT,
        env={**os.environ, **SPARING},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    try:
        while True:
            try:
                said, _errors = child.communicate(timeout=EACH)
                break
            except subprocess.TimeoutExpired:
                watch()
    except BaseException:
        child.kill()
        child.communicate()
        raise
    if child.returncode:
        return Unfolded(problem=WORDS["memory"])
    found: dict[str, Any] = json.loads(said)
    return Unfolded(**found)

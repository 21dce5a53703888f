"""Files that the server makes first: asked for, waited for, taken home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from winnow import wire
from winnow.bars import bar
from winnow.downloads import File, fetch
from winnow.errors import WinnowError

if TYPE_CHECKING:
    from winnow.wire import Wire

Row = dict[str, Any]


def take(
    connection: Wire, path: str, wish: Row, file: Path, *, progress: bool | None
) -> Path:
    """Have one made under this address, and fetch it; compared with its SHA-256."""
    found = connection.post(path, wish)
    there = f"{path}{found['id']}/"
    with bar(file.name, found["of"], unit="", is_shown=progress) as moved:
        while not found["has_file"]:
            if found["ended_at"]:
                raise WinnowError(found["why"] or "It was called off.")
            wire.sleep(wire.LOOKS_EVERY)
            found = connection.get(there)
            moved(found["seen"])
    made = File(file.name, found["size"], found["sha256"])
    return fetch(connection, f"{there}file/", file.parent, made, progress=progress)

"""A file of results that grows by whole parts: what is in it is not worked out again.

The first line says what the results belong to; under another name they are thrown away.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from trainer.recipes.common import write_atomically

Line = dict[str, Any]


class Ledger:
    """`done` holds the ids that are in the file. A line that a crash cut short is not."""

    def __init__(self, path: Path, belongs_to: str) -> None:
        self.path = path
        head = json.dumps({"belongs_to": belongs_to}) + "\n"
        text = path.read_bytes() if path.exists() else b""
        if not text.startswith(head.encode()):
            write_atomically(path, head)
            text = head.encode()
        whole = text[: text.rfind(b"\n") + 1]
        if whole != text:
            os.truncate(path, len(whole))
        self.done = {line["id"] for line in lines(path)}

    def add(self, found: Iterable[Line]) -> None:
        """Append those that are new, and return once they are on the disk."""
        new = [line for line in found if line["id"] not in self.done]
        with self.path.open("a", encoding="utf-8") as file:
            for line in new:
                file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.done |= {line["id"] for line in new}


def lines(path: Path) -> list[Line]:
    """All that a ledger holds, without its head; nothing where there is none."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        found: list[Line] = [json.loads(line) for line in file]
    return found[1:]

"""How much a file from outside may become: a running count, and where it ends."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Literal

from curation.errors import BadLine
from curation.formats.format import gettext_noop

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

COLUMNS_AT_MOST = 500
What = Literal["bytes", "rows", "memory"]
WORDS: dict[What, str] = {
    "bytes": gettext_noop("It unfolds to more than an import may hold."),
    "rows": gettext_noop("It has more rows than an import may hold."),
    "memory": gettext_noop("To read it takes more memory than an import may have."),
}


class TooMuch(BadLine):
    """The whole file is refused: it is, or becomes, larger than is allowed."""

    def __init__(self, what: What) -> None:
        super().__init__(WORDS[what])
        self.what = what


@dataclass
class Budget:
    """`left` counts bytes as they are once unpacked; None: nobody counts."""

    left: int | None = None

    def spend(self, count: int) -> None:
        if self.left is not None:
            self.left -= count
            if self.left < 0:
                raise TooMuch("bytes")


class Counted(io.RawIOBase):
    """A file that is read on a budget: of a packed one, what it unpacks to."""

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        self._file, self._budget = file, budget

    def readable(self) -> bool:
        return True

    def readinto(self, into: Buffer) -> int:
        found = self._file.read(len(memoryview(into)))
        self._budget.spend(len(found))
        memoryview(into)[: len(found)] = found
        return len(found)

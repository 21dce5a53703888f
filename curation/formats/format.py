"""What is known of a format before a file of it is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from curation.formats.trees import Reader, Writer

# Lists of turns, by the names of their two parts, and objects are JSON in a spreadsheet.
Kind = Literal["text", "number", "flag", "role_content", "from_value", "object"]
File = Literal["jsonl", "json", "csv", "parquet"]


def gettext_noop(text: str) -> str:
    """Marks a text for translation by whoever shows it: Django is not known here."""
    return text


@dataclass(frozen=True)
class Field:
    name: str
    about: str = ""
    is_required: bool = False
    kind: Kind = "text"
    also: tuple[str, ...] = ()  # what others call it
    is_written: bool = True


@dataclass(frozen=True)
class Format:
    """`label`, `about` and `losses` are English and marked for translation."""

    key: str
    label: str
    about: str
    fields: tuple[Field, ...]
    read: Reader
    write: Writer | None = None  # None: it is read only
    files: tuple[File, ...] = ("jsonl", "json", "csv", "parquet")  # the usual one first
    losses: tuple[str, ...] = ()  # what an export cannot hold
    is_of_trees: bool = False  # it holds conversations and no single pairs

    @property
    def columns(self) -> tuple[Field, ...]:
        """What a table of it has."""
        return tuple(one for one in self.fields if one.is_written)

    def field(self, name: str) -> Field | None:
        return next((one for one in self.fields if one.name == name), None)

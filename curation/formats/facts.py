"""What is known of a version and of who and what stands behind it: for every card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Agreed(NamedTuple):
    """Terms, and how many of the writers had agreed to them when it was frozen."""

    terms: str
    licence: str
    uses: tuple[str, ...]
    people: int


class Guided(NamedTuple):
    """A version of the guideline, and how many of the texts were written under it."""

    number: int
    texts: int


class File(NamedTuple):
    name: str
    sha256: str
    size: int  # bytes


def counted(count: int, one: str, many: str = "") -> str:
    """As a person would write it: “1 text”, “2,000 texts”."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


@dataclass(frozen=True)
class Facts:
    """Counts and names of terms, never of people."""

    slug: str
    title: str
    description: str
    is_pairs: bool
    number: int
    digest: str
    frozen_on: str  # a day, ISO 8601
    licence: str
    languages: dict[str, int]
    categories: dict[str, int]
    train: int
    held_out: int
    origins: dict[str, int]  # person, model, import: texts, questions included
    writers: int
    reviewers: int
    reviews: int
    rankers: int
    ballots: int
    guidelines: tuple[Guided, ...]
    agreed: tuple[Agreed, ...]
    allowed: dict[str, int]  # how many writers had allowed a use, by any of these terms
    without_consent: int  # writers with no consent on record
    recalled: int
    erased: int
    reviews_wanted: int
    approvals_needed: int
    rankings_wanted: int
    recipe: dict[str, object]
    models: tuple[str, ...] = ()
    personal_data: int = 0  # texts in which a check saw something that may name somebody
    gaps: int = 0  # examples that its files lack, as words in them are destroyed
    address: str = ""
    files: tuple[File, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.title}, version {self.number}"

    @property
    def examples(self) -> int:
        return self.train + self.held_out

    @property
    def texts(self) -> int:
        return sum(self.origins.values())

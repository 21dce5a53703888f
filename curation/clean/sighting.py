"""What a check reports, and the words it reports in."""

from __future__ import annotations

from collections.abc import Iterator
from re import Pattern
from typing import NamedTuple

# From how sure a check must be for its word to be looked at before a text is sent. What is
# alike by a pattern, "a note to Ada for the kite", is mentioned only.
SERIOUS_FROM = {
    "contamination": 0.8,
    "near_duplicate": 0.9,
    "personal_data": 0.6,
    "secret": 0.6,
}

# Goes before the name of a check that saw something in the passage beside a text.
BESIDE = "context."


def N_(text: str) -> str:
    """Marks advice for translators. It is stored in English and translated when read."""
    return text


class Sighting(NamedTuple):
    """One thing a check saw: where, how sure from 0 to 1, and what to do about it."""

    check: str
    version: int
    score: float
    spans: list[tuple[int, int]]
    advice: str

    @property
    def is_serious(self) -> bool:
        """Whether somebody should look at it before the text is sent."""
        return self.score >= SERIOUS_FROM.get(self.check.partition(".")[0], 2.0)


def spans_of(pattern: Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    """Where it is found: its first group where it has one, else all of it."""
    for match in pattern.finditer(text):
        yield match.span(1 if pattern.groups else 0)

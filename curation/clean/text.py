"""The first checks on a text: short, certain, cheap. Text in, findings out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

VERSION = 1
TEXT_AT_MOST = 20_000  # characters; a longer text is a document, not a turn

EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]*\w")
CARD = re.compile(r"\b(?:\d[ -]?){13,19}\b")
CITATION = re.compile(r"\[\d{1,3}\]")


class Sighting(NamedTuple):
    """One thing a check saw: where, how sure from 0 to 1, and what to do about it."""

    check: str
    version: int
    score: float
    spans: list[tuple[int, int]]
    advice: str


def normalised(text: str) -> str:
    """Case, width and spacing taken out: two texts with the same result are duplicates."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded))


def tidied(text: str) -> str:
    """As stored: composed characters, no NUL or lone surrogate, no space at the ends."""
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    kept = "".join(c for c in composed if c != "\0" and not "\ud800" <= c <= "\udfff")
    return kept.strip()


def sightings(text: str, *, prompt: str = "") -> list[Sighting]:
    """Everything the checks of this module see in one text; `prompt` is what it answers."""
    return [*_personal_data(text), *_citation_marks(text), *_echo(text, prompt)]


def _personal_data(text: str) -> Iterator[Sighting]:
    emails = [m.span() for m in EMAIL.finditer(text)]
    if emails:
        advice = "This looks like an e-mail address. Take it out unless it is invented."
        yield Sighting("personal_data.email", VERSION, 0.9, emails, advice)
    cards = [m.span() for m in CARD.finditer(text) if _passes_luhn(m.group())]
    if cards:
        advice = "This looks like a payment card number. Take it out."
        yield Sighting("personal_data.card", VERSION, 0.95, cards, advice)


def _citation_marks(text: str) -> Iterator[Sighting]:
    marks = [m.span() for m in CITATION.finditer(text)]
    if marks:
        advice = "Marks such as [1] came along with a pasted passage. They can go."
        yield Sighting("citation_marks", VERSION, 0.8, marks, advice)


def _echo(text: str, prompt: str) -> Iterator[Sighting]:
    if len(prompt) >= 20 and normalised(text).startswith(normalised(prompt)):
        advice = "The answer begins by repeating the whole prompt."
        yield Sighting("echo", VERSION, 0.9, [(0, min(len(prompt), len(text)))], advice)


def _passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812 check digit."""
    total = 0
    for place, digit in enumerate(reversed([int(c) for c in digits if c.isdigit()])):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0

"""What two texts are to each other: the same, near-duplicates, siblings, or different.

Likeness suggests and never decides: two texts that share most of their letters can still
ask for different things.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import NamedTuple

from curation.clean import sketches
from curation.clean.sighting import N_, Sighting
from curation.clean.sketches import Hashes

VERSION = 2
ALIKE_FROM = 0.5  # of their runs of characters are shared
PASSAGE_FROM = 4  # words

ADVICE = N_("A prompt in nearly the same words is there already.")

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")
_THOUSANDS = re.compile(r"[.,](?=\d{3}(?!\d))")
# In the languages of the pages. “One” is no number: mostly it stands for “somebody”.
_NUMBER_WORDS = {
    word: str(number)
    for words in (
        "two three four five six seven eight nine ten eleven twelve",
        "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    )
    for number, word in enumerate(words.casefold().split(), start=2)
}
_NEGATIONS = frozenset(
    word
    for words in (
        "no not never nor none neither nothing nobody without cannot",
        "nicht nichts nie niemals niemand kein keine keinen keinem keiner keines ohne",
        "pas jamais sans rien aucun aucune nunca jamás sin não sem non senza",
        "niet geen zonder inte ikke ingen aldrig aldri utan uden uten",
        "не нет без нельзя никогда bez",
    )
    for word in words.split()
)


class Relation(StrEnum):
    SAME = "same"
    DUPLICATE = "duplicate"
    SIBLING = "sibling"  # alike, but other numbers, or one of them denies
    DIFFERENT = "different"


class Reading(NamedTuple):
    """A text as it is compared: read once, however many others it meets."""

    words: str
    numbers: tuple[str, ...]
    tokens: list[str]
    denials: int
    runs: Hashes


def read(text: str) -> Reading:
    words = sketches.words_of(text)
    tokens = _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())
    numbers = (
        _number(token) if token[0].isdecimal() else _NUMBER_WORDS.get(token)
        for token in tokens
    )
    return Reading(
        words,
        tuple(number for number in numbers if number),
        tokens,
        _denials(tokens),
        sketches.runs_of(words),
    )


def relation(one: str, other: str) -> Relation:
    return compared(read(one), read(other))[0]


def compared(
    one: Reading, other: Reading, *, alike_from: float = ALIKE_FROM
) -> tuple[Relation, float]:
    """What they are to each other, and the share of runs that both have."""
    if one.words == other.words:
        return Relation.SAME, 1.0
    if sketches.is_short(one.words) or sketches.is_short(other.words):
        return Relation.DIFFERENT, 0.0
    likeness = sketches.jaccard(one.runs, other.runs)
    if likeness < alike_from:
        return Relation.DIFFERENT, likeness
    return Relation.DUPLICATE if _say_the_same(one, other) else Relation.SIBLING, likeness


def _say_the_same(one: Reading, other: Reading) -> bool:
    """Whether neither numbers nor a “not” set two alike texts apart.

    They do not where one text is the other with a passage left out.
    """
    if (one.numbers, one.denials) == (other.numbers, other.denials):
        return True
    fewer, more = sorted((one.tokens, other.tokens), key=len)
    from_start, from_end = _in_common(fewer, more), _in_common(fewer[::-1], more[::-1])
    return from_start + from_end >= len(fewer) and len(more) >= len(fewer) + PASSAGE_FROM


def _in_common(fewer: list[str], more: list[str]) -> int:
    """How many are equal from the start on."""
    pairs = enumerate(zip(fewer, more, strict=False))
    return next((at for at, (a, b) in pairs if a != b), len(fewer))


def sighting(score: float) -> Sighting:
    return Sighting("near_duplicate", VERSION, round(score, 3), [], ADVICE)


def _number(digits: str) -> str:
    """“1,000” and “1000” are equal, “3.5” and “35” are not."""
    return _THOUSANDS.sub("", digits).replace(",", ".")


def _denials(tokens: list[str]) -> int:
    """“Don't” comes in two tokens."""
    return sum(
        token in _NEGATIONS or (token == "t" and before.endswith("n"))
        for before, token in zip(["", *tokens], tokens, strict=False)
    )

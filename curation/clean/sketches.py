"""Short numbers that stand for a text, so that likeness needs no reading.

A sketch is a MinHash: of the runs of five characters in a text, the least under each of
128 orders. Two texts agree at about as many places as they share runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from curation.clean.text import normalised

VERSION = 1  # raised with anything below, or in normalised(), that changes a signature
PLACES = 128
BANDS = 32  # of four places: texts that agree in one whole band are worth comparing
RUN = 5  # characters
SHORT_UNDER = 40  # characters; such texts have too few runs and are the same or not

Numbers = NDArray[np.uint32]
Hashes = NDArray[np.uint64]

_CHARACTERS_AT_ONCE = 50_000  # what fits in a processor's own memory
_RUNS_AT_ONCE = 4_096


def _constants(name: str, count: int) -> Hashes:
    """Odd numbers that are the same on every machine and in every release of numpy."""
    digest = hashlib.shake_256(f"winnow sketches {name}".encode()).digest(8 * count)
    return np.frombuffer(digest, "<u8") | np.uint64(1)


_AT = _constants("runs", RUN)
_ORDERS = _constants("orders", PLACES).astype(np.uint32)[:, None]
_IN_BAND = _constants("bands", PLACES)
_OF_BAND = _constants("salts", BANDS)


def words_of(text: str) -> str:
    """What is compared of a text; signs alone stand for themselves."""
    return normalised(text) or text.strip()


def is_short(words: str) -> bool:
    return len(words) < SHORT_UNDER


def signature(text: str) -> Numbers:
    return signatures([text])[0]  # type: ignore[no-any-return]


def signatures(texts: Sequence[str]) -> Numbers:
    """A row of 128 for each text. Short ones have equal rows for the same words only."""
    return signatures_of([words_of(text) for text in texts])


def signatures_of(wordings: list[str]) -> Numbers:
    """The same for texts of which words_of() is known."""
    made = np.empty((len(wordings), PLACES), np.uint32)
    for start, words in _portions(wordings):
        runs = _runs("".join(words)).astype(np.uint32)
        at = 0
        for number, one in enumerate(words, start):
            if is_short(one):
                made[number] = _of_short(one)
            else:
                made[number] = _least(runs[at : at + len(one) - RUN + 1])
            at += len(one)
    return made


def bands(signatures: Numbers) -> NDArray[np.int32]:
    """A row of 32 for each signature, to look others up by."""
    mixed = signatures.astype(np.uint64) * _IN_BAND
    summed = mixed.reshape(len(signatures), BANDS, PLACES // BANDS).sum(
        axis=2, dtype=np.uint64
    )
    return (_mixed(summed + _OF_BAND) >> np.uint64(32)).astype(np.uint32).view(np.int32)


def keys(signatures: Numbers) -> Hashes:
    """A number for each signature, equal for equal ones."""
    return _mixed((signatures.astype(np.uint64) * _IN_BAND).sum(axis=1, dtype=np.uint64))


def estimates(one: Numbers, others: Numbers) -> NDArray[np.float64]:
    """The share of places that agree: off by 0.04 where texts are half alike."""
    return (others == one).mean(axis=1)  # type: ignore[no-any-return]


def runs_of(words: str) -> Hashes:
    """All runs of five characters, each once, for jaccard(). Fewer are one run."""
    runs = np.sort(_runs(words.ljust(RUN)))
    return runs[np.concatenate(([True], runs[1:] != runs[:-1]))]


def jaccard(one: Hashes, other: Hashes) -> float:
    """The share of runs that both have: 0 to 1."""
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)


# ---- inside ---------------------------------------------------------------------------
def _portions(texts: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Texts that are worked on together, with the number of the first."""
    start, size = 0, 0
    for number, text in enumerate(texts):
        size += len(text)
        if size > _CHARACTERS_AT_ONCE:
            yield start, texts[start : number + 1]
            start, size = number + 1, 0
    if start < len(texts):
        yield start, texts[start:]


def _runs(words: str) -> Hashes:
    """A hash of the run from each character on, where a whole one begins."""
    codes = np.frombuffer(words.encode("utf-32-le", "surrogatepass"), "<u4")
    count = max(len(codes) - RUN + 1, 0)
    hashed = np.zeros(count, np.uint64)
    for place in range(RUN):
        hashed += codes[place : place + count] * _AT[place]
    return _mixed(hashed)


def _mixed(hashed: Hashes) -> Hashes:
    """Every bit of the input moves every bit of the output (splitmix64)."""
    hashed = (hashed ^ (hashed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashed = (hashed ^ (hashed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashed ^ (hashed >> np.uint64(31))


def _least(runs: Numbers) -> Numbers:
    least = (_ORDERS * runs[:_RUNS_AT_ONCE]).min(axis=1)
    for start in range(_RUNS_AT_ONCE, len(runs), _RUNS_AT_ONCE):
        more = (_ORDERS * runs[start : start + _RUNS_AT_ONCE]).min(axis=1)
        np.minimum(least, more, out=least)
    return least  # type: ignore[no-any-return]


def _of_short(words: str) -> Numbers:
    digest = hashlib.shake_256(words.encode("utf-8", "surrogatepass")).digest(4 * PLACES)
    return np.frombuffer(digest, "<u4")

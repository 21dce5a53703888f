"""Texts that share runs of words with an evaluation set, which must not be trained on.

A run of 13 words that is in the set, too, is no chance: it blocks. One of 8 is looked at.
Planted sums of which each twentieth word was changed are found in 999 of 1,000 cases by
runs of 8 and in 963 by runs of 13; prompts of a line or two in 79 and 49 of 100.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curation.clean.grams import (
    IS_UNSPACED,
    Hashes,
    Words,
    covered,
    grams,
    hashes_of,
    words_of,
)
from curation.clean.sighting import N_, Sighting

VERSION = 1
FLAGS, BLOCKS = 8, 13  # words
WHOLE_FROM = 4  # words; a shorter item is in many texts, and in no set's interest

ADVICE_BLOCK = N_("A passage of this is in an evaluation set. It must not be trained on.")
ADVICE_FLAG = N_("Some words of this are in an evaluation set in the same order.")


class Index(NamedTuple):
    """The runs of words of a set: numbers in order, each once. No word can be read back."""

    items: int
    wholes: Hashes  # of items that are too short for a run that blocks
    flags: Hashes
    blocks: Hashes


class Match(NamedTuple):
    """Where a text and a set say the same."""

    blocks: list[tuple[int, int]]
    flags: list[tuple[int, int]]
    share: float  # of the text's words that are in such runs

    def __bool__(self) -> bool:
        return bool(self.blocks or self.flags)


def index_of(texts: Iterable[str]) -> Index:
    """Of the items of a set: questions, or questions with their answers.

    Reads them once; keeps 16 bytes a word.
    """
    wholes, flags, blocks, items = [], [], [], 0
    for text in texts:
        words = words_of(text).words
        hashes, scale = hashes_of(words), _scale(words)
        items += 1
        flags.append(grams(hashes, FLAGS * scale))
        blocks.append(grams(hashes, BLOCKS * scale))
        if WHOLE_FROM * scale <= len(words) < BLOCKS * scale:
            wholes.append(_whole(hashes))
    return Index(items, _sorted(wholes), _sorted(flags), _sorted(blocks))


def match(text: str, index: Index) -> Match:
    words = words_of(text)
    hashes, scale = hashes_of(words.words), _scale(words.words)
    flags, flagged = _hits(words, hashes, index.flags, FLAGS * scale)
    blocks, blocked = _hits(words, hashes, index.blocks, BLOCKS * scale)
    if (
        not flags
        and len(hashes) < BLOCKS * scale
        and _is_in(_whole(hashes), index.wholes).any()
    ):
        flags, flagged = [words.span(0, len(hashes) - 1)], len(hashes)
    share = max(flagged, blocked) / max(len(hashes), 1)
    return Match(blocks, flags, round(share, 3))


def seen(text: str, index: Index) -> Iterator[Sighting]:
    """One sighting at most: that of the longer runs, where there is one."""
    found = match(text, index)
    if found.blocks:
        score = round(0.8 + 0.2 * found.share, 3)
        yield Sighting("contamination.block", VERSION, score, found.blocks, ADVICE_BLOCK)
    elif found.flags:
        score = round(0.2 + 0.3 * found.share, 3)
        yield Sighting("contamination.flag", VERSION, score, found.flags, ADVICE_FLAG)


def overlapping(
    questions: Sequence[str], answers: Sequence[str], texts: Iterable[str]
) -> set[int]:
    """The numbers of the questions that one of the texts gives away.

    It has a run of 13 words in common with the question or with its answer; or it is the
    question, where that is shorter. Keeps the set in memory, and reads the texts once.
    """
    runs, owners = _runs_of(questions, answers)
    wholes = _short_ones(questions)
    found: set[int] = set()
    for text in texts:
        words = words_of(text).words
        hashes, scale = hashes_of(words), _scale(words)
        if WHOLE_FROM * scale <= len(words) < BLOCKS * scale:
            found.update(wholes.get(int(_whole(hashes)[0]), ()))
        asked = grams(hashes, BLOCKS * scale)
        starts, ends = (np.searchsorted(runs, asked, side) for side in ("left", "right"))
        for place in np.flatnonzero(ends > starts):
            found.update(owners[starts[place] : ends[place]].tolist())
    return found


def _runs_of(questions: Sequence[str], answers: Sequence[str]) -> tuple[Hashes, Hashes]:
    """All runs that block, in order, and whose each is."""
    runs, owners = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
    for number, pair in enumerate(zip(questions, answers, strict=True)):
        for text in pair:
            words = words_of(text).words
            found = grams(hashes_of(words), BLOCKS * _scale(words))
            runs.append(found)
            owners.append(np.full(len(found), number, np.uint64))
    every = np.concatenate(runs)
    order = np.argsort(every, kind="stable")
    return every[order], np.concatenate(owners)[order]


def _short_ones(questions: Sequence[str]) -> dict[int, list[int]]:
    """Questions that are too short for a run that blocks, by the number of all words."""
    found: dict[int, list[int]] = {}
    for number, text in enumerate(questions):
        words = words_of(text).words
        scale = _scale(words)
        if WHOLE_FROM * scale <= len(words) < BLOCKS * scale:
            found.setdefault(int(_whole(hashes_of(words))[0]), []).append(number)
    return found


def united(indexes: Iterable[Index]) -> Index:
    """All sets of an installation as one: then a text is looked up once."""
    several = list(indexes)
    return Index(
        sum(index.items for index in several),
        _sorted([index.wholes for index in several]),
        _sorted([index.flags for index in several]),
        _sorted([index.blocks for index in several]),
    )


def packed(index: Index) -> bytes:
    """To store it: the same bytes for the same set on every machine."""
    parts = [np.array([VERSION, index.items], np.uint64), *index[1:]]
    sizes = np.array([len(part) for part in parts], "<u8")
    return sizes.tobytes() + b"".join(part.astype("<u8").tobytes() for part in parts)


def unpacked(data: bytes) -> Index:
    """What `packed` made. ValueError where it is from another version, or torn."""
    count = 4
    if len(data) % 8 or len(data) < 8 * count:
        raise ValueError("This is no index of an evaluation set.")
    numbers = np.frombuffer(data, "<u8").astype(np.uint64)
    sizes, rest = numbers[:count].tolist(), numbers[count:]
    if sum(sizes) != len(rest) or sizes[0] != 2 or rest[0] != VERSION:
        raise ValueError("This index is of another version. Make it again from the set.")
    ends = np.cumsum(sizes)
    wholes, flags, blocks = (
        rest[start:end] for start, end in zip(ends[:-1], ends[1:], strict=True)
    )
    return Index(int(rest[1]), wholes, flags, blocks)


def _hits(
    words: Words, hashes: Hashes, known: Hashes, length: int
) -> tuple[list[tuple[int, int]], int]:
    """Where the text has runs of the set, and how many of its words they cover."""
    hits = _is_in(grams(hashes, length), known)
    if not hits.any():
        return [], 0
    is_covered = np.convolve(hits, np.ones(length, np.int64)) > 0
    return covered(hits, length, words), int(is_covered.sum())


def _is_in(wanted: Hashes, known: Hashes) -> NDArray[np.bool_]:
    if not len(known):
        return np.zeros(len(wanted), np.bool_)
    places = np.searchsorted(known, wanted).clip(max=len(known) - 1)
    is_in: NDArray[np.bool_] = known[places] == wanted
    return is_in


def _whole(hashes: Hashes) -> Hashes:
    return grams(hashes, max(len(hashes), 1))


def _sorted(parts: list[Hashes]) -> Hashes:
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.uint64)


def _scale(words: list[str]) -> int:
    """A word is about two characters where a character counts as one."""
    unspaced = sum(bool(IS_UNSPACED.match(word)) for word in words[:200])
    return 2 if unspaced * 2 > min(len(words), 200) else 1

"""A text that goes round in circles: the share of it that was said before, word for word.

Measures of the Gopher rules, without their thresholds for web pages, which reject every
second good answer. A hint only: songs have choruses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from curation.clean.grams import covered, grams, hashes_of, words_of
from curation.clean.sighting import N_, Sighting

VERSION = 1
RUN = 10  # words that nobody says twice in the same order by chance
WORDS_AT_LEAST = 30
SHARE_FROM = 0.4
LINES_AT_LEAST = 6
LINE_AT_LEAST = 15  # characters; "end" and "| 1 | 2 |" come again in good texts
# Programs, formulas and tables say things again, and must.
NOT_PROSE = re.compile(r"```.*?(?:```|\Z)|\$\$.*?(?:\$\$|\Z)|^[^\S\n]*\|.*$", re.S | re.M)

ADVICE_WORDS = N_("The same passage comes again and again. Is it meant to?")
ADVICE_LINES = N_("The same lines come again and again. Are they meant to?")


def seen(text: str) -> Iterator[Sighting]:
    prose = NOT_PROSE.sub(lambda match: " " * len(match.group()), text)
    share, spans = words_again(prose)
    if share >= SHARE_FROM:
        yield Sighting("repetition.words", VERSION, _score(share), spans, ADVICE_WORDS)
        return
    share, spans = lines_again(prose)
    if share >= SHARE_FROM:
        yield Sighting("repetition.lines", VERSION, _score(share), spans, ADVICE_LINES)


def words_again(text: str) -> tuple[float, list[tuple[int, int]]]:
    """The share of words in runs that were there before, and where those runs are."""
    words = words_of(text)
    if len(words.words) < WORDS_AT_LEAST:
        return 0.0, []
    runs = grams(hashes_of(words.words), RUN)
    _, firsts = np.unique(runs, return_index=True)
    if len(firsts) == len(runs):
        return 0.0, []
    is_again = np.ones(len(runs), np.bool_)
    is_again[firsts] = False
    is_covered = np.convolve(is_again, np.ones(RUN, np.int64)) > 0
    return float(is_covered.mean()), covered(is_again, RUN, words)


def lines_again(text: str) -> tuple[float, list[tuple[int, int]]]:
    """The share of characters in lines that were there before, and where those are."""
    known: set[str] = set()
    spans: list[tuple[int, int]] = []
    place = total = count = 0
    for line in text.splitlines(keepends=True):
        said = line.strip().casefold()
        total += len(said)
        count += bool(said)
        if len(said) >= LINE_AT_LEAST:
            if said in known:
                spans.append((place, place + len(line.rstrip())))
            known.add(said)
        place += len(line)
    if count < LINES_AT_LEAST:
        return 0.0, []
    return sum(end - start for start, end in spans) / max(total, 1), spans


def _score(share: float) -> float:
    """Never serious by itself."""
    return round(min(share, 1.0) * 0.6, 3)

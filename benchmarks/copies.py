"""Prompts that nobody wrote, as many as wanted, and copies of them that were edited."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from config.places import ROOT
from curation.clean import duplicates
from curation.clean.sketches import is_short, words_of

OWN = ("pairs.jsonl", "conversations.jsonl")
FILES = ("candidate_responses.jsonl.gz", "gsm8k_train.jsonl.gz")
KEYS = ("prompt", "question")
ENDINGS = (
    "Keep it under {} words.",
    "It is for {} people, and the room holds {}.",
    "I have {} days and {} euros for it.",
    "Give me {} examples, none longer than {} lines.",
)
OPENINGS = ("Could you please help me with this?", "Hello, I have a question for you.")
CLOSINGS = ("Thank you very much in advance.", "That would be kind of you.")
NUMBER = re.compile(r"\d+")
OTHERS = 0.2


class Corpus:
    """Text number n is the same each time, and no text is kept.

    Halves of sentences from Winnow's own examples, put together anew and with a fifth of
    their words drawn from all. With DATA=folder the first texts are the prompts of files.
    """

    def __init__(self) -> None:
        folder = os.environ.get("DATA", "")
        self.given = prompts_in(Path(folder)) if folder else []
        words = [sentence.split() for sentence in sorted(_sentences())]
        self._left = [one[: len(one) // 2] for one in words]
        self._right = [one[len(one) // 2 :] for one in words]
        vocabulary = {word for one in words for word in one if word.isalpha()}
        self.vocabulary = sorted(filter(is_plain, vocabulary))

    def text(self, number: int) -> str:
        if number < len(self.given):
            return self.given[number]
        chance = Random(number)
        parts = [
            " ".join(
                word if chance.random() > OTHERS else chance.choice(self.vocabulary)
                for word in (*chance.choice(self._left), *chance.choice(self._right))
            )
            for _ in range(chance.choice((1, 2, 2, 3)))
        ]
        if chance.random() < 0.4:
            ending = chance.choice(ENDINGS)
            parts.append(ending.format(chance.randint(2, 99), chance.randint(2, 99)))
        return " ".join(parts)

    def sample(self, edit: str, records: int, at_most: int) -> Iterator[int]:
        """Numbers of texts to edit: long enough, and with numbers where those change."""
        among = min(len(self.given) or records, records)
        numbers = Random(edit).sample(range(among), among)
        return islice((n for n in numbers if self._allows(edit, self.text(n))), at_most)

    def _allows(self, edit: str, text: str) -> bool:
        if is_short(words_of(text)):
            return False
        return edit != "numbers" or NUMBER.search(text) is not None


def prompts_in(folder: Path) -> list[str]:
    """The distinct prompts of the files of examples."""
    found: dict[str, None] = {}
    for name in FILES:
        with gzip.open(folder / name, "rt") as lines:
            for line in lines:
                row = json.loads(line)
                found.update((row[key].strip(), None) for key in KEYS if row.get(key))
    return list(found)


def _sentences() -> set[str]:
    found = set()
    for name in OWN:
        for line in (ROOT / "curation" / "demo" / name).read_text().splitlines():
            for text in _texts(json.loads(line)):
                found.update(re.split(r"(?<=[.?!])\s+", text))
    return {one for one in found if 30 < len(one) < 160 and "\n" not in one}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


# ---- edits -----------------------------------------------------------------------------
EDITS = (
    "case", "typos_3", "words_5", "words_15", "words_30", "polite", "cut_to_70", "numbers",
)  # fmt: skip


def edited(text: str, edit: str, chance: Random, vocabulary: Sequence[str]) -> str:
    """A copy that differs by one edit. Of “numbers”, all are others; else none is, and
    nothing is denied."""
    words = text.split()
    if edit == "case":
        return re.sub(r"[.,?!]", " ", text.swapcase()) + " !"
    if edit == "typos_3":
        return _mistyped(text, chance)
    if edit.startswith("words_"):
        plain = [at for at, word in enumerate(words) if is_plain(word)]
        count = min(_share(len(words), int(edit[6:])), len(plain))
        for at in chance.sample(plain, count):
            words[at] = chance.choice(vocabulary)
    elif edit == "polite":
        return f"{chance.choice(OPENINGS)} {text} {chance.choice(CLOSINGS)}"
    elif edit == "cut_to_70":
        del words[_share(len(words), 70) :]
    else:
        return NUMBER.sub(lambda found: str(int(found[0]) + chance.randint(1, 9)), text)
    return " ".join(words)


def _share(count: int, percent: int) -> int:
    return max(round(count * percent / 100), 1)


def is_plain(word: str) -> bool:
    """Whether it neither counts nor denies."""
    read = duplicates.read(word)
    return not read.numbers and not read.denials


def _mistyped(text: str, chance: Random) -> str:
    while True:
        copy = _with_typos(text, chance)
        one, other = duplicates.read(text), duplicates.read(copy)
        if (one.numbers, one.denials) == (other.numbers, other.denials):
            return copy


def _with_typos(text: str, chance: Random) -> str:
    letters = list(text)
    places = [at for at in range(len(text) - 1) if text[at : at + 2].isalpha()]
    for at in chance.sample(places, 3):
        match chance.randrange(3):
            case 0:
                letters[at], letters[at + 1] = letters[at + 1], letters[at]
            case 1:
                letters[at] = chance.choice("abcdefghijklmnopqrstuvwxyz")
            case _:
                letters[at] = ""
    return "".join(letters)

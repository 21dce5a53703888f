"""Who is named in a text by “@name”. Text and names in, places out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

# Not the sign inside an e-mail address.
SIGN = re.compile(r"(?<![\w.+@-])@(?=\w)")
TOKEN = re.compile(r"[\w.+'’-]*\w")
GOES_ON = re.compile(r"\w|[.+'’-]\w")


class Mention(NamedTuple):
    start: int
    end: int
    named: str  # as it was typed, without the sign
    people: frozenset[int]  # whom it may mean: nobody, one, or several


class _Name(NamedTuple):
    words: str
    is_whole: bool  # a whole name goes before a first name of the same letters
    person: int


def mentions(text: str, people: Iterable[tuple[int, str, str]]) -> Iterator[Mention]:
    """Every “@name” in reading order; `people` are id, name and e-mail address.

    A person is called by the whole name, by a part of it, or by what stands before the @
    of the address. The longest name that fits counts.
    """
    names = [name for person in people for name in _names(*person)]
    for sign in SIGN.finditer(text):
        start = sign.end()
        fitting = [name for name in names if _fits(text, start, name.words)]
        if not fitting:
            token = TOKEN.match(text, start)
            assert token is not None  # a letter stands behind the sign
            yield Mention(sign.start(), token.end(), token.group(), frozenset())
            continue
        best = max((len(name.words), name.is_whole) for name in fitting)
        meant = [name for name in fitting if (len(name.words), name.is_whole) == best]
        end = start + best[0]
        called = frozenset(name.person for name in meant)
        yield Mention(sign.start(), end, text[start:end], called)


def _names(person: int, name: str, email: str) -> Iterator[_Name]:
    yield _Name(email.partition("@")[0].lower(), is_whole=True, person=person)
    if name:
        yield _Name(name.lower(), is_whole=True, person=person)
    for part in name.lower().split():
        yield _Name(part, is_whole=False, person=person)


def _fits(text: str, start: int, words: str) -> bool:
    end = start + len(words)
    return bool(words) and text[start:end].lower() == words and not GOES_ON.match(text, end)

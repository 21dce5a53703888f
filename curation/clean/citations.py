"""Marks that come along with a pasted passage: [1], [citation needed]."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator

from curation.clean.sighting import N_, Sighting

VERSION = 2

# Glued to a word or to the end of a sentence, "Berlin.[4]"; with a space only where nothing
# else of the sentence follows. A list in a program, "[[1], [2]]", is neither.
MARK = re.compile(
    r"""(?: (?<=[^\W\d_]) | (?<=[^\W_][.,;:!?)\]”"’'%]) )
    (?P<space>[ ]?)
    \[ (?: [1-9]\d{0,2} | [a-z] | note[ ]\d{1,2} | nb[ ]\d{1,2}
        | citation[ ]needed | who\? | when\? | clarification[ ]needed ) \]
    (?! \( | \w )""",
    re.VERBOSE,
)
NUMBER = re.compile(r"\d{1,3}")
CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|^(?: {4}|\t).*$", re.DOTALL | re.MULTILINE)
ASSIGNED = re.compile(r"\s*[-+*/<>=!]?=|\[[^\]\d]|\.\w|\s*[-+*/<>]\s*\w")
SENTENCE_GOES_ON = re.compile(r"\s+[^\sA-Z(]|[^\s.,;:!?)\[]")
# What people call a list: "arr[1]" is its second element.
VARIABLE = re.compile(
    r"(?:\b[a-zA-Z]|_\w*|\w\.\w+|\b(?:arr|array|arg[sv]|cells?|data|dp|grid|input|items?|lists?"
    r"|matrix|nums?|numbers|result|row|stack|str(?:ing)?|values?|x[sy]))\Z"
)

# What is in brackets is part of the sentence: "choose [1] or [2]".
SPOKEN = re.compile(
    r"\b(?:and|are|at|choose|from|in|is|item|number|of|option|or|pick|see|step|to)\Z", re.I
)

ADVICE = N_("Marks such as [1] came along with a pasted passage. They can go.")


def seen(text: str) -> Iterator[Sighting]:
    spans = marks(text)
    if spans:
        yield Sighting("citation_marks", VERSION, 0.8, spans, ADVICE)


def marks(text: str) -> list[tuple[int, int]]:
    """Where they stand, with the space before them."""
    code = [match.span() for match in CODE.finditer(text)]
    found = [
        match.span()
        for match in MARK.finditer(text)
        if not _is_within(code, match.start()) and not _is_index(text, match)
    ]
    return found if _are_marks(text, found) else []


def without_marks(text: str) -> str:
    for start, end in reversed(marks(text)):
        text = text[:start] + text[end:]
    return text


def _is_within(spans: list[tuple[int, int]], place: int) -> bool:
    """Of spans in order that do not overlap only the last to begin can hold it."""
    number = bisect(spans, place, key=lambda span: span[0])
    return number > 0 and place < spans[number - 1][1]


def _is_index(text: str, mark: re.Match[str]) -> bool:
    """Whether it rather picks from a list, or names an option to choose."""
    before = text[max(0, mark.start() - 30) : mark.start()]
    if mark["space"]:
        return bool(SENTENCE_GOES_ON.match(text, mark.end()) or SPOKEN.search(before))
    return bool(ASSIGNED.match(text, mark.end()) or VARIABLE.search(before))


def _are_marks(text: str, found: list[tuple[int, int]]) -> bool:
    """One lone letter in brackets is somebody's own words, e.g. an option to choose."""
    return any(
        NUMBER.search(text, start, end) or end - start > len(" [a]") for start, end in found
    )

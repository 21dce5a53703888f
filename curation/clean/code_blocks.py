"""Code in Markdown: fences that are never closed, Python that does not parse."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from markdown_it import MarkdownIt

from curation.clean.sighting import N_, Sighting

VERSION = 1
FENCE = re.compile(r"^[^\S\n]*(?:[>*+-][^\S\n]*|\d+[.)][^\S\n]*){0,4}(?:`{3}|~{3})", re.M)
CLOSING = re.compile(r"[\s>]*(`{3,}|~{3,})\s*\Z")
PYTHON = {"py", "python", "python3"}
# What people show of a session is no program, nor is one with a part left out.
NOT_A_PROGRAM = re.compile(r"^\s*(?:>>>|In \[\d|[!%$]|\.\.\.\s*\S)|^[^#\n]*…", re.M)
PARSED_AT_MOST = 8_000  # characters; the parser goes deep into what is nested

ADVICE_UNCLOSED = N_("A code block is never closed. Put ``` on a line of its own after it.")
ADVICE_PYTHON = N_("This Python code does not parse. Is something missing?")

_BLOCKS = MarkdownIt("zero").enable(["code", "fence", "blockquote", "list"])


class Block(NamedTuple):
    info: str  # the word after the fence, in small letters
    code: str
    first: int  # line of the fence
    last: int  # line that ends it, or the last of the text
    is_closed: bool


def seen(text: str) -> Iterator[Sighting]:
    if not FENCE.search(text):
        return
    places = _places(text)
    found = list(blocks(text))
    unclosed = [places[block.first] for block in found if not block.is_closed]
    if unclosed:
        yield Sighting("code.unclosed", VERSION, 0.8, unclosed, ADVICE_UNCLOSED)
    broken = [
        places[min(block.first + line, block.last)]
        for block in found
        if block.is_closed and block.info in PYTHON and (line := wrong_line(block.code))
    ]
    if broken:
        yield Sighting("code.python", VERSION, 0.5, broken, ADVICE_PYTHON)


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a text in Markdown, those in lists and quotations, too."""
    lines = text.split("\n")
    for token in _BLOCKS.parse(text):
        if token.type != "fence" or token.map is None:
            continue
        first, last = token.map[0], token.map[1] - 1
        info = token.info.strip().lower().partition(" ")[0]
        closing = CLOSING.match(lines[last]) if first < last < len(lines) else None
        is_closed = closing is not None and closing[1].startswith(token.markup)
        yield Block(info, token.content, first, min(last, len(lines) - 1), is_closed)


def wrong_line(code: str) -> int:
    """The line, from 1, at which Python would give up; 0 where it would not."""
    if len(code) > PARSED_AT_MOST or NOT_A_PROGRAM.search(code):
        return 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(textwrap.dedent(code))
        except SyntaxError as wrong:
            return wrong.lineno or 1
        except (ValueError, RecursionError, MemoryError):
            return 0  # NUL characters, or nested beyond what a parser bears
    return 0


def _places(text: str) -> list[tuple[int, int]]:
    """Where each line begins and ends."""
    places, start = [], 0
    for line in text.split("\n"):
        places.append((start, start + len(line)))
        start += len(line) + 1
    return places

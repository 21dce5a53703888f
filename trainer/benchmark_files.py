"""A benchmark as a file: a question a line, with its answer or with options.

{"prompt": "How many legs has a spider?", "answer": "Eight.", "category": "animals"}
{"prompt": "What is blue?", "options": ["Grass", "The sky"], "answer": 1}

`question` stands for `prompt` as well; the right option is named by its number from 0, by
its letter, or by its words.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from curation.errors import BadLine
from curation.uploads import lines_of

MEGABYTES_AT_MOST = 16
QUESTIONS_AT_MOST = 20_000
TEXT_AT_MOST = 20_000  # letters
CATEGORY_AT_MOST = 50
OPTIONS_AT_MOST = 26  # there is a letter for each
FIELDS = {"prompt", "question", "answer", "options", "category", "id"}
PROBLEMS_AT_MOST = 10


class BadFile(BadLine):
    """Some of its lines cannot be taken: a sentence for each of the first."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


class Packed(NamedTuple):
    """A set as it is stored: the same bytes for the same questions."""

    data: bytes
    digest: str
    questions: int
    with_options: int


class Question(NamedTuple):
    """`answer` is the right words, those of an option where there are `options`."""

    prompt: str
    answer: str
    options: tuple[str, ...]
    category: str

    @property
    def right(self) -> int:
        return self.options.index(self.answer)


def read(data: bytes) -> list[Question]:
    """Raises BadFile, or BadLine where it is no text at all."""
    found: dict[Question, int] = {}
    problems: list[str] = []
    for number, line in lines_of(data, at_most=QUESTIONS_AT_MOST):
        try:
            question = _Line(line).question()
            if there := found.get(question):
                raise BadLine("it asks the same as line %(line)d.", line=there)
        except BadLine as problem:
            said = _("Line %(line)d: %(problem)s")
            problems.append(said % {"line": number, "problem": problem})
            if len(problems) == PROBLEMS_AT_MOST:
                raise BadFile([*problems, _("There may be more.")]) from problem
        else:
            found[question] = number
    if problems:
        raise BadFile(problems)
    return list(found)


def packed(questions: Sequence[Question]) -> Packed:
    lines = "".join(
        json.dumps(one._asdict(), ensure_ascii=False, sort_keys=True) + "\n"
        for one in questions
    ).encode()
    return Packed(
        gzip.compress(lines, mtime=0),
        hashlib.sha256(lines).hexdigest(),
        len(questions),
        sum(bool(one.options) for one in questions),
    )


def unpacked(data: bytes) -> list[Question]:
    """Of what `packed` made."""
    lines = gzip.decompress(data).decode().removesuffix("\n").split("\n")
    found = (json.loads(line) for line in lines)
    return [Question(**one | {"options": tuple(one["options"])}) for one in found]


class _Line:
    """One line of the file, as far as it is what it should be."""

    def __init__(self, line: str) -> None:
        try:
            self.found = json.loads(line, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as problem:
            raise BadLine("it is not JSON.") from problem
        if not isinstance(self.found, dict):
            raise BadLine("it is no object in braces.")
        if unknown := sorted(self.found.keys() - FIELDS):
            raise BadLine(
                "there is no field “%(name)s”; known are prompt, answer, options, "
                "category.",
                name=unknown[0][:50],
            )

    def question(self) -> Question:
        name = "prompt" if "prompt" in self.found else "question"
        prompt, options = self._text(name), tuple(self._options())
        category = self._text("category", at_most=CATEGORY_AT_MOST, is_needed=False)
        if not options:
            return Question(prompt, self._text("answer"), (), category)
        return Question(prompt, options[self._right(options)], options, category)

    def _options(self) -> Iterator[str]:
        given = self.found.get("options")
        if given is None:
            return
        if not isinstance(given, list) or not 2 <= len(given) <= OPTIONS_AT_MOST:
            raise BadLine(
                "“options” must be a list of 2 to %(most)d texts.", most=OPTIONS_AT_MOST
            )
        texts = [_checked("options", one, TEXT_AT_MOST) for one in given]
        if not all(texts):
            raise BadLine("one of the options is empty.")
        if len(set(texts)) < len(texts):
            raise BadLine("two of the options are the same.")
        yield from texts

    def _right(self, options: tuple[str, ...]) -> int:
        answer = self.found.get("answer")
        if type(answer) is int and 0 <= answer < len(options):
            return answer
        if isinstance(answer, str):
            said = answer.strip()
            if said in options:
                return options.index(said)
            letter = ord(said.upper()) - ord("A") if len(said) == 1 else -1
            if 0 <= letter < len(options):
                return letter
        raise BadLine(
            "“answer” must be the number of an option from 0, its letter, or its words."
        )

    def _text(
        self, name: str, *, at_most: int = TEXT_AT_MOST, is_needed: bool = True
    ) -> str:
        text = _checked(name, self.found.get(name), at_most)
        if is_needed and not text:
            raise BadLine("“%(name)s” is missing or empty.", name=name)
        return text


def _checked(name: str, value: Any, at_most: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadLine("“%(name)s” must be a text.", name=name)
    if len(value) > at_most:
        raise BadLine(
            "“%(name)s” has %(count)d letters; at most %(most)d fit.",
            name=name,
            count=len(value),
            most=at_most,
        )
    try:
        value.encode()
    except UnicodeEncodeError as problem:
        raise BadLine("“%(name)s” holds half a character.", name=name) from problem
    if "\0" in value:
        raise BadLine("“%(name)s” holds a NUL character.", name=name)
    return value.strip()


def _refuse_constant(name: str) -> None:
    raise ValueError(name)

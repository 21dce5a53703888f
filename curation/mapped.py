"""What the first rows of a file would become, by a format and a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from curation import unfolded
from curation.actions import importing
from curation.actions.arrivals import Problem
from curation.actions.planting import misfit
from curation.errors import BadLine
from curation.formats.format import Format
from curation.formats.registry import LOOKED_AT, Guess, detect, look
from curation.formats.responses import Response
from curation.formats.rows import by_column, named
from curation.formats.trees import Numbered, Tree
from curation.models import Import


@dataclass
class Become:
    """One conversation, or one answer to a prompt, as it would be in the record."""

    number: int
    prompt: str
    reply: str = ""
    context: str = ""
    category: str = ""
    language: str = ""
    generator: str = ""
    more: int = 0  # messages besides these two
    is_ranked: bool = False


@dataclass
class Preview:
    rows: list[Numbered] = field(default_factory=list)
    become: list[Become] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)


def first_rows(found: Import) -> Preview:
    """Those that were unfolded when the file came, and what of them cannot be read."""
    preview = Preview()

    def refuse(number: int, why: BadLine) -> None:
        preview.refused.append(Problem.of(number, why))

    with importing.open_first(found) as lines:
        preview.rows = list(unfolded.read(lines, refuse))
    return preview


def guessed(
    preview: Preview, format: Format | None, among: Mapping[str, Format]
) -> Guess | None:
    """The likeliest format with its mapping; None where no format takes any row."""
    if format is not None:
        return look(preview.rows[:LOOKED_AT], format)
    found = (guess for guess in detect(preview.rows) if guess.format.key in among)
    return next(found, None)


def by(
    preview: Preview, found: Import, format: Format, mapping: Mapping[str, str]
) -> Preview:
    """What becomes of the first rows, and which of them would be refused."""
    shown = Preview(preview.rows, [], list(preview.refused))

    def refuse(number: int, why: BadLine) -> None:
        shown.refused.append(Problem.of(number, why))

    rows = named(preview.rows, format, mapping)
    for number, one in format.read(rows, by_column(refuse, mapping)):
        if isinstance(one, Response):
            shown.become.append(_of_response(number, one))
        elif problem := misfit(found.dataset, one):
            refuse(number, problem)
        else:
            shown.become.append(_of_tree(number, one))
    shown.refused.sort(key=attrgetter("line"))
    return shown


def columns(preview: Preview) -> list[str]:
    """Names in the order in which they come."""
    return list(dict.fromkeys(name for row in preview.rows for name in row.fields))


def _of_response(number: int, one: Response) -> Become:
    return Become(number, one.prompt, one.reply, generator=one.model)


def _of_tree(number: int, tree: Tree) -> Become:
    root = tree.root
    first: Any = root.children[0] if root.children else None
    waiting, count = [root], 0
    while waiting:
        node = waiting.pop()
        waiting += node.children
        count += 1
    return Become(
        number,
        root.text,
        first.text if first else "",
        context=root.context,
        category=tree.category,
        language=root.language,
        generator=first.generator if first else "",
        more=count - (2 if first else 1),
        is_ranked=sum(child.rank is not None for child in root.children) > 1,
    )

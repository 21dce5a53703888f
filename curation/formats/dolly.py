"""Dolly's format: an instruction, perhaps a passage, a response and a category a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from curation.formats import pairs
from curation.formats.format import Field, Format, gettext_noop
from curation.formats.trees import Terms, Tree, each

NAMES = pairs.Names("dolly", "instruction", "context", "response")


def tree(raw: dict[str, Any]) -> Tree:
    return pairs.tree(raw, NAMES)


def rows(tree: Tree, terms: Terms) -> Iterator[dict[str, Any]]:
    for row in pairs.rows(tree, terms, NAMES):
        yield row | {"category": tree.category}


FORMAT = Format(
    key="dolly",
    label=gettext_noop("Dolly pairs"),
    about=gettext_noop("A question, perhaps a passage, an answer and a category a row."),
    fields=(
        Field(
            "instruction",
            gettext_noop("The question."),
            is_required=True,
            also=("prompt", "question", "query", "input", "text"),
        ),
        Field(
            "context",
            gettext_noop("The passage that it stands on."),
            also=("passage", "source", "document"),
        ),
        Field(
            "response",
            gettext_noop("The answer."),
            is_required=True,
            also=("answer", "output", "completion", "reply", "target"),
        ),
        pairs.CATEGORY,
        *pairs.BESIDE,
    ),  # fmt: skip
    read=each(tree),
    write=rows,
    losses=pairs.LOSSES,
)

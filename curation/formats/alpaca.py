"""Alpaca's format: an instruction, perhaps an input, and an output a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from curation.formats import pairs
from curation.formats.format import Field, Format, gettext_noop
from curation.formats.trees import Terms, Tree, each

NAMES = pairs.Names("alpaca", "instruction", "input", "output")


def tree(raw: dict[str, Any]) -> Tree:
    return pairs.tree(raw, NAMES)


def rows(tree: Tree, terms: Terms) -> Iterator[dict[str, Any]]:
    return pairs.rows(tree, terms, NAMES)


FORMAT = Format(
    key="alpaca",
    label=gettext_noop("Alpaca"),
    about=gettext_noop("An instruction, perhaps an input, and an output a row."),
    fields=(
        Field("instruction", gettext_noop("What is to be done."), is_required=True),
        Field("input", gettext_noop("What it is to be done with.")),
        Field("output", gettext_noop("The answer."), is_required=True),
        replace(pairs.CATEGORY, is_written=False),
        *pairs.BESIDE,
    ),
    read=each(tree),
    write=rows,
    losses=(*pairs.LOSSES, gettext_noop("Categories.")),
)

"""TRL's preferences: a prompt, the answer that was chosen, and the one that was not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from typing import Any

from curation.clean.text import tidied
from curation.errors import BadLine
from curation.formats import turns, weave
from curation.formats.completions import PROMPT
from curation.formats.format import Field, Format, gettext_noop
from curation.formats.preferences import sides
from curation.formats.trees import Terms, Tree, order, threads
from curation.formats.weave import Strand


def _strand(raw: dict[str, Any]) -> Strand:
    if raw.get("prompt") is None:
        raw = _explicit(raw)
    question = turns.question(raw, "prompt")
    chosen, rejected = (turns.answer(raw, name) for name in ("chosen", "rejected"))
    if tidied(chosen) == tidied(rejected):
        raise BadLine(
            "“%(name)s” and “%(other)s” are the same.", name="chosen", other="rejected"
        )
    return Strand(question, (chosen, rejected), is_comparison=True, **weave.aside(raw))


def _explicit(raw: dict[str, Any]) -> dict[str, Any]:
    """Without a prompt both answers are whole chats, and it is what they begin with."""
    chosen, rejected = raw.get("chosen"), raw.get("rejected")
    if not isinstance(chosen, list) or not isinstance(rejected, list):
        raise BadLine("“%(name)s” is missing.", name="prompt")
    alike = list(
        takewhile(lambda pair: pair[0] == pair[1], zip(chosen, rejected, strict=False))
    )
    if len(chosen) != len(alike) + 1 or len(rejected) != len(alike) + 1:
        raise BadLine(
            "“%(name)s” and “%(other)s” must differ in their last turn, and no other.",
            name="chosen",
            other="rejected",
        )
    prompt = chosen[: len(alike)]
    return {**raw, "prompt": prompt, "chosen": chosen[-1:], "rejected": rejected[-1:]}


def rows(tree: Tree, terms: Terms) -> Iterator[dict[str, Any]]:
    """A row for each pair of ranked answers that is wanted; of ties there is none."""
    for path in threads(tree.root):
        for better, worse in sides(order(path[-1].children), terms.pairs):
            prompt = turns.written(path)
            for one in better:
                for other in worse:
                    yield {
                        "prompt": prompt,
                        "chosen": turns.written([*path, one])[-1:],
                        "rejected": turns.written([*path, other])[-1:],
                    }


FORMAT = Format(
    key="preference",
    label=gettext_noop("Preferences"),
    about=gettext_noop("A question, the better answer and the worse one a row."),
    fields=(
        replace(PROMPT, is_required=False),  # it may be what both chats begin with
        Field("chosen", gettext_noop("The better answer: a text, or turns."),
              is_required=True, kind="role_content"),
        Field("rejected", gettext_noop("The worse answer: a text, or turns."),
              is_required=True, kind="role_content"),
        weave.TOOLS,
        *weave.ASIDE,
    ),
    read=weave.woven("preference", _strand),
    write=rows,
    losses=(
        *weave.LOSSES,
        gettext_noop("Answers that nobody compared with others."),
        gettext_noop("How many people preferred it, and how clearly."),
    ),
)  # fmt: skip

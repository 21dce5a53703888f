"""A question and its answer a row: what Dolly's and Alpaca's formats have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from curation.clean.text import TEXT_AT_MOST
from curation.formats import jsonl
from curation.formats.format import Field, gettext_noop
from curation.formats.trees import Node, Terms, Tree, spelling


class Names(NamedTuple):
    """What a format calls the parts of a pair."""

    format: str
    prompt: str
    context: str
    reply: str


CATEGORY = Field(
    "category",
    gettext_noop("The category, made where it is missing."),
    also=("topic", "type"),
)
BESIDE = (
    Field("language", gettext_noop("Its language; else the dataset's."), also=("lang",),
          is_written=False),
    Field("model", gettext_noop("The model that wrote the answer."), also=("generator",),
          is_written=False),
)  # fmt: skip
LOSSES = (
    gettext_noop("What was said after the first answer."),
    gettext_noop("Questions without an answer."),
    gettext_noop("Ranks: each answer becomes a row of its own, the best first."),
    gettext_noop("Ids, languages and the names of models."),
)


def tree(raw: dict[str, Any], names: Names) -> Tree:
    """The same pair has the same key in any file."""
    prompt, reply = jsonl.text(raw, names.prompt), jsonl.text(raw, names.reply)
    context = jsonl.optional_text(raw, names.context, at_most=TEXT_AT_MOST)
    category = jsonl.optional_text(raw, "category", at_most=60)
    generator = jsonl.optional_text(raw, "model", at_most=120)
    told = (prompt, context, reply, category, *([generator] if generator else []))
    root = Node(
        key="prompt",
        role="prompter",
        text=prompt,
        context=context,
        language=jsonl.optional_text(raw, "language", at_most=12),
        spelled=spelling(
            text=jsonl.exact(raw, names.prompt), context=jsonl.exact(raw, names.context)
        ),
    )
    answer = Node(
        key="reply",
        role="assistant",
        text=reply,
        language=root.language,
        generator=generator,
        spelled=spelling(text=jsonl.exact(raw, names.reply)),
    )
    root.children.append(answer)
    return Tree(
        key=f"{names.format}:{jsonl.short_hash(*told)}",
        format=names.format,
        root=root,
        category=category,
    )


def rows(tree: Tree, terms: Terms, names: Names) -> Iterator[dict[str, Any]]:
    """A row for each answer to the first question, the best first."""
    del terms
    unranked = len(tree.root.children)
    answers = sorted(
        tree.root.children, key=lambda one: unranked if one.rank is None else one.rank
    )
    for answer in answers:
        yield {
            names.prompt: tree.root.exact_text,
            names.context: tree.root.exact_context,
            names.reply: answer.exact_text,
        }

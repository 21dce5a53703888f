"""TRL's rows of a prompt and a completion, with or without a label that says how good."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from curation.errors import BadLine
from curation.formats import jsonl, turns, weave
from curation.formats.format import Field, Format, gettext_noop
from curation.formats.trees import Node, Terms, Tree, order, threads
from curation.formats.weave import Strand

PROMPT = Field(
    "prompt", gettext_noop("The question: a text, or turns that end with the user's."),
    is_required=True, kind="role_content", also=("question", "instruction"),
)  # fmt: skip
COMPLETION = Field(
    "completion", gettext_noop("The answer: a text, or the assistant's turn."),
    is_required=True, kind="role_content", also=("response", "answer", "output"),
)  # fmt: skip


# ---- prompt and completion -------------------------------------------------------------
def _strand(raw: dict[str, Any]) -> Strand:
    question = turns.question(raw, "prompt")
    return Strand(question, (turns.answer(raw, "completion"),), **weave.aside(raw))


def rows(tree: Tree, terms: Terms) -> Iterator[dict[str, Any]]:
    """A row for each answer, with all that was said before it."""
    del terms
    for path in threads(tree.root):
        if path[-1].role == "assistant":
            yield _row(path)


def _row(path: list[Node]) -> dict[str, Any]:
    said = turns.written(path)
    return {"prompt": said[:-1], "completion": said[-1:]}


FORMAT = Format(
    key="prompt_completion",
    label=gettext_noop("Prompt and completion"),
    about=gettext_noop("A question and the answer to learn from a row."),
    fields=(PROMPT, COMPLETION, weave.TOOLS, *weave.ASIDE),
    read=weave.woven("prompt_completion", _strand),
    write=rows,
    losses=(*weave.LOSSES, gettext_noop("Ranks and verdicts: every answer stands alone.")),
)


# ---- with a label ----------------------------------------------------------------------
def _judged(raw: dict[str, Any]) -> Strand:
    label = jsonl.flag(raw, "label")
    if label is None:
        raise BadLine("“%(name)s” is missing.", name="label")
    return _strand(raw)._replace(good=label)


def judged_rows(tree: Tree, terms: Terms) -> Iterator[dict[str, Any]]:
    """Good: the best of a ranking, and what was accepted. Bad: its worst, and what was not.

    Those between are neither.
    """
    del terms
    labels: dict[int, bool | None] = {}
    for path in threads(tree.root):
        node = path[-1]
        labels |= _labels(node.children)
        if node.role == "assistant":
            label = labels.get(id(node), node.verdict)
            if label is not None:
                yield {**_row(path), "label": label}


def _labels(replies: list[Node]) -> dict[int, bool | None]:
    """Of those that are ranked."""
    groups = order(replies)
    if len(groups) < 2:
        return {}
    found = {id(one): None for group in groups for one in group}
    best, worst = groups[0], groups[-1]
    return found | {id(one): True for one in best} | {id(one): False for one in worst}


UNPAIRED = Format(
    key="unpaired",
    label=gettext_noop("Unpaired preferences"),
    about=gettext_noop("A question, an answer, and whether it is good, a row."),
    fields=(
        PROMPT,
        COMPLETION,
        Field("label", gettext_noop("Whether the answer is good."),
              is_required=True, kind="flag"),
        weave.TOOLS,
        *weave.ASIDE,
    ),
    read=weave.woven("unpaired", _judged),
    write=judged_rows,
    losses=(
        *weave.LOSSES,
        gettext_noop(
            "Ranks: the best answers are good, the worst bad, the others left out."
        ),
        gettext_noop("Answers that stand only in what was said before count as good."),
    ),
)  # fmt: skip

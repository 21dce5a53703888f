"""Chats a row: the lists of messages that most trainers read, and ShareGPT's."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from curation.formats import turns, weave
from curation.formats.format import Field, Format, gettext_noop
from curation.formats.trees import Node, Terms, Tree, nodes, threads
from curation.formats.weave import Strand


def _strand(raw: dict[str, Any], field: str, names: turns.Names) -> Strand:
    return Strand(turns.chat(raw, field, names), **weave.aside(raw))


def rows(
    tree: Tree, terms: Terms, field: str, names: turns.Names
) -> Iterator[dict[str, Any]]:
    """A row for each way down the tree, to the last answer on it."""
    del terms
    goes_on = _with_answers_below(tree.root)
    for path in threads(tree.root):
        if path[-1].role == "assistant" and id(path[-1]) not in goes_on:
            yield {field: turns.written(path, names)}


def _with_answers_below(root: Node) -> set[int]:
    """Turns that are not the last answer on every way through them."""
    family = list(nodes(root))
    found: set[int] = set()
    for node, parent in reversed(family):
        if parent is not None and (node.role == "assistant" or id(node) in found):
            found.add(id(parent))
    return found


LOSSES = (*weave.LOSSES, gettext_noop("Ranks and verdicts: every answer stands alone."))

MESSAGES = Format(
    key="chat",
    label=gettext_noop("Chat messages"),
    about=gettext_noop("A list of turns with “role” and “content” a row."),
    fields=(
        Field("messages", gettext_noop("The turns: system, user, assistant."),
              is_required=True, kind="role_content",
              also=("conversation", "chat", "dialog")),
        weave.TOOLS,
        *weave.ASIDE,
    ),
    read=weave.woven("chat", partial(_strand, field="messages", names=turns.CHAT)),
    write=partial(rows, field="messages", names=turns.CHAT),
    losses=LOSSES,
)  # fmt: skip
SHAREGPT = Format(
    key="sharegpt",
    label=gettext_noop("ShareGPT"),
    about=gettext_noop("A list of turns with “from” and “value” a row."),
    fields=(
        Field("conversations", gettext_noop("The turns: system, human, gpt."),
              is_required=True, kind="from_value", also=("conversation",)),
        Field("id", gettext_noop("Not kept."), is_written=False),
        weave.TOOLS,
        *weave.ASIDE,
    ),
    read=weave.woven(
        "sharegpt", partial(_strand, field="conversations", names=turns.SHAREGPT)
    ),
    write=partial(rows, field="conversations", names=turns.SHAREGPT),
    losses=LOSSES,
)  # fmt: skip

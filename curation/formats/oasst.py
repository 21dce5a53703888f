"""Open Assistant's export: a whole tree of messages a line, replies inside replies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from curation.errors import BadLine
from curation.formats import jsonl

DEPTH_AT_MOST = 100
NODES_AT_MOST = 10_000
REPLIES_AT_MOST = 100  # under one message
NAMESPACE = UUID("3f0c7a52-6d0e-5b7e-9d0c-0a55d6f2b1c4")  # of ids that are not UUIDs
NEXT_ROLE = {"prompter": "assistant", "assistant": "prompter"}


@dataclass(frozen=True)
class Node:
    """One message. `rank` is its place among its siblings, 0 for the best."""

    uid: UUID
    text: str
    role: str  # prompter | assistant
    language: str
    rank: int | None
    generator: str  # the model that wrote it; empty where a person did
    review_result: bool | None
    children: list[Node] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"oasst:{self.uid}"


@dataclass(frozen=True)
class Tree:
    uid: UUID
    is_ready: bool
    root: Node

    @property
    def key(self) -> str:
        return f"oasst:{self.uid}"


def parse(line: str) -> Tree:
    """Deleted messages are left out, with everything that was said below them."""
    raw = jsonl.fields(line)
    prompt = raw.get("prompt")
    if not isinstance(prompt, dict):
        raise BadLine("“prompt” is missing: this is not a line of an Open Assistant tree.")
    if jsonl.flag(prompt, "deleted"):
        raise BadLine("The first prompt is deleted, so nothing of the tree is left.")
    root = _node(prompt, role="prompter")
    _grow(root, prompt)
    tree_id = jsonl.optional_text(raw, "message_tree_id")
    state = jsonl.optional_text(raw, "tree_state")
    return Tree(
        uid=_uid(tree_id) if tree_id else root.uid,
        is_ready=state == "ready_for_export",
        root=root,
    )


def _grow(root: Node, prompt: dict[str, Any]) -> None:
    """Everything below the root. A loop: a file must not decide how deep the stack gets."""
    seen = {root.uid}
    waiting = [(root, prompt, 1)]
    while waiting:
        node, raw, depth = waiting.pop()
        replies = [r for r in jsonl.objects(raw, "replies") if not jsonl.flag(r, "deleted")]
        if replies and depth >= DEPTH_AT_MOST:
            raise BadLine(f"The tree is deeper than {DEPTH_AT_MOST} messages.")
        if len(replies) > REPLIES_AT_MOST:
            raise BadLine(f"A message has more than {REPLIES_AT_MOST} replies.")
        for reply in replies:
            child = _node(reply, role=NEXT_ROLE[node.role])
            if child.uid in seen:
                raise BadLine(f"The message id {child.uid} is there twice.")
            seen.add(child.uid)
            node.children.append(child)
            waiting.append((child, reply, depth + 1))
        if len(seen) > NODES_AT_MOST:
            raise BadLine(f"The tree has more than {NODES_AT_MOST:,} messages.")


def _node(raw: dict[str, Any], *, role: str) -> Node:
    found = jsonl.text(raw, "role")
    if found != role:
        raise BadLine(f"A message has the role “{found[:20]}” where “{role}” is due.")
    generator = ""
    if jsonl.flag(raw, "synthetic"):
        generator = jsonl.optional_text(raw, "model_name", at_most=120) or "unknown model"
    return Node(
        uid=_uid(jsonl.text(raw, "message_id")),
        text=jsonl.text(raw, "text"),
        role=role,
        language=jsonl.optional_text(raw, "lang", at_most=12) or "en",
        rank=jsonl.place(raw, "rank"),
        generator=generator,
        review_result=jsonl.flag(raw, "review_result"),
    )


def _uid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid5(NAMESPACE, text)  # the anonymised exports have other ids

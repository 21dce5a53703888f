"""Open Assistant's export: a whole tree of messages a row, replies inside replies.

What the record has no place for, as emojis, labels and dates, is kept beside each message
as it is, and goes out again. Nulls are left out, as its own export does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from curation.errors import BadLine
from curation.formats import jsonl
from curation.formats.format import Field, Format, gettext_noop
from curation.formats.trees import (
    DEPTH_AT_MOST,
    NEXT_ROLE,
    NODES_AT_MOST,
    REPLIES_AT_MOST,
    Label,
    Node,
    Terms,
    Tree,
    each,
    nodes,
    spelling,
)

FAMILY = "oasst"
NAMESPACE = UUID("3f0c7a52-6d0e-5b7e-9d0c-0a55d6f2b1c4")  # of ids that are not UUIDs
PLAIN_ID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # as a UUID is spelled
OWN = frozenset({"text", "role", "replies", "parent_id"})  # of a message: see `message`
# Fields by which nobody can be told; one that is not known here may hold a name.
TELLS_NOBODY = frozenset({
    "text", "role", "lang", "review_count", "review_result", "deleted", "rank",
    "synthetic", "model_name", "emojis", "labels", "detoxify",
})  # fmt: skip


# ---- in --------------------------------------------------------------------------------
def tree(raw: dict[str, Any]) -> Tree:
    """Deleted messages are left out, with everything that was said below them."""
    prompt = raw.get("prompt")
    if not isinstance(prompt, dict):
        raise BadLine(
            "“%(name)s” is missing: this is not a line of an Open Assistant tree.",
            name="prompt",
        )
    if jsonl.flag(prompt, "deleted"):
        raise BadLine("The first prompt is deleted, so nothing of the tree is left.")
    root = message(prompt, role="prompter")
    _grow(root, prompt)
    return planted(root, jsonl.kept(raw, without=frozenset({"prompt"})))


def planted(root: Node, facts: dict[str, Any]) -> Tree:
    """The tree of a first prompt, with what its file says of the tree."""
    tree_id = jsonl.optional_text(facts, "message_tree_id")
    state = jsonl.optional_text(facts, "tree_state")
    jsonl.optional_text(facts, "origin", at_most=200)
    return Tree(
        key=key_of(tree_id) if tree_id else root.key,
        format=FAMILY,
        root=root,
        is_ready=state == "ready_for_export",
        facts=facts,
    )


def _grow(root: Node, prompt: dict[str, Any]) -> None:
    """Everything below the root. A loop: a file must not decide how deep the stack gets."""
    seen = {root.key}
    waiting = [(root, prompt, 1)]
    while waiting:
        node, raw, depth = waiting.pop()
        replies = [r for r in jsonl.objects(raw, "replies") if not jsonl.flag(r, "deleted")]
        if replies and depth >= DEPTH_AT_MOST:
            raise BadLine("The tree is deeper than %(most)d messages.", most=DEPTH_AT_MOST)
        if len(replies) > REPLIES_AT_MOST:
            raise BadLine("A message has more than %(most)d replies.", most=REPLIES_AT_MOST)
        for reply in replies:
            child = message(reply, role=NEXT_ROLE[node.role])
            if child.key in seen:
                raise BadLine(
                    "The message id %(id)s is there twice.", id=str(reply["message_id"])
                )
            seen.add(child.key)
            node.children.append(child)
            waiting.append((child, reply, depth + 1))
        if len(seen) > NODES_AT_MOST:
            raise BadLine("The tree has more than %(most)s messages.", most=NODES_AT_MOST)


def message(raw: dict[str, Any], *, role: str) -> Node:
    """One message without its replies."""
    found = jsonl.text(raw, "role")
    if found != role:
        raise BadLine(
            "A message has the role “%(role)s” where “%(due)s” is due.",
            role=found[:20],
            due=role,
        )
    for name in ("user_id", "created_date", "model_name"):
        jsonl.optional_text(raw, name, at_most=200)
    jsonl.place(raw, "review_count")
    generator = ""
    if jsonl.flag(raw, "synthetic"):
        generator = jsonl.optional_text(raw, "model_name", at_most=120) or "unknown model"
    return Node(
        key=key_of(jsonl.text(raw, "message_id")),
        text=jsonl.text(raw, "text"),
        role=role,
        language=jsonl.optional_text(raw, "lang", at_most=12),
        rank=jsonl.place(raw, "rank"),
        generator=generator,
        verdict=jsonl.flag(raw, "review_result"),
        facts=jsonl.kept(raw, without=OWN),
        spelled=spelling(text=jsonl.exact(raw, "text")),
    )


def key_of(text: str) -> str:
    """Of a message or tree, by its id in the file; the anonymised exports have any."""
    if PLAIN_ID.fullmatch(text):
        return f"{FAMILY}:{text}"
    try:
        return f"{FAMILY}:{UUID(text)}"
    except ValueError:
        return f"{FAMILY}:{uuid5(NAMESPACE, text)}"


# ---- out -------------------------------------------------------------------------------
def rows(tree: Tree, terms: Terms) -> Iterator[dict[str, Any]]:
    """The whole tree."""
    written: dict[int, dict[str, Any]] = {}
    for node, parent, found in messages(tree, terms):
        found["replies"] = []
        written[id(node)] = found
        if parent is not None:
            written[id(parent)]["replies"].append(found)
    yield {**tree_facts(tree, terms), "prompt": written[id(tree.root)]}


def tree_facts(tree: Tree, terms: Terms) -> dict[str, Any]:
    kept = dict(tree.facts) if tree.format == FAMILY else {}
    root_id = _id(tree, tree.root)
    of_tree = kept.pop("message_tree_id", root_id)
    kept.setdefault("tree_state", "ready_for_export" if tree.is_ready else "growing")
    if terms.names is None:
        return {"message_tree_id": of_tree, **kept}
    known: dict[str, Any] = {
        name: kept[name] for name in ("tree_state", "origin") if name in kept
    }
    return {"message_tree_id": terms.names.of("text", of_tree), **known}


def messages(
    tree: Tree, terms: Terms
) -> Iterator[tuple[Node, Node | None, dict[str, Any]]]:
    """Each message with its parent and as it is written, without its replies."""
    ids: dict[int, str] = {}
    ranks = _ranks(tree.root, is_own=tree.format == FAMILY)
    for node, parent in nodes(tree.root):
        ids[id(node)] = _id(tree, node)
        found: dict[str, Any] = {"message_id": ids[id(node)]}
        if parent is not None:
            found["parent_id"] = ids[id(parent)]
        found |= _said(tree, node, terms)
        if (rank := ranks[id(node)]) is not None:
            found["rank"] = rank
        yield node, parent, _renamed(found, terms)


def _id(tree: Tree, node: Node) -> str:
    if tree.format == FAMILY and "message_id" in node.facts:
        return str(node.facts["message_id"])
    return node.key.removeprefix(f"{FAMILY}:")


def _said(tree: Tree, node: Node, terms: Terms) -> dict[str, Any]:
    """What people decided here since stands before what the file said.

    People of ours go out under other names, or not at all.
    """
    text = node.exact_text
    if node.context:  # it has no field of its own
        text = f"{text}\n\n{node.exact_context}"
    is_own = tree.format == FAMILY and bool(node.facts)
    kept = {
        name: value for name, value in node.facts.items()
        if is_own and name not in {"message_id", "rank", "review_result"}
    }  # fmt: skip
    found = {"text": text, "role": node.role, "lang": node.language, **kept}
    if not is_own:
        found |= {"deleted": False, "synthetic": bool(node.generator)}
        found |= {"model_name": node.generator} if node.generator else {}
        found |= {"created_date": node.at.isoformat()} if node.at else {}
    if node.labels:
        found["labels"] = _labels(kept.get("labels"), node.labels)
    if node.verdict is not None:
        found["review_result"] = node.verdict
    if not is_own and node.author and terms.names is not None:
        found["user_id"] = node.author
    if node.reviews or not is_own:
        found["review_count"] = kept.get("review_count", 0) + node.reviews
    return found


def _labels(told: Any, given: Mapping[str, Label]) -> dict[str, Any]:
    """What was said there and here, each voice as much as any other."""
    found = dict(told) if isinstance(told, dict) else {}
    for name, label in given.items():
        value, count = label.value, label.count
        before: Any = found.get(name)
        if _is_counted(before):
            voices = before["count"] + count
            value = (before["value"] * before["count"] + value * count) / voices
            count = voices
        found[name] = {"value": value, "count": count}
    return found


def _is_counted(label: Any) -> bool:
    """Whether it is a mean of so many voices."""
    if not isinstance(label, dict):
        return False
    value, count = label.get("value"), label.get("count")
    return type(value) in (int, float) and type(count) is int and count >= 0


def _ranks(root: Node, *, is_own: bool) -> dict[int, int | None]:
    """The file's own numbers, as long as people here say the same by them."""
    found: dict[int, int | None] = {id(root): root.facts.get("rank") if is_own else None}
    for node, _parent in nodes(root):
        told = [child.facts.get("rank") if is_own else None for child in node.children]
        now = _dense([child.rank for child in node.children])
        is_settled_here = any(rank is not None for rank in now) and _dense(told) != now
        ranks = now if is_settled_here or not is_own else told
        found |= {id(child): rank for child, rank in zip(node.children, ranks, strict=True)}
    return found


def _dense(ranks: Sequence[int | None]) -> list[int | None]:
    levels = sorted({rank for rank in ranks if rank is not None})
    return [None if rank is None else levels.index(rank) for rank in ranks]


def _renamed(found: dict[str, Any], terms: Terms) -> dict[str, Any]:
    """Under the names of one export, dates cut to their month."""
    names = terms.names
    if names is None:
        return found
    kinds = {"message_id": "text", "parent_id": "text", "user_id": "person"}
    renamed = {
        name: names.of(kind, found[name]) for name, kind in kinds.items() if name in found
    }
    if "created_date" in found:
        renamed["created_date"] = found["created_date"][:7]
    return renamed | {name: found[name] for name in found if name in TELLS_NOBODY}


TREE = Format(
    key="oasst",
    label=gettext_noop("Open Assistant trees"),
    about=gettext_noop(
        "A whole conversation a row; its messages are as in the format of single messages."
    ),
    fields=(
        Field("message_tree_id", gettext_noop("The id of the tree."), also=("tree_id",)),
        Field("tree_state", gettext_noop("How far it is: “ready_for_export” is done.")),
        Field(
            "prompt",
            gettext_noop("The first message; each has its replies inside it."),
            is_required=True,
            kind="object",
        ),
        Field("origin", gettext_noop("Where the tree comes from.")),
    ),
    read=each(tree),
    write=rows,
    files=("jsonl", "json"),
    losses=(
        gettext_noop("Messages that are marked as deleted, and what was said below them."),
        gettext_noop("A passage becomes part of the question that stands on it."),
        gettext_noop("Categories."),
        gettext_noop("Single reviews and ballots: their counts and the common order stay."),
    ),
    is_of_trees=True,
)

"""Open Assistant's messages a row each, as its data set on the Hub has them.

The rows of a tree stand together. Emojis and labels are lists side by side there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from curation.errors import BadLine
from curation.formats import jsonl, oasst
from curation.formats.format import Field, Format, gettext_noop
from curation.formats.trees import (
    DEPTH_AT_MOST,
    NEXT_ROLE,
    NODES_AT_MOST,
    REPLIES_AT_MOST,
    Line,
    Node,
    Numbered,
    Refuse,
    Rows,
    Terms,
    Tree,
)

OF_TREE = ("message_tree_id", "tree_state", "origin")
BY_NAME = {"emojis": ("count",), "labels": ("value", "count")}  # lists beside `name`


# ---- in --------------------------------------------------------------------------------
def read(rows: Rows, refuse: Refuse) -> Iterator[Line]:
    """A tree when its last row was seen; what hangs on a refused row is refused as well."""
    group: list[Numbered] = []
    for row in rows:
        if group and _tree_id(row.fields) != _tree_id(group[0].fields):
            yield from _trees(group, refuse)
            group = []
        if len(group) < NODES_AT_MOST:
            group.append(row)
        else:
            many = BadLine("The tree has more than %(most)s messages.", most=NODES_AT_MOST)
            refuse(row.number, many)
    yield from _trees(group, refuse)


def _tree_id(fields: Mapping[str, Any]) -> str:
    """Without an id, a message without a parent begins a tree of its own."""
    found = fields.get("message_tree_id")
    return found if isinstance(found, str) else ""


def _trees(group: list[Numbered], refuse: Refuse) -> Iterator[Line]:
    below: dict[str, list[Numbered]] = defaultdict(list)
    for row in group:
        parent = row.fields.get("parent_id")
        below[parent if isinstance(parent, str) else ""].append(row)
    seen: set[str] = set()
    for root in below.pop("", []):
        try:
            if jsonl.flag(root.fields, "deleted"):
                raise BadLine("The first prompt is deleted, so nothing of it is left.")
            node = _message(root.fields, "prompter", seen)
            of_tree = {name: root.fields.get(name) for name in OF_TREE}
            tree = oasst.planted(node, jsonl.kept(of_tree, without=frozenset()))
        except BadLine as problem:
            refuse(root.number, problem)
        else:
            _grow(node, below, seen, refuse)
            yield Line(root.number, tree)
    for number, fields in (row for rows in below.values() for row in rows):
        parent = str(fields.get("parent_id"))[:60]
        refuse(
            number, BadLine("The message %(id)s that it answers is not there.", id=parent)
        )


def _grow(
    root: Node, below: dict[str, list[Numbered]], seen: set[str], refuse: Refuse
) -> None:
    """Everything below the root; its rows are taken out of `below`."""
    waiting = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        for number, fields in below.pop(str(node.facts["message_id"]), []):
            try:
                if jsonl.flag(fields, "deleted"):
                    _leave_out(fields, below)
                    continue
                if depth >= DEPTH_AT_MOST:
                    raise BadLine(
                        "The tree is deeper than %(most)d messages.", most=DEPTH_AT_MOST
                    )
                if len(node.children) >= REPLIES_AT_MOST:
                    raise BadLine(
                        "A message has more than %(most)d replies.", most=REPLIES_AT_MOST
                    )
                child = _message(fields, NEXT_ROLE[node.role], seen)
            except BadLine as problem:
                refuse(number, problem)
            else:
                node.children.append(child)
                waiting.append((child, depth + 1))


def _leave_out(fields: dict[str, Any], below: dict[str, list[Numbered]]) -> None:
    """What was said below a deleted message goes with it, as in a tree."""
    waiting = [fields]
    while waiting:
        gone = str(waiting.pop().get("message_id"))
        waiting += [row.fields for row in below.pop(gone, [])]


def _message(fields: dict[str, Any], role: str, seen: set[str]) -> Node:
    raw = {name: value for name, value in fields.items() if name not in OF_TREE}
    for name, lists in BY_NAME.items():
        if isinstance(raw.get(name), dict) and isinstance(raw[name].get("name"), list):
            raw[name] = _by_name(raw[name], lists, name)
    node = oasst.message(raw, role=role)
    if node.key in seen:
        raise BadLine("The message id %(id)s is there twice.", id=str(fields["message_id"]))
    seen.add(node.key)
    return node


def _by_name(found: dict[str, Any], lists: tuple[str, ...], name: str) -> dict[str, Any]:
    names: list[Any] = found["name"]
    sides: list[Any] = [found.get(one) for one in lists]
    if not all(isinstance(side, list) and len(side) == len(names) for side in sides):
        raise BadLine("“%(name)s” has lists of different lengths.", name=name)
    if not all(isinstance(one, str) for one in names):
        raise BadLine("“%(name)s” has a name that is no text.", name=name)
    if len(lists) == 1:
        return dict(zip(names, sides[0], strict=True))
    of_each = zip(*sides, strict=True)
    spread = [dict(zip(lists, of, strict=True)) for of in of_each]
    return dict(zip(names, spread, strict=True))


# ---- out -------------------------------------------------------------------------------
def rows(tree: Tree, terms: Terms) -> Iterator[dict[str, Any]]:
    """A parent before its replies."""
    of_tree = oasst.tree_facts(tree, terms)
    for _node, _parent, found in oasst.messages(tree, terms):
        for name, lists in BY_NAME.items():
            if isinstance(found.get(name), dict):
                found[name] = _side_by_side(found[name], lists)
        yield found | of_tree


def _side_by_side(found: dict[str, Any], lists: tuple[str, ...]) -> dict[str, Any]:
    if len(lists) == 1:
        return {"name": list(found), lists[0]: list(found.values())}
    names = set(lists)
    if not all(isinstance(one, dict) and one.keys() == names for one in found.values()):
        return found  # as it came
    sides = {of: [one[of] for one in found.values()] for of in lists}
    return {"name": list(found), **sides}


FORMAT = Format(
    key="oasst_messages",
    label=gettext_noop("Open Assistant messages"),
    about=gettext_noop("A message a row; the rows of a conversation stand together."),
    fields=(
        Field(
            "message_id",
            gettext_noop("The id of the message."),
            is_required=True,
            also=("id", "user_message_id"),
        ),
        Field(
            "parent_id",
            gettext_noop("What it answers; empty for a first prompt."),
            also=("parent", "parent_message_id"),
        ),
        Field("message_tree_id", gettext_noop("The conversation that it belongs to.")),
        Field("text", gettext_noop("What was said."), is_required=True),
        Field("role", gettext_noop("“prompter” or “assistant”."), is_required=True),
        Field("lang", gettext_noop("Its language."), also=("language",)),
        Field(
            "rank", gettext_noop("Its place among the answers, 0 the best."), kind="number"
        ),
        Field("review_result", gettext_noop("Whether it was accepted."), kind="flag"),
        Field("review_count", gettext_noop("How many people reviewed it."), kind="number"),
        Field("deleted", gettext_noop("Whether it was taken away."), kind="flag"),
        Field("synthetic", gettext_noop("Whether a model wrote it."), kind="flag"),
        Field("model_name", gettext_noop("Which model wrote it.")),
        Field("user_id", gettext_noop("Who wrote it.")),
        Field("created_date", gettext_noop("When it was written.")),
        Field("emojis", gettext_noop("How often each sign was given."), kind="object"),
        Field("labels", gettext_noop("What people said of it."), kind="object"),
        Field("detoxify", gettext_noop("How rude a model finds it."), kind="object"),
        Field("events", gettext_noop("What happened to it."), kind="object"),
        Field("tree_state", gettext_noop("How far the conversation is.")),
        Field("origin", gettext_noop("Where the conversation comes from.")),
    ),  # fmt: skip
    read=read,
    write=rows,
    losses=(
        *oasst.TREE.losses,
        gettext_noop("In CSV and Parquet, fields that Open Assistant does not have."),
    ),
    is_of_trees=True,
)

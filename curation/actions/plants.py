"""Trees as they will stand in the record, all but their numbers and sides: no query is made
here, so a thread makes them ready while the server is busy with the ones before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from curation.actions.arrivals import Job, category_slug, opened, unwritten
from curation.actions.lookalikes import Drawn, drawn
from curation.actions.unwritten import Unwritten
from curation.formats.trees import Line, Node, Tree, beside, nodes
from curation.models import Conversation, Message
from curation.spelled import as_json

State = Message.State
Orders = dict[Unwritten, dict[Unwritten, int]]  # of a prompt: the places of its answers


@dataclass(slots=True)
class Plant:
    """What a tree becomes."""

    line: Line
    conversation: Conversation
    messages: list[Unwritten]  # a parent before its replies
    orders: Orders
    beside: list[tuple[Unwritten, str]]  # JSON that the record has no place for

    @property
    def tree(self) -> Tree:
        found: Tree = self.line.found
        return found


class Plants(NamedTuple):
    """Of one batch."""

    plants: list[Plant]
    sketches: dict[str, Drawn]  # by a first prompt's text


def plants(job: Job, lines: list[Line]) -> Plants:
    texts = (line.found.root.text for line in lines)
    return Plants([_plant(job, line) for line in lines], drawn(texts))


def _plant(job: Job, line: Line) -> Plant:
    tree: Tree = line.found
    root = tree.root
    conversation = opened(job, tree.key, root.text, language=root.language)
    plant = Plant(line, conversation, [], {}, [])
    became: dict[int, Unwritten] = {}
    for node, parent in nodes(root):
        above = became[id(parent)] if parent is not None else None
        one = became[id(node)] = _message(job, plant, node, above)
        plant.messages.append(one)
        if kept := _beside(node, tree):
            plant.beside.append((one, as_json(kept)))
    for node, _parent in nodes(root):
        if len(places := _places(node)) > 1:
            orders = {became[id(reply)]: place for reply, place in places}
            plant.orders[became[id(node)]] = orders
    return plant


def _message(job: Job, plant: Plant, node: Node, parent: Unwritten | None) -> Unwritten:
    # Prompts that were written for a tree, not drawn into it, never got a verdict.
    is_given = node.verdict is None and parent is None and plant.tree.is_ready
    return unwritten(
        job,
        plant.conversation,
        key=node.key,
        parent=parent,
        role=node.role,
        text=node.text,
        context=node.context,
        language=node.language,
        generator=node.generator,
        state=job.state if node.verdict or is_given else State.SUBMITTED,
    )


def _beside(node: Node, tree: Tree) -> dict[str, Any]:
    """What the record has no place for."""
    kept = beside(node, tree)
    if node is tree.root and tree.category:
        slug = category_slug(tree.category)
        if slug != tree.category:
            kept["category"] = {slug: tree.category}  # as the file spells it
    return kept


def _places(prompt: Node) -> list[tuple[Node, int]]:
    """Of the answers that are ranked, 1 for the best."""
    if prompt.role != Message.Role.PROMPTER:
        return []
    ranked = [(child, child.rank) for child in prompt.children if child.rank is not None]
    levels = sorted({rank for _child, rank in ranked})
    return [(child, levels.index(rank) + 1) for child, rank in ranked]

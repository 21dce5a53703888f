"""What follows from trees alone, whatever the record holds: made while its server works."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from curation.actions.arrivals import Job, category_slug
from curation.actions.lookalikes import Drawn, drawn
from curation.aggregate.splits import prompt_key
from curation.formats.trees import Line, Node, Tree, beside, nodes
from curation.spelled import as_json


@dataclass(slots=True)
class Plants:
    """Of the trees of one batch. What is of a node or a tree is found by its id()."""

    lines: list[Line]
    uids: dict[int, UUID] = field(default_factory=dict)  # of trees and of nodes
    beside: dict[int, str] = field(default_factory=dict)  # JSON; of nodes that have some
    prompt_keys: dict[int, str] = field(default_factory=dict)  # of trees
    sketches: dict[str, Drawn] = field(default_factory=dict)  # by a first prompt's text


def plants(job: Job, lines: list[Line]) -> Plants:
    """No query: a thread may make them."""
    found = Plants(lines)
    trees: list[Tree] = [line.found for line in lines]
    for tree in trees:
        found.uids[id(tree)] = job.uid(tree.key)
        found.prompt_keys[id(tree)] = prompt_key(job.dataset.slug, tree.root.text)
        for node, _parent in nodes(tree.root):
            found.uids[id(node)] = job.uid(tree.key, node.key)
            if kept := _beside(node, tree):
                found.beside[id(node)] = as_json(kept)
    found.sketches = drawn(tree.root.text for tree in trees)
    return found


def _beside(node: Node, tree: Tree) -> dict[str, Any]:
    """What the record has no place for."""
    kept = beside(node, tree)
    if node is tree.root and tree.category:
        slug = category_slug(tree.category)
        if slug != tree.category:
            kept["category"] = {slug: tree.category}  # as the file spells it
    return kept

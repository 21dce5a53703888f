"""What every format is read into and written from: a tree of turns.

A turn has what the record has a place for, and beside it what only its format knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Self

from curation.clean.text import tidied
from curation.errors import BadLine
from curation.formats.preferences import Policy
from curation.formats.pseudonyms import Pseudonyms

DEPTH_AT_MOST = 100
NODES_AT_MOST = 10_000
REPLIES_AT_MOST = 100  # under one message
NEXT_ROLE = {"prompter": "assistant", "assistant": "prompter"}


@dataclass(frozen=True, slots=True)
class Label:
    """What some people say by one label: their mean, from 0 to 1."""

    value: float
    count: int


@dataclass(slots=True)
class Node:
    """One turn. `rank` is its place among its siblings, 0 for the best; equal ones tie."""

    key: str  # the same for the same turn in any file
    role: str  # prompter | assistant
    text: str
    context: str = ""  # the passage that a prompt stands on
    is_instruction: bool = False  # the context tells the model how to behave
    language: str = ""
    rank: int | None = None
    generator: str = ""  # the model that wrote it; empty where a person did
    verdict: bool | None = True  # None where nobody decided
    facts: dict[str, Any] = field(default_factory=dict)  # what else its format says
    spelled: dict[str, str] = field(default_factory=dict)  # where tidying changed a text
    author: str = ""  # the number of a person of ours
    at: datetime | None = None
    reviews: int = 0  # how many people here reviewed it
    labels: dict[str, Label] = field(default_factory=dict)  # what they said of it
    children: list[Node] = field(default_factory=list)

    @property
    def exact_text(self) -> str:
        return self.spelled.get("text", self.text)

    @property
    def exact_context(self) -> str:
        return self.spelled.get("context", self.context)


@dataclass(slots=True)
class Tree:
    key: str
    format: str  # whose facts they are: that of the file it came from, or none
    root: Node
    category: str = ""
    is_ready: bool = False
    facts: dict[str, Any] = field(default_factory=dict)


class Numbered(NamedTuple):
    """A row of a file, and where it stands: its line, or which one it is."""

    number: int
    fields: dict[str, Any]


class Spelled(Numbered):
    """A row with the text that it was read from: JSON without a line break."""

    def __new__(cls, number: int, fields: dict[str, Any], text: str) -> Self:
        row = super().__new__(cls, number, fields)
        row.text = text
        return row

    text: str


class Line(NamedTuple):
    number: int
    found: Any  # a Tree; of the format “responses” a Response


class Terms(NamedTuple):
    """How an export is written."""

    pairs: Policy = "all"
    names: Pseudonyms | None = None  # None: ids and dates go out as they are


Rows = Iterable[Numbered]
Refuse = Callable[[int, BadLine], None]
Reader = Callable[[Rows, Refuse], Iterator[Line]]
Writer = Callable[[Tree, Terms], Iterator[dict[str, Any]]]


def spelling(**exact: str) -> dict[str, str]:
    """What of the texts is stored in other characters than the file has."""
    return {name: text for name, text in exact.items() if tidied(text) != text}


def nodes(root: Node) -> Iterator[tuple[Node, Node | None]]:
    """Each turn with its parent, a parent before its children, in the file's order."""
    waiting: list[tuple[Node, Node | None]] = [(root, None)]
    while waiting:
        node, parent = waiting.pop()
        yield node, parent
        waiting += [(child, node) for child in reversed(node.children)]


def threads(root: Node) -> Iterator[list[Node]]:
    """The path from the first prompt to each turn, in the same order."""
    waiting = [[root]]
    while waiting:
        path = waiting.pop()
        yield path
        waiting += [[*path, child] for child in reversed(path[-1].children)]


def order(replies: Sequence[Node]) -> list[list[Node]]:
    """Those that are ranked, best first; a group is a tie."""
    groups: dict[int, list[Node]] = {}
    for reply in replies:
        if reply.rank is not None:
            groups.setdefault(reply.rank, []).append(reply)
    return [groups[rank] for rank in sorted(groups)]


# ---- what stands beside a turn in the database -------------------------------------------
def beside(node: Node, tree: Tree) -> dict[str, Any]:
    """What the record has no place for, as plain JSON; nothing where that is nothing."""
    is_root = node is tree.root
    found = {
        "facts": node.facts,
        "spelled": node.spelled,
        "tree": tree.facts if is_root else {},
        "is_instruction": node.is_instruction,
    }
    kept = {name: value for name, value in found.items() if value}
    if node.verdict is not True:
        kept["verdict"] = node.verdict
    return kept


def put_beside(node: Node, kept: dict[str, Any]) -> None:
    """The reverse; the verdict is the caller's, as people may have decided since."""
    node.facts = kept.get("facts", {})
    node.spelled = kept.get("spelled", {})
    node.is_instruction = kept.get("is_instruction", False)


def each(build: Callable[[dict[str, Any]], Any]) -> Reader:
    """A reader of a format in which every row stands for itself."""

    def read(rows: Rows, refuse: Refuse) -> Iterator[Line]:
        for number, fields in rows:
            try:
                yield Line(number, build(fields))
            except BadLine as problem:
                refuse(number, problem)

    return read

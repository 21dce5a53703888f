"""Rows that begin alike become one tree: chats and their answers, and which is better.

Only rows that stand together are put together: a file is read once, and never whole.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any, NamedTuple

from curation.clean.text import tidied
from curation.errors import BadLine
from curation.formats import jsonl
from curation.formats.format import Field, gettext_noop
from curation.formats.pairs import BESIDE, CATEGORY
from curation.formats.trees import Line, Node, Reader, Refuse, Rows, Tree, nodes, spelling
from curation.formats.turns import Chat, Said

ROWS_AT_MOST, CHARACTERS_AT_MOST = 200, 8_000_000  # of one tree
ASIDE = (
    replace(CATEGORY, is_written=False),
    *BESIDE,
)
TOOLS = Field(
    "tools", gettext_noop("Refused where there are any."), kind="object", is_written=False
)
LOSSES = (
    gettext_noop("Questions without an answer."),
    gettext_noop("Two equal answers to one question become one."),
    gettext_noop("A passage becomes part of the question that stands on it."),
    gettext_noop("Ids, categories, languages and the names of models."),
)


class Strand(NamedTuple):
    """What one row says: a chat, answers to its last turn, and that one is the better.

    `good` is of each answer: whether the file calls it good, or None. Of two answers of a
    comparison the first is preferred.
    """

    chat: Chat
    answers: tuple[str, ...] = ()
    good: bool | None = True
    is_comparison: bool = False
    category: str = ""
    language: str = ""
    generator: str = ""


class _Numbered(NamedTuple):
    number: int
    strand: Strand


def aside(raw: dict[str, Any]) -> dict[str, Any]:
    """What may stand beside a chat in any of these formats."""
    return {
        "category": jsonl.optional_text(raw, "category", at_most=60),
        "language": jsonl.optional_text(raw, "language", at_most=12),
        "generator": jsonl.optional_text(raw, "model", at_most=120),
    }


def woven(format: str, strand: Callable[[dict[str, Any]], Strand]) -> Reader:
    """A reader of rows that are strands of trees."""

    def read(rows: Rows, refuse: Refuse) -> Iterator[Line]:
        group: list[_Numbered] = []
        size = 0
        for number, fields in rows:
            try:
                found = _Numbered(number, strand(fields))
            except BadLine as problem:
                refuse(number, problem)
                continue
            if group and (size > CHARACTERS_AT_MOST or not _belong_together(group, found)):
                yield from _trees(format, group)
                group, size = [], 0
            group.append(found)
            size += sum(len(turn.text) for turn in found.strand.chat.turns)
        if group:
            yield from _trees(format, group)

    return read


def _belong_together(group: Sequence[_Numbered], found: _Numbered) -> bool:
    first, other = group[0].strand, found.strand
    return (
        len(group) < ROWS_AT_MOST
        and first.chat.turns[0] == other.chat.turns[0]
        and first.chat.system == other.chat.system
        and (first.category, first.language) == (other.category, other.language)
    )


def _trees(format: str, group: Sequence[_Numbered]) -> Iterator[Line]:
    """One tree, or a tree a row where their preferences add up to no order."""
    together = _Loom(format)
    for one in group:
        together.add(one.strand)
    if together.is_ordered():
        yield Line(group[0].number, together.tree())
        return
    for one in group:
        alone = _Loom(format)
        alone.add(one.strand)
        yield Line(one.number, alone.tree())


class _Loom:
    def __init__(self, format: str) -> None:
        self.format = format
        self.root: Node | None = None
        self.category = ""
        self.better: dict[int, set[tuple[int, int]]] = defaultdict(set)  # by prompt
        self.nodes: dict[int, Node] = {}
        self.judged: dict[int, bool | None] = {}

    def add(self, strand: Strand) -> None:
        self.category = strand.category
        node: Node | None = None
        for turn in strand.chat.turns:
            node = self._turn(node, turn, strand)
        assert node is not None  # a chat has a turn
        answers = []
        for text in strand.answers:
            answers.append(self._turn(node, Said("assistant", text), strand))
            self._judge(answers[-1], strand.good)
        if strand.is_comparison:
            chosen, rejected = answers
            self.better[id(node)].add((id(chosen), id(rejected)))

    def _judge(self, answer: Node, good: bool | None) -> None:  # noqa: FBT001
        """Where rows say both of the same answer, nobody knows."""
        said = self.judged.setdefault(id(answer), good)
        answer.verdict = good if said == good else None

    def _turn(self, above: Node | None, said: Said, strand: Strand) -> Node:
        """The same words under the same turn are the same turn."""
        text = tidied(said.text)
        if above is None and self.root is not None:
            return self.root
        for child in above.children if above is not None else ():
            if child.text == text:
                return child
        made = Node(
            key="",
            role=said.role,
            text=text,
            language=strand.language,
            generator=strand.generator if said.role == "assistant" else "",
            spelled=spelling(text=said.text),
        )
        self.nodes[id(made)] = made
        if above is not None:
            above.children.append(made)
        else:
            made.context = tidied(strand.chat.system)
            made.is_instruction = bool(made.context)
            made.spelled |= spelling(context=strand.chat.system)
            self.root = made
        return made

    def is_ordered(self) -> bool:
        """Whether the comparisons under each prompt are those of one order with ties.

        Then who is better than others is better than exactly the ones of later places.
        """
        for pairs in self.better.values():
            ranks = _ranks(pairs)
            if ranks is None:
                return False
            above = _above(pairs)
            of = permutations(ranks, 2)
            if any((ranks[a] < ranks[b]) != (b in above[a]) for a, b in of):
                return False
        return True

    def tree(self) -> Tree:
        assert self.root is not None  # something was added
        for pairs in self.better.values():
            for of, rank in (_ranks(pairs) or {}).items():
                self.nodes[of].rank = rank
        for node, parent in nodes(self.root):
            told = (parent.key if parent else "", node.role, node.text, node.generator)
            node.key = f"turn:{jsonl.short_hash(*told)}"
        whole = [(one.key, one.rank, one.verdict) for one, _ in nodes(self.root)]
        around = (self.root.context, self.category, json.dumps(whole))
        key = f"{self.format}:{jsonl.short_hash(*around)}"
        return Tree(key=key, format=self.format, root=self.root, category=self.category)


def _above(pairs: set[tuple[int, int]]) -> dict[int, set[int]]:
    """Of each answer: all that it is better than, directly or by way of others."""
    below: dict[int, set[int]] = defaultdict(set)
    for better, worse in pairs:
        below[better].add(worse)
    found: dict[int, set[int]] = {}
    for start in {one for pair in pairs for one in pair}:
        reached: set[int] = set()
        waiting = [start]
        while waiting:
            fresh = below[waiting.pop()] - reached
            reached |= fresh
            waiting += fresh
        found[start] = reached
    return found


def _ranks(pairs: set[tuple[int, int]]) -> dict[int, int] | None:
    """How many places are better than each answer's; None where they go in a circle."""
    above = _above(pairs)
    if any(one in better_than for one, better_than in above.items()):
        return None
    # In an order with ties, those of one place are better than equally many.
    levels = sorted({len(better_than) for better_than in above.values()}, reverse=True)
    return {one: levels.index(len(better_than)) for one, better_than in above.items()}

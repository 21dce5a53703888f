"""Preferences as the model sees them: the rows of each reply, and which beats which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import torch

from trainer.recipes.chat import Row, Turn, prompt_room, row_of, split, unfit
from trainer.recipes.preferences import Before, Preferences, Ranked
from trainer.recipes.scoring import padded


@dataclass(frozen=True)
class Item:
    """Replies to one prompt, all after the same tokens of it."""

    id: str
    group: str
    category: str
    rows: list[Row]
    pairs: list[Before]

    @property
    def tokens(self) -> int:
        return sum(len(row.ids) for row in self.rows)

    @property
    def width(self) -> int:
        return max(len(row.ids) for row in self.rows)


@dataclass
class Items:
    kept: list[Item] = field(default_factory=list)
    dropped: list[dict[str, str]] = field(default_factory=list)

    @property
    def cut(self) -> int:
        return sum(any(row.is_cut for row in item.rows) for item in self.kept)


def render_items(tokenizer: Any, found: Preferences, max_length: int) -> Items:
    items = Items(dropped=list(found.dropped))
    for ranked in found.kept:
        item = _item(tokenizer, ranked, max_length, items.dropped)
        if item.pairs:
            items.kept.append(item)
        else:
            reason = "fewer than two different replies are left to compare"
            items.dropped.append({"id": ranked.id, "reason": reason})
    return items


def _item(
    tokenizer: Any, ranked: Ranked, max_length: int, dropped: list[dict[str, str]]
) -> Item:
    by_place = rows_by_place(tokenizer, ranked, max_length, dropped)
    rows = list(by_place.values())
    there = {place: number for number, place in enumerate(by_place)}
    pairs = [
        Before(there[better], there[worse], share)
        for better, worse, share in ranked.pairs
        if better in there and worse in there
    ]
    # Cut, two long replies may have become one.
    pairs = [pair for pair in pairs if rows[pair.better].ids != rows[pair.worse].ids]
    return Item(ranked.id, ranked.group, ranked.category, rows, pairs)


def rows_by_place(
    tokenizer: Any, ranked: Ranked, max_length: int, dropped: list[dict[str, str]]
) -> dict[int, Row]:
    """Of the replies that can be read. The prompt is cut alike for all: what follows it
    must be all that differs."""
    parts: dict[int, tuple[list[int], list[int]]] = {}
    for place, reply in enumerate(ranked.replies):
        said: Turn = {"role": "assistant", "content": reply.content}
        if reason := unfit(tokenizer, [*ranked.prompt, said]):
            dropped.append({"id": reply.id or ranked.id, "reason": reason})
        else:
            parts[place] = split(tokenizer, ranked.prompt, said)
    longest = max((len(reply) for _, reply in parts.values()), default=0)
    shortest = min((len(prompt) for prompt, _ in parts.values()), default=0)
    room = prompt_room(shortest, longest, max_length)
    return {
        place: row_of(
            ranked.replies[place].id, ranked.category, prompt, reply, room, max_length
        )
        for place, (prompt, reply) in parts.items()
    }


def flat(items: Iterable[Item]) -> list[Row]:
    return [row for item in items for row in item.rows]


class Collator:
    """A batch of items: their rows one below the other, and the pairs as row numbers.

    Each item weighs the same, however many pairs it has.
    """

    def __init__(self, pad: int) -> None:
        self.pad = pad

    def __call__(self, items: list[Item]) -> dict[str, torch.Tensor]:
        ids, mask, learned = padded(flat(items), self.pad, torch.device("cpu"))
        starts = [0, *accumulate(len(item.rows) for item in items)]
        pairs = [
            (start + better, start + worse, share, 1 / (len(item.pairs) * len(items)))
            for start, item in zip(starts, items, strict=False)
            for better, worse, share in item.pairs
        ]
        better, worse, shares, weights = zip(*pairs, strict=True)
        return {
            "input_ids": ids,
            "attention_mask": mask,
            "learned": learned,
            "better": torch.tensor(better),
            "worse": torch.tensor(worse),
            "shares": torch.tensor(shares),
            "weights": torch.tensor(weights),
        }

"""Single judgements as the model sees them: each reply, and another's after its prompt."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from trainer.recipes.chat import Row, Turn, prompt_room, row_of, split, unfit
from trainer.recipes.preferences import Judged


@dataclass(frozen=True)
class Single:
    """`rows`: the reply itself; and after its prompt, what somebody said elsewhere."""

    id: str
    is_good: bool
    rows: list[Row]

    @property
    def tokens(self) -> int:
        return len(self.rows[0].ids)

    @property
    def width(self) -> int:
        return max(len(row.ids) for row in self.rows)


@dataclass
class Singles:
    kept: list[Single] = field(default_factory=list)
    dropped: list[dict[str, str]] = field(default_factory=list)

    @property
    def good(self) -> int:
        return sum(single.is_good for single in self.kept)

    @property
    def cut(self) -> int:
        return sum(single.rows[0].is_cut for single in self.kept)


def render_singles(
    tokenizer: Any, found: Sequence[Judged], max_length: int, dice: random.Random
) -> Singles:
    """Which reply stands in for which is drawn once, so what was said of it is kept."""
    singles = Singles()
    parts: list[tuple[Judged, list[int], list[int]]] = []
    for judged in found:
        said: Turn = {"role": "assistant", "content": judged.reply}
        if reason := unfit(tokenizer, [*judged.prompt, said]):
            singles.dropped.append({"id": judged.id, "reason": reason})
        else:
            parts.append((judged, *split(tokenizer, judged.prompt, said)))
    others = list(range(len(parts)))
    dice.shuffle(others)
    for place, number in enumerate(others):
        judged, prompt, reply = parts[number]
        _, _, other = parts[others[place - 1]]
        rows = [_row(judged, prompt, words, max_length) for words in (reply, other)]
        singles.kept.append(Single(judged.id, judged.is_good, rows))
    return singles


def _row(judged: Judged, prompt: list[int], reply: list[int], max_length: int) -> Row:
    room = prompt_room(len(prompt), len(reply), max_length)
    return row_of(judged.id, judged.category, prompt, reply, room, max_length)

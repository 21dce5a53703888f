"""Whether one model reads held-out answers better than another: losses in, changes out.

The replies of one conversation are alike, so an interval draws them together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from trainer.recipes.intervals import means


class Pair(NamedTuple):
    """What one example costs both models, in nats for the whole answer."""

    category: str
    before: float
    after: float
    group: Hashable = None  # its conversation; by itself where none is told


class Change(NamedTuple):
    """Of the loss, in percent: below zero is better. Low and high enclose it."""

    percent: float
    low: float | None  # none where the examples are too few to say
    high: float | None
    examples: int

    @property
    def is_worse(self) -> bool:
        return self.low is not None and self.low > 0

    @property
    def is_better(self) -> bool:
        return self.high is not None and self.high < 0


def change(pairs: Sequence[Pair], *, confidence: float = 0.95) -> Change | None:
    """None where there is nothing to compare."""
    groups = [
        ("alone", number) if pair.group is None else pair.group
        for number, pair in enumerate(pairs)
    ]
    costs = {"": ([pair.after for pair in pairs], [pair.before for pair in pairs])}
    found = means(groups, costs, confidence=confidence).get("")
    if found is None:
        return None
    low, high = (None if end is None else 100 * (end - 1) for end in found[1:])
    return Change(100 * (found.value - 1), low, high, len(pairs))


def by_category(pairs: Sequence[Pair], *, confidence: float = 0.95) -> dict[str, Change]:
    groups: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[pair.category].append(pair)
    changes = {name: change(groups[name], confidence=confidence) for name in sorted(groups)}
    return {name: one for name, one in changes.items() if one is not None}

"""What votes on labels add up to: a majority that may abstain, and the shares behind it.

With three votes an item this is nearly as right as models of the voters are; those are for
labels of many values, or voters of very unequal skill: see `dawid_skene`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from typing import NamedTuple

Shares = dict[Hashable, float]  # value -> its part of the votes; they add up to 1


class Vote(NamedTuple):
    """One person's value for one item."""

    item: Hashable
    rater: Hashable
    value: Hashable


def shares(
    votes: Iterable[Vote], weights: Mapping[Hashable, float] | None = None
) -> dict[Hashable, Shares]:
    """Soft labels, by item. `weights` by rater, in votes; who is not in it has one."""
    found: dict[Hashable, dict[Hashable, float]] = defaultdict(lambda: defaultdict(float))
    for item, rater, value in votes:
        found[item][value] += 1.0 if weights is None else weights.get(rater, 1.0)
    return {item: _parts(given) for item, given in found.items()}


def shares_by_group(
    votes: Iterable[Vote], groups: Mapping[Hashable, Hashable]
) -> dict[Hashable, dict[Hashable, Shares]]:
    """Soft labels by item and group. Who declared no group is in the group None."""
    found: dict[Hashable, dict[Hashable, list[Vote]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for vote in votes:
        found[vote.item][groups.get(vote.rater)].append(vote)
    return {
        item: {group: shares(theirs)[item] for group, theirs in by_group.items()}
        for item, by_group in found.items()
    }


def majority(
    votes: Iterable[Vote], weights: Mapping[Hashable, float] | None = None
) -> dict[Hashable, Hashable | None]:
    """The value that more than half of the votes gave, by item; None where none has."""
    found: dict[Hashable, Hashable | None] = {}
    for item, parts in shares(votes, weights).items():
        first = max(parts, key=lambda value: parts[value], default=None)
        is_clear = first is not None and parts[first] > 0.5
        found[item] = first if is_clear else None
    return found


def _parts(given: Mapping[Hashable, float]) -> Shares:
    total = sum(given.values())
    return {value: weight / total for value, weight in given.items()} if total else {}

"""What a model says of held-out pairs, beside what people said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from trainer.recipes.intervals import correlation, grouped
from trainer.recipes.items import Item

# Two sums of the same numbers in another order differ by less: no preference.
NOISE = 1e-4
ALIKE = 0.2  # of the longer reply: lengths that differ by less say nothing


class Verdict(NamedTuple):
    """One pair: the model is right where `margin`, better minus worse, is above 0."""

    category: str
    group: str
    margin: float
    better_length: int  # tokens of the reply
    worse_length: int

    @property
    def hit(self) -> float:
        return 0.5 if abs(self.margin) < NOISE else float(self.margin > 0)

    @property
    def is_matched(self) -> bool:
        """Whether both replies are about as long."""
        longer = max(self.better_length, self.worse_length)
        return abs(self.better_length - self.worse_length) < ALIKE * longer


def judge(
    items: Sequence[Item], values: Sequence[float]
) -> tuple[list[Verdict], list[dict[str, Any]]]:
    """A verdict a pair, and a line for whoever wants to look at it.

    `values` are what the model thinks of each reply, in the order of the items' rows.
    """
    given, found, lines = iter(values), [], []
    for item in items:
        ours = [next(given) for _ in item.rows]
        for better, worse, share in item.pairs:
            margin = ours[better] - ours[worse]
            sizes = item.rows[better].learned, item.rows[worse].learned
            found.append(Verdict(item.category, item.group, margin, *sizes))
            lines.append(
                {
                    "id": item.id,
                    "category": item.category,
                    "better": item.rows[better].id,
                    "worse": item.rows[worse].id,
                    "share": share,
                    "values": [round(ours[better], 6), round(ours[worse], 6)],
                    "margin": round(margin, 6),
                }
            )
    return found, lines


def totals(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Accuracy with its interval, groups drawn whole, and the mean margin."""
    hits, groups = [v.hit for v in verdicts], [v.group for v in verdicts]
    low, high = grouped(hits, groups)
    return {
        "accuracy": _mean(hits),
        "accuracy_low": round(low, 4),
        "accuracy_high": round(high, 4),
        "margin": _mean([v.margin for v in verdicts]),
        "pairs": len(verdicts),
        "groups": len(set(groups)),
    }


def by_category(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    found: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        found[verdict.category].append(verdict)
    return {name: totals(found[name]) for name in sorted(found)}


def length_bias(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """How often the longer reply wins, with people and with the model.

    Where the accuracy falls to chance as soon as the shorter reply is the better one, or
    both are about as long, the model has learned to count words.
    """
    uneven = [v for v in verdicts if v.better_length != v.worse_length]
    longer = [v for v in uneven if v.better_length > v.worse_length]
    shorter = [v for v in uneven if v.better_length < v.worse_length]
    wins = [v.hit for v in longer] + [1 - v.hit for v in shorter]
    by = [v.better_length - v.worse_length for v in verdicts]
    related = correlation([v.margin for v in verdicts], by)
    return {
        "longer_is_better": _mean([1.0] * len(longer) + [0.0] * len(shorter)),
        "longer_wins": _mean(wins),
        "accuracy_if_longer_is_better": _mean([v.hit for v in longer]),
        "accuracy_if_shorter_is_better": _mean([v.hit for v in shorter]),
        "matched": _totals_if_any([v for v in verdicts if v.is_matched]),
        "shorter": _totals_if_any(shorter),
        "correlation": None if related is None else round(related, 4),
    }


def _totals_if_any(verdicts: Sequence[Verdict]) -> dict[str, Any] | None:
    return totals(verdicts) if verdicts else None


def report(verdicts: Sequence[Verdict]) -> dict[str, Any] | None:
    """All of it, for the manifest; None where no pair is held out."""
    if not verdicts:
        return None
    return {
        **totals(verdicts),
        "by_category": by_category(verdicts),
        "length": length_bias(verdicts),
    }


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None

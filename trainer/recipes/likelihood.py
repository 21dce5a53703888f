"""How likely a model finds replies, and how far that has moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from trainer.recipes import verdicts
from trainer.recipes.chat import Row
from trainer.recipes.items import Item, flat
from trainer.recipes.scoring import reply_losses


def log_probs(
    model: Any,
    rows: Sequence[Row],
    pad: int,
    tell: Callable[[int], None] = lambda done: None,
) -> list[float]:
    """Of each row's reply. One that stands in several pairs is read once."""
    keys = [(tuple(row.ids), row.learned) for row in rows]
    different = dict(zip(keys, rows, strict=True))
    losses = reply_losses(model, list(different.values()), pad=pad, tell=tell)
    found = dict(zip(different, losses, strict=True))
    return [-found[key] for key in keys]


def rewards(beta: float, before: Sequence[float], after: Sequence[float]) -> list[float]:
    """What a model that was trained on preferences says of a reply, implicitly."""
    return [beta * (now - then) for then, now in zip(before, after, strict=True)]


def shifts(
    items: Sequence[Item], before: Sequence[float], after: Sequence[float]
) -> dict[str, float]:
    """How a token's log-probability has moved, on average: both falling is a warning."""
    return {
        "chosen_shift": _shift(items, before, after, "better"),
        "rejected_shift": _shift(items, before, after, "worse"),
    }


def _shift(
    items: Sequence[Item],
    before: Sequence[float],
    after: Sequence[float],
    side: Literal["better", "worse"],
) -> float:
    moved, tokens, at = 0.0, 0, 0
    for item in items:
        place: int = getattr(item.pairs[0], side)
        moved += after[at + place] - before[at + place]
        tokens += item.rows[place].learned
        at += len(item.rows)
    return moved / tokens


def likelier(items: Sequence[Item], logps: Sequence[float]) -> dict[str, Any] | None:
    """How often the better reply is the likelier one, token for token."""
    per_token = [logp / row.learned for logp, row in zip(logps, flat(items), strict=True)]
    found, _ = verdicts.judge(items, per_token)
    return verdicts.totals(found) if found else None


def judged(
    beta: float, items: Sequence[Item], before: Sequence[float], after: Sequence[float]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """For the manifest: what became of the held-out pairs; and a line for each."""
    found, lines = verdicts.judge(items, rewards(beta, before, after))
    facts = {
        "preferences": verdicts.report(found),
        "likelihood": {
            "before": likelier(items, before),
            "after": likelier(items, after),
        },
    }
    return facts, lines

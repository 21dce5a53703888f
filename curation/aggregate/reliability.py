"""How far labels and verdicts agree beyond chance. Rows in, one number out.

A row is one item with the values that people gave it, in any order; None is missing, and
an item with fewer than two values says nothing. 1 is full agreement, 0 what chance gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

Value = str | float  # strings are nominal only
Row = Sequence[Value | None]
Level = Literal["nominal", "ordinal", "interval"]
Matrix = npt.NDArray[np.float64]


def krippendorff_alpha(
    rows: Iterable[Row], level: Level = "nominal", times: Sequence[int] | None = None
) -> float | None:
    """None where nobody shares an item or everybody always gave one and the same value.

    `times` says how many items each row stands for, all of them shared.
    Source: K. Krippendorff, "Computing Krippendorff's alpha-reliability" (2011).
    """
    values, counts = _counted(rows)
    if len(values) < 2:
        return None
    each = counts.sum(axis=1)
    weighed = counts / (each - 1)[:, None]
    if times is not None:
        weighed *= np.array(times, dtype=float)[:, None]
    together = weighed.T @ counts
    together -= np.diag(weighed.sum(axis=0))
    given = together.sum(axis=1)
    apart = _apart(values, given, level)
    expected = (np.outer(given, given) * apart).sum() / (given.sum() - 1)
    return float(1 - (together * apart).sum() / expected)


def fleiss_kappa(rows: Iterable[Row]) -> float | None:
    """None where nobody shares an item or everybody always gave one and the same value.

    With as many values on each item it is Fleiss's; with differing numbers each item's own
    share of agreeing pairs is averaged. Sources: J. L. Fleiss, "Measuring nominal scale
    agreement among many raters" (1971); K. L. Gwet, "Handbook of Inter-Rater Reliability"
    (2014), chapter 2, for differing numbers.
    """
    values, counts = _counted(rows)
    if len(values) < 2:
        return None
    each = counts.sum(axis=1)
    agreed = ((counts * (counts - 1)).sum(axis=1) / (each * (each - 1))).mean()
    by_chance = ((counts / each[:, None]).mean(axis=0) ** 2).sum()
    return float((agreed - by_chance) / (1 - by_chance))


def _counted(rows: Iterable[Row]) -> tuple[list[Value], Matrix]:
    """The values in order, and how often each item that has two or more was given each."""
    shared = [[value for value in row if value is not None] for row in rows]
    shared = [row for row in shared if len(row) > 1]
    values = _in_order({value for row in shared for value in row})
    at = {value: index for index, value in enumerate(values)}
    counts = np.zeros((len(shared), len(values)))
    items = [item for item, row in enumerate(shared) for _ in row]
    np.add.at(counts, (items, [at[value] for row in shared for value in row]), 1)
    return values, counts


def _in_order(values: set[Value]) -> list[Value]:
    numbers = sorted(value for value in values if not isinstance(value, str))
    return [*numbers, *sorted(value for value in values if isinstance(value, str))]


def _apart(values: Sequence[Value], given: Matrix, level: Level) -> Matrix:
    """How much it matters that two values differ: squared distances."""
    if level == "nominal":
        return 1 - np.eye(len(values))
    if any(isinstance(value, str) for value in values):
        raise ValueError(f"values of the {level} level are numbers")
    if level == "ordinal":
        # As many places apart as values were given between them, half of their own too.
        scale = np.cumsum(given) - given / 2
    else:
        scale = np.array(values, dtype=float)
    return np.asarray((scale[:, None] - scale[None, :]) ** 2)

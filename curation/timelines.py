"""Lines over days as SVG, drawn on the server like those of charts.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from django.utils.safestring import SafeString, mark_safe

from curation.charts import drawing, framed, plain

# So that lines stay apart without their colours; dashboard.css draws the legend so.
LABELS_AT_MOST = 6
DASHES: tuple[list[int], ...] = ([], [7, 4], [2, 3], [9, 3, 2, 3])


class Line(NamedTuple):
    name: str
    points: tuple[tuple[date, float], ...]


def timeline(
    lines: tuple[Line, ...],
    *,
    title: str,
    description: str,
    key: str,
    domain: tuple[float, float] | None = None,
    is_dotted: bool = False,
) -> SafeString:
    """A line each, from the first day to the last; "" where there are no two days.

    `is_dotted` shows where something was measured: the line between is a guess.
    """
    days = {at for line in lines for at, _ in line.points}
    if len(days) < 2:
        return SafeString("")
    axis = _labels(sorted(days))
    spec = plain(
        layer=[
            _layer(line, number, domain=domain, is_dotted=is_dotted, axis=axis)
            for number, line in enumerate(lines)
        ]
    )
    # Made of days and numbers alone; title and description are escaped by framed().
    return mark_safe(framed(drawing(spec), title=title, description=description, key=key))


def _layer(
    line: Line,
    number: int,
    *,
    domain: tuple[float, float] | None,
    is_dotted: bool,
    axis: dict[str, Any],
) -> dict[str, Any]:
    colour = f"var(--chart-{number + 1})"
    mark: dict[str, Any] = {
        "type": "line", "stroke": colour, "strokeWidth": 2, "strokeJoin": "round",
        "strokeDash": DASHES[number],
    }  # fmt: skip
    if is_dotted:
        mark["point"] = {"fill": colour, "size": 32}
    scale = {"domain": list(domain)} if domain else {"zero": True}
    return {
        "data": {
            "values": [{"at": at.isoformat(), "value": value} for at, value in line.points]
        },
        "mark": mark,
        "encoding": {
            # A day is a day wherever the server stands.
            "x": {
                "field": "at", "type": "temporal", "title": None,
                "scale": {"type": "utc", "nice": False}, "axis": axis,
            },
            "y": {
                "field": "value", "type": "quantitative", "title": None,
                "scale": scale, "axis": {"tickCount": 4},
            },
        },
    }  # fmt: skip


def _labels(days: Sequence[date]) -> dict[str, Any]:
    """A few of the days, the last among them, as far from each other."""
    step = -(-len(days) // LABELS_AT_MOST)
    shown = [datetime(at.year, at.month, at.day, tzinfo=UTC) for at in days[::-1][::step]]
    values = [1000 * int(at.timestamp()) for at in reversed(shown)]
    return {"grid": False, "format": "%-d %b", "labelOverlap": True, "values": values}

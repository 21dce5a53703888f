"""Bars as SVG, drawn on the server like the lines of charts.py, in the page's colours."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.safestring import SafeString, mark_safe

from curation.charts import drawing, framed, plain

THICKNESS = 32  # of a bar that lies, with the space around it
BELOW = 40  # for the labels of the axis
# With its names as wide as any other chart, so that a phone can show them to be read.
FITTING = {"type": "fit", "contains": "padding"}
TICKS = 4
# As large as components.css makes it on a phone, so that there is room for it.
TO_BE_READ = {"grid": False, "labelLimit": 320, "labelFontSize": 19}
Spec = dict[str, Any]


class Bar(NamedTuple):
    name: str
    value: float


class Stack(NamedTuple):
    """A bar of several parts, in the order of the page's colours."""

    name: str
    parts: tuple[int, ...]


def upright(bars: tuple[Bar, ...], *, title: str, description: str, key: str) -> SafeString:
    """A bar beside the other, for counts; "" where there is nothing to draw.

    `key` makes the ids in it unique on the page. See `drawing()` for what it costs.
    """
    if not any(bar.value for bar in bars):
        return SafeString("")
    names = _names({"grid": False, "labelAngle": 0})
    values = _counts(max(bar.value for bar in bars))
    return _framed(_spec(bars, {"x": names, "y": values}), title, description, key)


def lying(bars: tuple[Bar, ...], *, title: str, description: str, key: str) -> SafeString:
    """A bar under the other, for numbers from -1 to 1 with names to be read."""
    if not bars:
        return SafeString("")
    least = min(0.0, *(bar.value for bar in bars))
    values = _values(scale={"domain": [least, 1]}, axis={"tickCount": 5})
    spec = _spec(bars, {"x": values, "y": _names(TO_BE_READ)})
    spec |= {"height": THICKNESS * len(bars) + BELOW, "autosize": FITTING}
    return _framed(spec, title, description, key)


def stacked(
    stacks: tuple[Stack, ...], *, title: str, description: str, key: str
) -> SafeString:
    """Counts of several kinds, a bar under the other; "" where there is none."""
    if not any(any(stack.parts) for stack in stacks):
        return SafeString("")
    parts = [
        {"name": stack.name, "value": count, "part": part}
        for stack in stacks
        for part, count in enumerate(stack.parts, start=1)
        if count or part == 1  # a bar of nothing keeps its place
    ]
    kinds = range(1, len(stacks[0].parts) + 1)
    colours = {"domain": [*kinds], "range": [f"var(--chart-{kind})" for kind in kinds]}
    spec = plain(
        height=THICKNESS * len(stacks) + BELOW,
        autosize=FITTING,
        data={"values": parts},
        mark={"type": "bar"},
        encoding={
            "x": _counts(max(sum(stack.parts) for stack in stacks)),
            "y": _names(TO_BE_READ),
            "fill": {"field": "part", "type": "nominal", "scale": colours, "legend": None},
            "order": {"field": "part"},
        },
    )
    return _framed(spec, title, description, key)


def _framed(spec: Spec, title: str, description: str, key: str) -> SafeString:
    # Names are escaped by vl-convert, title and description by framed().
    return mark_safe(framed(drawing(spec), title=title, description=description, key=key))


def _spec(bars: tuple[Bar, ...], encoding: Spec) -> Spec:
    return plain(
        data={"values": [bar._asdict() for bar in bars]},
        mark={"type": "bar", "fill": "var(--chart-1)", "cornerRadiusEnd": 2},
        encoding=encoding,
    )


def _names(axis: Spec) -> Spec:
    return {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": axis}


def _counts(most: float) -> Spec:
    """Up to so many: no half ones, however few there are."""
    return _values(axis={"tickCount": min(TICKS, most), "format": "d"})


def _values(**how: Any) -> Spec:
    return {"field": "value", "type": "quantitative", "title": None, **how}

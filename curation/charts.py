"""Charts as SVG, drawn on the server: they need no script and print as they are.

Colours are CSS variables (tokens.css), so a chart follows the theme of its page. The SVG
has presentation attributes only, which the content security policy allows.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from html import escape
from typing import Any, NamedTuple

import vl_convert
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from curation.keeping import keep, recall

WIDTH, HEIGHT = 640, 260
AXIS = {
    "gridColor": "var(--chart-grid)",
    "labelColor": "var(--chart-text)",
    "domain": False,
    "ticks": False,
    "labelPadding": 8,
}
CONFIG = {
    "aria": False,
    "mark": {"aria": False},  # the frame says it all in words
    "view": {"stroke": None},
    "axis": AXIS,
}
KEPT_SECONDS = 7 * 24 * 3600
POINTS_AT_MOST = 300  # more than the eye sees at this width
MONTHS = {"de": "de-DE"}  # whose names of months; English where it is not there


class Series(NamedTuple):
    """One line. `is_measured` ones are drawn strong, with a dot where it was measured."""

    name: str
    points: tuple[tuple[int, float], ...]
    is_measured: bool = False


def loss_chart(series: tuple[Series, ...], *, title: str, key: str = "loss") -> str:
    """Lines of loss over steps as an inline SVG; "" where there is nothing to draw yet.

    `key` makes the ids in it unique on the page. See `drawing()` for what it costs.
    """
    drawn = tuple(line for line in series if line.points)
    if not drawn:
        return ""
    svg = drawing(_spec(drawn))
    return framed(svg, title=title, description=describe(drawn), key=key)


def drawing(spec: dict[str, Any]) -> str:
    """Of a Vega-Lite spec without its frame: see `plain()`. Drawn once, as the same
    spec is kept by its hash. The first one in a process starts V8: half a second of
    CPU and 60 MB; the following are a twentieth of a second each."""
    months = MONTHS.get(get_language() or "", "en-US")
    told = json.dumps([vl_convert.__version__, months, spec], sort_keys=True)
    key = f"chart:{sha256(told.encode()).hexdigest()}"
    svg: str | None = recall(key)
    if svg is None:
        svg = str(vl_convert.vegalite_to_svg(spec, time_format_locale=months))
        keep(key, svg, KEPT_SECONDS)
    return svg


def plain(**parts: Any) -> dict[str, Any]:
    """A spec in our size and colours, to which these parts are added."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": WIDTH,
        "height": HEIGHT,
        "background": None,
        "padding": {"left": 8, "right": 16, "top": 8, "bottom": 4},
        "config": CONFIG,
        **parts,
    }


def describe(series: tuple[Series, ...]) -> str:
    """The chart in a sentence per line, for who does not see it."""
    sentences = []
    for line in series:
        (first, begin), (last, end) = line.points[0], line.points[-1]
        if first == last:
            said = _("%(name)s is %(end).3f at step %(last)d.")
        else:
            said = _(
                "%(name)s goes from %(begin).3f at step %(first)d "
                "to %(end).3f at step %(last)d."
            )
        sentences.append(
            said
            % {"name": line.name, "begin": begin, "first": first, "end": end, "last": last}
        )
    return " ".join(sentences)


def thinned(
    points: tuple[tuple[int, float], ...], at_most: int = POINTS_AT_MOST
) -> tuple[tuple[int, float], ...]:
    """At most so many: neighbours become their mean, at the step of the last of them."""
    size = -(-len(points) // at_most)
    if size <= 1:
        return points
    groups = (points[start : start + size] for start in range(0, len(points), size))
    return tuple(
        (group[-1][0], sum(value for step, value in group) / len(group)) for group in groups
    )


def _spec(series: tuple[Series, ...]) -> dict[str, Any]:
    across = {"grid": False, "tickCount": 6, "tickMinStep": 1, "format": "d"}
    return plain(
        layer=[_layer(line, number) for number, line in enumerate(series, start=1)],
        config={**CONFIG, "axisX": across, "axisY": {"tickCount": 5}},
    )


def _layer(line: Series, number: int) -> dict[str, Any]:
    colour = f"var(--chart-{number})"
    mark: dict[str, Any] = {"type": "line", "stroke": colour, "strokeJoin": "round"}
    if line.is_measured:
        mark |= {"strokeWidth": 2.5, "point": {"fill": colour, "size": 28}}
    else:
        mark |= {"strokeWidth": 1.25, "strokeOpacity": 0.7}
    values = [{"step": step, "loss": value} for step, value in thinned(line.points)]
    return {
        "data": {"values": values},
        "mark": mark,
        "encoding": {
            # No titles: on a phone they would lie on the labels. The page's legend says it.
            "x": _axis("step", {"nice": False}),
            "y": _axis("loss", {"zero": False}),
        },
    }


def _axis(field: str, scale: dict[str, Any]) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "title": None, "scale": scale}


def framed(svg: str, *, title: str, description: str, key: str) -> str:
    """Give the drawing a name and a description, and let its page decide its size."""
    opening = re.match(r"<svg[^>]*>", svg)
    box = re.search(r'viewBox="([\d. -]+)"', svg)
    assert opening and box, "vl-convert draws one svg with a viewBox"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box[1]}" role="img" '
        f'aria-labelledby="{key}-title {key}-text">'
        f'<title id="{key}-title">{escape(title)}</title>'
        f'<desc id="{key}-text">{escape(description)}</desc>{svg[opening.end() :]}'
    )

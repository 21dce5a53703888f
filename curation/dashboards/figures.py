"""The charts of a dashboard, each drawn from the table that stands behind it."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple, cast

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from curation import bars, timelines
from curation.bars import Stack
from curation.dashboards import words
from curation.dashboards.tables import Table
from curation.timelines import Line

BARS_AT_MOST = 20  # the largest; the table has all
DAY = 24  # hours
LONG = 3 * DAY  # what is told in days


class Figure(NamedTuple):
    """A chart, what its colours stand for, and what else is to be known of it."""

    chart: SafeString
    legend: tuple[str | Promise, ...] = ()
    unit: str = ""
    has_bars: bool = False  # else lines


def of_throughput(table: Table) -> Figure:
    names = [str(column.name) for column in table.columns[1:]]
    lines = _lines(table, dict(enumerate(names, start=1)))
    said = " ".join(_busiest(line) for line in lines if line.points)
    chart = timelines.timeline(
        lines, title=_("What was done"), description=said, key="throughput"
    )
    return Figure(chart, tuple(names))


def of_acceptance(table: Table) -> Figure:
    """In days where it takes days."""
    longest = max((value for value in table.column(3) if value is not None), default=0)
    is_long = longest > LONG
    lines = _lines(
        table, {2: _("Median"), 3: _("90th percentile")}, divided_by=DAY if is_long else 1
    )
    said = " ".join(_latest(line) for line in lines if line.points)
    chart = timelines.timeline(
        lines, title=_("Time to acceptance"), description=said, key="acceptance",
        is_dotted=True,
    )  # fmt: skip
    unit = _("in days") if is_long else _("in hours")
    return Figure(chart, tuple(line.name for line in lines), unit)


def of_agreement(table: Table) -> Figure:
    lines = _lines(table, {2: _("Krippendorff’s alpha"), 4: _("Median of Kendall’s W")})
    least = min((value for line in lines for _at, value in line.points), default=0)
    said = " ".join(_latest(line) for line in lines if line.points)
    chart = timelines.timeline(
        lines, title=_("Agreement"), description=said, key="agreement",
        domain=(min(0.0, least), 1), is_dotted=True,
    )  # fmt: skip
    return Figure(chart, tuple(line.name for line in lines))


def of_reasons(table: Table) -> Figure:
    return _stacked(table, _("Reasons of rejections"), slice(1, 2))


def of_coverage(table: Table, title: str) -> Figure:
    """Texts by state."""
    return _stacked(table, title, slice(1, len(table.columns) - 1))


def _stacked(table: Table, title: str, parts: slice) -> Figure:
    """The largest rows, by these columns; the names and the last of them are all."""
    stacks = [
        Stack(str(row.cells[0]), tuple(cast("list[int]", row.cells[parts])))
        for row in table.rows
    ]
    largest = sorted(stacks, key=lambda stack: -sum(stack.parts))[:BARS_AT_MOST]
    shown = tuple(stack for stack in largest if any(stack.parts))
    said = "; ".join(f"{stack.name}: {sum(stack.parts)}" for stack in shown)
    chart = bars.stacked(shown, title=title, description=said, key=table.key)
    names = tuple(column.name for column in table.columns[parts])
    return Figure(chart, names, has_bars=True)


def _lines(
    table: Table, names: dict[int, str], *, divided_by: float = 1
) -> tuple[Line, ...]:
    """Of these columns; where nothing was measured there is no point."""
    days: list[date] = table.column(0)
    return tuple(
        Line(
            name,
            tuple(
                (at, round(value / divided_by, 4))
                for at, value in zip(days, table.column(number), strict=True)
                if value is not None
            ),
        )
        for number, name in names.items()
    )


def _busiest(line: Line) -> str:
    at, most = max(line.points, key=lambda point: point[1])
    return _("%(name)s: %(total)s in all, at most %(most)s on %(day)s.") % {
        "name": line.name,
        "total": words.said(round(sum(value for _at, value in line.points)), "count"),
        "most": words.said(round(most), "count"),
        "day": date_format(at),
    }


def _latest(line: Line) -> str:
    (__, begin), (at, end) = line.points[0], line.points[-1]
    return _("%(name)s goes from %(begin)s to %(end)s, in the week from %(day)s.") % {
        "name": line.name,
        "begin": words.said(begin, "decimal"),
        "end": words.said(end, "decimal"),
        "day": date_format(at),
    }

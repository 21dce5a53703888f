"""What a run has measured at its steps: lines to draw, and what the last step said."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from curation.charts import Series, loss_chart, thinned
from trainer.models import Metric, Run

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

TABLE_ROWS = 25

# Of the last step: name, what it is called, how it is written.
READ = {
    Metric.Name.LOSS: (gettext_noop("loss"), "{:.3f}"),
    Metric.Name.ACCURACY: (gettext_noop("pairs in people's order"), "{:.0%}"),
    Metric.Name.MARGIN: (gettext_noop("margin"), "{:.3f}"),
    Metric.Name.LEARNING_RATE: (gettext_noop("learning rate"), "{:.1e}"),
    Metric.Name.GRAD_NORM: (gettext_noop("gradient norm"), "{:.2f}"),
    Metric.Name.TOKENS_PER_S: (gettext_noop("tokens per second"), "{:,.0f}"),
    Metric.Name.GPU_MEMORY: (gettext_noop("GiB of GPU memory"), "{:.1f}"),
}


class Chart(NamedTuple):
    """Two lines over the steps: of the batches, and of what is held out."""

    title: StrPromise
    trained: StrPromise
    held_out: StrPromise
    names: tuple[str, str]

    @property
    def key(self) -> str:
        return self.names[0]


LOSS = Chart(
    gettext_lazy("Loss by step"),
    gettext_lazy("Training loss"),
    gettext_lazy("Held-out loss"),
    (Metric.Name.LOSS, Metric.Name.HELD_OUT_LOSS),
)
OF_PREFERENCES = (
    Chart(
        gettext_lazy("Share of pairs in people's order, by step"),
        gettext_lazy("In training"),
        gettext_lazy("Held out"),
        (Metric.Name.ACCURACY, Metric.Name.HELD_OUT_ACCURACY),
    ),
    Chart(
        gettext_lazy("Margin of the better answer, by step"),
        gettext_lazy("In training"),
        gettext_lazy("Held out"),
        (Metric.Name.MARGIN, Metric.Name.HELD_OUT_MARGIN),
    ),
)
Points = tuple[tuple[int, float], ...]


class Drawn(NamedTuple):
    """A chart with its points."""

    chart: Chart
    trained: Points
    held_out: Points

    @property
    def svg(self) -> SafeString:
        """ "" where there is nothing to draw yet."""
        lines = (
            Series(str(self.chart.trained), self.trained),
            Series(str(self.chart.held_out), self.held_out, is_measured=True),
        )
        svg = loss_chart(lines, title=str(self.chart.title), key=self.chart.key)
        # Made of numbers and of our own words, which charts.py escapes.
        return mark_safe(svg)

    @property
    def rows(self) -> list[tuple[int, float | None, float | None]]:
        """In numbers: where the held-out line was measured, and between."""
        trained, held_out = dict(self.trained), dict(self.held_out)
        shown = {step for step, _there in thinned(self.trained, TABLE_ROWS)}
        return [
            (step, trained.get(step), held_out.get(step))
            for step in sorted(shown | set(held_out))
        ]


def curves(run: Run) -> list[Drawn]:
    """Those of the run's method, the loss first. One query."""
    charts = (LOSS, *(() if run.method == Run.Method.SFT else OF_PREFERENCES))
    names = [name for chart in charts for name in chart.names]
    points: dict[str, list[tuple[int, float]]] = defaultdict(list)
    rows = run.metrics.filter(name__in=names).order_by("step")
    for name, step, value in rows.values_list("name", "step", "value"):
        points[name].append((step, value))
    drawn = (
        Drawn(chart, *(tuple(points[name]) for name in chart.names)) for chart in charts
    )
    return [one for one in drawn if one.trained or one.held_out]


class Reading(NamedTuple):
    label: str
    value: str


def readings(run: Run) -> list[Reading]:
    """What the last step said; nothing of a run that is not training. One query."""
    if run.state != Run.State.RUNNING or run.phase != Run.Phase.TRAINING:
        return []
    found = dict(run.metrics.filter(step=run.step).values_list("name", "value"))
    return [
        Reading(_(label), form.format(found[name]))
        for name, (label, form) in READ.items()
        if name in found
    ]

"""How a method's models fared from version to version of a dataset, on the same answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.formats import number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from curation import handoff
from curation.charts import drawing, framed, plain
from trainer.models import BaseModel, ExampleScore, Run, Score
from trainer.recipes.intervals import Column, Interval, means

Method = Run.Method
METHODS = (Method.SFT, Method.DPO, Method.UNPAIRED)  # those that have a held-out loss


class Point(NamedTuple):
    """The newest model of a version."""

    run: Run
    loss: Interval | None  # none where its answers are not scored
    change: Interval | None  # since the point before; none at the first

    @property
    def examples(self) -> int:
        return self.run.version.train_count


class Curve(NamedTuple):
    """`answers` are held out in all versions, and scored by all models that scored any."""

    base: BaseModel
    bases: list[BaseModel]
    points: list[Point]
    answers: int
    conversations: int

    @property
    def drawn(self) -> list[Point]:
        return [point for point in self.points if point.loss]

    @property
    def svg(self) -> SafeString:
        """ "" where there are no two points."""
        points = self.drawn
        if len(points) < 2:
            return SafeString("")
        said = "; ".join(
            _("%(loss)s with %(count)s examples")
            % {"loss": number_format(point.loss.value, 3), "count": point.examples}
            for point in points
            if point.loss
        )
        svg = framed(
            drawing(_spec(points)),
            title=_("Held-out loss by training examples"),
            description=said,
            key="versions",
        )
        # Made of numbers and of our own words, which framed() escapes.
        return mark_safe(svg)


def curve(dataset_id: int, method: str, base_id: int | None = None) -> Curve | None:
    """None where no such model is finished. Some queries, however many versions."""
    finished = Run.objects.for_listing().filter(
        version__dataset=dataset_id, method=method, state=Run.State.FINISHED
    )
    every = list(finished)
    if not every:
        return None
    bases = _bases(every)
    base = next((one for one in bases if one.pk == base_id), bases[0])
    newest: dict[int, Run] = {}
    for run in every:
        if run.base_id == base.pk:
            newest.setdefault(run.version.number, run)
    runs = [newest[number] for number in sorted(newest)]
    scores = _scores(runs, set(handoff.held_out_in_all(run.version_id for run in runs)))
    scored = [found for found in scores.values() if found]
    uids = sorted(set.intersection(*map(set, scored))) if scored else []
    talks = handoff.conversations_of(uids)
    groups = [talks.get(uid, -place) for place, uid in enumerate(uids, 1)]
    points = _points(runs, scores, uids, groups)
    return Curve(base, bases, points, len(uids), len(set(groups)))


def _bases(runs: Sequence[Run]) -> list[BaseModel]:
    """The one that most versions were tried on first."""
    tried = dict.fromkeys((run.base_id, run.version_id) for run in runs)
    times = Counter(base for base, _version in tried)
    there = {run.base_id: run.base for run in runs}
    return [there[pk] for pk, _times in times.most_common()]


Scores = dict[int, dict[UUID, tuple[int, float]]]


def _scores(runs: Sequence[Run], uids: set[UUID]) -> Scores:
    """Tokens and loss of these answers: by a run's evaluation, else by a later scoring."""
    found: Scores = {run.pk: {} for run in runs}
    later = ExampleScore.objects.filter(run__in=runs, message_uid__in=uids)
    first = Score.objects.filter(run__in=runs, message_uid__in=uids)
    columns = ("run", "message_uid", "tokens")
    for rows in (
        later.values_list(*columns, "loss_tuned"),
        first.values_list(*columns, "loss_after"),
    ):
        for run, uid, tokens, loss in rows:
            found[run][uid] = (tokens, loss)
    return found


def _points(
    runs: Sequence[Run], scores: Scores, uids: Sequence[UUID], groups: Sequence[int]
) -> list[Point]:
    columns: dict[str, Column] = {}
    before: Run | None = None
    for run in runs:
        if not scores[run.pk]:
            continue
        told = [scores[run.pk][uid] for uid in uids]
        tokens = [float(count) for count, _loss in told]
        columns[f"loss {run.pk}"] = ([count * loss for count, loss in told], tokens)
        if before:
            earlier = [scores[before.pk][uid][1] for uid in uids]
            moved = [c * (loss - e) for (c, loss), e in zip(told, earlier, strict=True)]
            columns[f"change {run.pk}"] = (moved, tokens)
        before = run
    found = means(groups, columns)
    return [
        Point(run, found.get(f"loss {run.pk}"), found.get(f"change {run.pk}"))
        for run in runs
    ]


def _spec(points: Sequence[Point]) -> dict[str, Any]:
    values = [
        {"examples": point.examples, "loss": point.loss.value,
         "low": point.loss.low, "high": point.loss.high}
        for point in points
        if point.loss
    ]  # fmt: skip
    across = {"grid": False, "tickCount": 6, "tickMinStep": 1, "format": "d"}
    colour = "var(--chart-2)"
    line = {"type": "line", "stroke": colour, "strokeWidth": 2.5, "strokeJoin": "round"}
    return plain(
        data={"values": values},
        encoding={"x": _axis("examples", axis=across, scale={"nice": True, "zero": False})},
        layer=[
            {
                "transform": [{"filter": "isValid(datum.low)"}],
                "mark": {"type": "rule", "stroke": colour, "strokeWidth": 1.5},
                "encoding": {"y": _axis("low"), "y2": {"field": "high"}},
            },
            {
                "mark": line | {"point": {"fill": colour, "size": 40}},
                "encoding": {"y": _axis("loss", axis={"tickCount": 5})},
            },
        ],
    )


def _axis(field: str, **how: Any) -> dict[str, Any]:
    scale = {"zero": False}
    return {"field": field, "type": "quantitative", "title": None, "scale": scale, **how}

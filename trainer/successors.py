"""A model that was trained again beside the one whose place it takes: plain numbers."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from trainer import evaluation
from trainer.models import Evaluation, Removal, Run
from trainer.recipes.intervals import Interval

Facts = dict[str, Any]


def compared(run: Run, old: Run) -> Facts:
    """On the held-out answers, and pairs of answers, that both were asked.

    `is_worse` is told of nothing that chance may have done. Three queries.
    """
    lines = evaluation.beside(run, old)
    pairs = _pairs(run, old)
    is_worse = any(line.is_worse for line in lines) or bool(pairs and pairs["is_worse"])
    return {
        "lines": [_as_facts(line) for line in lines], "pairs": pairs, "is_worse": is_worse,
    }  # fmt: skip


def _as_facts(line: evaluation.Line) -> Facts:
    return {**line._asdict(), "is_worse": line.is_worse, "is_better": line.is_better}


def _pairs(run: Run, old: Run) -> Facts | None:
    """In how many of their held-out pairs each prefers what people prefer."""
    shares = Evaluation.objects.filter(run__in=[run, old], accuracy__isnull=False)
    found = {one.run_id: one for one in shares}
    if len(found) < 2:
        return None
    new, before = found[run.pk], found[old.pk]
    lows = (new.accuracy_high, before.accuracy_low)
    is_worse = None not in lows and lows[0] < lows[1]  # type: ignore[operator]
    return {
        "before": [before.accuracy, before.accuracy_low, before.accuracy_high],
        "after": [new.accuracy, new.accuracy_low, new.accuracy_high],
        "is_worse": is_worse,
    }


class Told(NamedTuple):
    """A removal with its comparison, as a page shows it."""

    removal: Removal
    all: Facts | None  # the line of all categories together
    lines: list[Facts]
    pairs: Facts | None
    verdict: str


def told(removal: Removal) -> Told:
    found = removal.comparison
    lines = [_of_intervals(line) for line in found.get("lines", [])]
    return Told(
        removal=removal,
        all=lines[0] if lines else None,
        lines=lines,
        pairs=found.get("pairs"),
        verdict=_verdict(found) if found else "",
    )


def _of_intervals(line: Facts) -> Facts:
    """JSON knows lists alone."""
    spans = {name: Interval(*line[name]) for name in ("before", "after", "change")}
    return {**line, **spans}


def _verdict(found: Facts) -> str:
    if not found["lines"] and not found["pairs"]:
        return _("Nothing that both were asked is left to compare them on.")
    worse = [
        _("all together") if line["is_all"] else line["category"] or _("No category")
        for line in found["lines"]
        if line["is_worse"]
    ]
    if worse:
        named = ", ".join(worse)
        return _("Worse beyond chance: %(categories)s.") % {"categories": named}
    if found["is_worse"]:
        return _("It prefers what people prefer less often, beyond chance.")
    if found["lines"] and found["lines"][0]["change"][1] is None:
        return _("Too few held-out answers to tell chance from change.")
    return _("No category is worse beyond chance.")


def of(run: Run) -> Told | None:
    """The removal that made this run. A query."""
    made = Removal.objects.for_page().filter(made=run).first()
    return told(made) if made else None


def instead_of(run: Run) -> Told | None:
    """The newest removal of this run's own texts. A query."""
    newest = Removal.objects.for_page().filter(run=run).first()
    return told(newest) if newest else None

"""How long a run will take and how much memory, judged by earlier ones on the same base."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from django.db.models import F, Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trainer.errors import TrainerError
from trainer.models import Attempt, BaseModel, Estimate, Run, Worker
from trainer.recipes.common import Trouble
from trainer.recipes.memory import Shape, estimate, shape_of

DECIDE_MEMORY = ("tuning", "dtype", "lora_r", "batch_size", "max_length")
LOOKED_AT = 5
# How far off so few runs may be, as a factor to each side.
WIDER = {1: 2.0, 2: 1.6, 3: 1.4}
USUALLY = 1.3


class Guess(NamedTuple):
    """What is None is not known: without an earlier run there is no time."""

    seconds: float | None = None
    least: float | None = None
    most: float | None = None
    memory: int | None = None
    as_run: int | None = None
    of_runs: int = 0


def guess(
    *, base: BaseModel, method: str, config: dict[str, Any], dataset_id: int
) -> Guess:
    """From the newest finished runs, of the same dataset where there are any."""
    finished = Run.objects.filter(
        base=base, method=method, state=Run.State.FINISHED, seconds_per_step__gt=0
    )
    newest = finished.select_related("estimate").order_by("-finished_at")
    earlier = list(newest.filter(version__dataset=dataset_id)[:LOOKED_AT])
    earlier = earlier or list(newest[:LOOKED_AT])
    needs = memory_needed(base, method, config, earlier)
    if not earlier:
        return Guess(memory=needs)
    took = seconds_taken(earlier)
    each = [_scaled(run, took[run.pk], config) for run in earlier]
    wider = WIDER.get(len(each), USUALLY)
    return Guess(
        seconds=median(each),
        least=min(each) / wider,
        most=max(each) * wider,
        memory=needs,
        as_run=earlier[0].pk,
        of_runs=len(each),
    )


def seconds_taken(runs: list[Run]) -> dict[int, float]:
    """By workers, waiting left out; where that was not written yet, from begin to end."""
    rows = Attempt.objects.filter(kind="run", subject__in=[run.pk for run in runs])
    known = {
        row["subject"]: row["seconds"]
        for row in rows.exclude(seconds=None)
        .values("subject")
        .annotate(seconds=Sum(F("seconds") / F("devices")))
    }
    return {run.pk: known.get(run.pk) or _from_begin_to_end(run) for run in runs}


def _from_begin_to_end(run: Run) -> float:
    if run.started_at is None or run.finished_at is None:
        return 0.0
    return (run.finished_at - run.started_at).total_seconds()


def _scaled(run: Run, took: float, config: dict[str, Any]) -> float:
    """The pace by examples and their length; what came beside the steps by answers."""
    a_step = run.seconds_per_step or 0.0
    beside = max(0.0, took - a_step * run.of)
    longer = _size(config) / max(1, _size(run.config))
    answers = _answers(config) / max(1, _answers(run.config))
    # Loading and the evaluation do not grow with the answers; they are about half of it.
    return a_step * longer * int(config.get("steps", run.of)) + beside * (1 + answers) / 2


def _size(config: dict[str, Any]) -> int:
    """Of a batch. Longer limits cut less, so time grows with them at most like this."""
    return int(config.get("batch_size", 1))


def _answers(config: dict[str, Any]) -> int:
    return int(config.get("samples", 0)) * int(config.get("max_new_tokens", 1))


# ---- memory ----------------------------------------------------------------------------


def memory_needed(
    base: BaseModel, method: str, config: dict[str, Any], earlier: list[Run]
) -> int | None:
    """What an earlier run took in truth, scaled by the formula; else the formula.

    None where the base is on another machine's disk, or says nothing of itself.
    """
    try:
        shape = shape_of(Path(base.location))
    except Trouble:
        return None
    largest = max(Worker.objects.alive(), key=lambda worker: worker.size, default=None)
    if largest and largest.devices:
        return _formula(shape, method, config, on_gpu=True)
    needs = _formula(shape, method, config)
    for run in earlier:
        if peak := _peak(run):
            return round(peak * needs / _formula(shape, method, run.config))
    return needs


def _peak(run: Run) -> int | None:
    """Of the system's memory, which is the device's where that is a CPU."""
    if not hasattr(run, "estimate") or run.made_with.get("device") != "cpu":
        return None
    return run.estimate.peak


def _formula(
    shape: Shape, method: str, config: dict[str, Any], *, on_gpu: bool = False
) -> int:
    told = {name: config[name] for name in DECIDE_MEMORY if name in config}
    return estimate(shape, recipe=method, **told, on_gpu=on_gpu).total


def require_room(found: Guess) -> None:
    """Refuse what no known worker could hold. Where none is known, all may be tried."""
    sizes = [worker.size for worker in Worker.objects.alive()]
    if found.memory and sizes and found.memory > max(sizes):
        said = _(
            "It needs about %(needed)s, and the largest worker has %(size)s. Take a "
            "smaller batch, shorter examples, or a smaller base model."
        )
        there = {
            "needed": filesizeformat(found.memory),
            "size": filesizeformat(max(sizes)),
        }
        raise TrainerError(said % there)


def refusal(found: Guess) -> str:
    """Why it is refused; "" where there is room."""
    try:
        require_room(found)
    except TrainerError as refused:
        return str(refused)
    return ""


# ---- kept beside the run ---------------------------------------------------------------


def keep(run: Run, found: Guess) -> None:
    Estimate.objects.create(
        run=run,
        seconds=found.seconds,
        seconds_least=found.least,
        seconds_most=found.most,
        memory=found.memory,
        as_run_id=found.as_run,
        of_runs=found.of_runs,
    )


def note_peak(run_id: int, peak: int) -> None:
    """The most that its processes held so far; written when it is more than before."""
    Estimate.objects.filter(run=run_id).exclude(peak__gte=peak).update(peak=peak)


# ---- in words --------------------------------------------------------------------------


def told(seconds: float) -> str:
    if seconds < 100:
        shown = max(1, round(seconds))
        return ngettext("%(count)d second", "%(count)d seconds", shown) % {"count": shown}
    minutes = round(seconds / 60)
    if minutes < 100:
        said = ngettext("%(count)d minute", "%(count)d minutes", minutes)
        return said % {"count": minutes}
    hours = round(seconds / 3600)
    return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}


class Outcome(NamedTuple):
    """What was expected of a run, and how good that was."""

    expected: str
    range: str
    memory: int | None
    peak: int | None
    off: float | None  # percent; above zero it took longer


def outcome(run: Run) -> Outcome | None:
    """A query where it is finished. None for runs from before there were estimates."""
    found = run.estimate if hasattr(run, "estimate") else None
    if found is None or (found.seconds is None and found.memory is None):
        return None
    took = seconds_taken([run])[run.pk] if run.state == Run.State.FINISHED else None
    return Outcome(
        expected=told(found.seconds) if found.seconds else "",
        range=range_told(found.seconds_least, found.seconds_most),
        memory=found.memory,
        peak=_peak(run),
        off=100 * (took / found.seconds - 1) if took and found.seconds else None,
    )


def range_told(least: float | None, most: float | None) -> str:
    if least is None or most is None:
        return ""
    return _("%(least)s to %(most)s") % {"least": told(least), "most": told(most)}

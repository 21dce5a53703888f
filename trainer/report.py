"""What the run's page tells: its phases, its pace, its log, its history in words."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from curation import handoff, history
from curation.handoff import Recalled
from trainer.child import LOG
from trainer.methods import Method
from trainer.models import Run
from trainer.models.fenced import Fenced

LOG_LINES = 30
LOG_BYTES = 32_768
TWINS_SHOWN = 3
LEFT_TO_THE_FILE = {"learning_rate", "grad_norm"}  # or the lines would not fit

# What happened to a run or a job, without its noun: `run.started` and `job.started`.
SAID = {
    "requested": gettext_noop("Asked for"),
    "started": gettext_noop("A worker began"),
    "queued": gettext_noop("Back in the queue"),
    "halved": gettext_noop("Memory ran out; it goes on with fewer examples at once"),
    "adapter": gettext_noop("The adapter was written"),
    "model": gettext_noop("The model was written"),
    "offered": gettext_noop("Its answers were given to people"),
    "finished": gettext_noop("Finished"),
    "failed": gettext_noop("Failed"),
    "paused": gettext_noop("Paused"),
    "cancelled": gettext_noop("Cancelled"),
    "cancel_asked": gettext_noop("Asked to stop"),
    "promoted": gettext_noop("Promoted to champion"),
    "rolled_back": gettext_noop("Put back as champion"),
    "pause_asked": gettext_noop("Asked to stop for now"),
    "removal_asked": gettext_noop("Asked to be trained again without taken-back texts"),
    "retired": gettext_noop("Retired: another model took its place"),
    "weights_deleted": gettext_noop("Its weights were deleted"),
    "prioritised": gettext_noop("Given another priority"),
}


class Stage(NamedTuple):
    label: str
    is_done: bool
    is_current: bool


def stages(run: Run) -> list[Stage]:
    """The phases in their order, with where the run stands."""
    phases = list(Run.Phase)
    if run.gives_marks:
        phases.remove(Run.Phase.SAMPLING)
    if not run.config.get("offer") or not run.config.get("samples"):
        phases.remove(Run.Phase.OFFERING)
    if run.state == Run.State.FINISHED:
        return [Stage(str(phase.label), is_done=True, is_current=False) for phase in phases]
    here = phases.index(Run.Phase(run.phase)) if run.phase in phases else -1
    return [
        Stage(str(phase.label), is_done=number < here, is_current=number == here)
        for number, phase in enumerate(phases)
    ]


def time_left(run: Run) -> str:
    """From the pace so far; "" while there is none."""
    if run.phase != Run.Phase.TRAINING or not run.seconds_per_step:
        return ""
    seconds = (run.of - run.step) * run.seconds_per_step
    if seconds <= 0:
        return ""
    if seconds < 50:
        return _("less than a minute left")
    minutes = max(1, round(seconds / 60))
    if minutes < 90:
        return _("about %(minutes)d min left") % {"minutes": minutes}
    hours = round(minutes / 60)
    said = ngettext("about %(hours)d hour left", "about %(hours)d hours left", hours)
    return said % {"hours": hours}


def took(row: Fenced) -> str:
    """From the first start to the end, waiting between attempts included."""
    if row.started_at is None or row.finished_at is None:
        return ""
    seconds = round((row.finished_at - row.started_at).total_seconds())
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def log_tail(folder: Path) -> str:
    path = folder / LOG
    if not path.exists():
        return ""
    return "\n".join(readable(line) for line in _last_lines(path))


def _last_lines(path: Path) -> list[str]:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - LOG_BYTES))
        text = file.read().decode(errors="replace")
    return text.splitlines()[-LOG_LINES:]


def readable(line: str) -> str:
    """An event of a recipe as words; what libraries printed as it is."""
    try:
        event = json.loads(line)
    except ValueError:
        return line
    if not isinstance(event, dict) or "event" not in event:
        return line
    kind = str(event.pop("event"))
    told = [
        f"{name} {_short(value)}" for name, value in event.items() if _is_told(name, value)
    ]
    return "  ".join(told if kind in event else [kind, *told])


def _is_told(name: str, value: Any) -> bool:
    return name not in LEFT_TO_THE_FILE and not isinstance(value, dict | list)


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def settings(method: Method, config: dict[str, Any]) -> list[tuple[str, Any]]:
    """Label and value of each setting that a run or a schedule has."""
    return [
        (f.metadata["label"], _shown(config[f.name], dict(f.metadata["choices"])))
        for f in dataclasses.fields(method.config)
        if f.name in config  # older runs know fewer, and schedules leave some open
    ]


def _shown(value: Any, choices: dict[str, Any]) -> Any:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return choices.get(value, value)


class Inherited(NamedTuple):
    """Texts that were taken back, of the version that an earlier run learned from."""

    run: Run
    recalled: Recalled


def inherited(run: Run) -> list[Inherited]:
    """Of the runs whose weights are in this one's, where their versions are others. A few
    queries."""
    others = [one for one in run.ancestors() if one.version_id != run.version_id]
    if not others:
        return []
    found = handoff.recalled_from(one.version_id for one in others)
    return [
        Inherited(one, found[one.version_id]) for one in others if one.version_id in found
    ]


class Twin(NamedTuple):
    run: Run
    is_alike: bool  # whether it gave the same bytes


def twins(run: Run) -> list[Twin]:
    """Finished runs of the same seed, version and settings on the same kind of device, the
    newest first. A query, where there are bytes to compare."""
    if not run.adapter_sha256 or run.is_merged:
        return []
    same = Run.objects.filter(
        version=run.version_id, base=run.base_id, method=run.method, parent=run.parent_id,
        config=run.config, made_with__device=run.made_with.get("device"),
    )  # fmt: skip
    others = same.exclude(pk=run.pk).exclude(adapter_sha256="").order_by("-pk")
    return [
        Twin(one, one.adapter_sha256 == run.adapter_sha256) for one in others[:TWINS_SHOWN]
    ]


class Line(NamedTuple):
    said: str
    by: str
    at: datetime
    detail: str


def told(row: Fenced) -> list[Line]:
    """Its history. One query."""
    events: QuerySet[Any] = history.of(row)
    return [_line(event) for event in events]


def _line(event: Any) -> Line:
    data: dict[str, Any] = event.data
    details: Iterable[str] = (
        _("attempt %(number)s") % {"number": data["attempt"]}
        if event.kind.endswith(".started")
        else "",
        str(data.get("worker", "")),
        _(str(data.get("problem", ""))),
    )
    return Line(
        said=_(SAID.get(event.kind.partition(".")[2], event.kind)),
        by=str(event.by) if event.by else "",
        at=event.at,
        detail=", ".join(filter(None, details)),
    )

"""What a part of the examples brought: trained with it and without it, and compared."""

from __future__ import annotations

import random
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from curation import handoff
from curation.handoff import Person, Portion
from trainer import effects, trials
from trainer.effects import OTHERS, WITH, WITHOUT, Line
from trainer.errors import TrainerError
from trainer.jobs.kind import Kind
from trainer.models import Job, Run
from trainer.recipes.data import TRAIN
from trainer.recipes.intervals import Interval
from trainer.trials import Trial
from trainer.work import Work

DEFAULTS: dict[str, Any] = {"by": "", "value": "", "seeds": trials.SEEDS}
ARMS = (WITH, WITHOUT, OTHERS)


def checked(raw: dict[str, Any]) -> dict[str, Any]:
    """{"by": "category", "value": "thanks", "seeds": 3}: what is left out."""
    config = DEFAULTS | raw
    if unknown := sorted(config.keys() - DEFAULTS.keys()):
        raise TrainerError(_("Unknown setting “%(name)s”.") % {"name": unknown[0]})
    if config["by"] not in handoff.By.values or not isinstance(config["value"], str):
        raise TrainerError(_("Choose what is left out."))
    trials.checked(config["seeds"])
    return config


def require(run: Run | None, config: dict[str, Any], by: Person) -> None:
    """There is something to leave out, and something to learn from without it."""
    trials.require(run)
    assert run is not None, "or it was refused"
    count = len(handoff.ids_of_portion(run.version_id, config["by"], config["value"]))
    if not count:
        raise TrainerError(_("Its version has no such examples to learn from."))
    if count == run.version.train_count:
        raise TrainerError(_("Without these examples there is nothing to learn from."))


def perform(work: Work[Job]) -> dict[str, Any]:
    job = work.row
    every = [line["id"] for line in trials.lines(work.data / TRAIN)]
    portion = handoff.ids_of_portion(job.version_id, job.config["by"], job.config["value"])
    theirs = {str(uid) for uid in portion}.intersection(every)
    asked = _trials(every, theirs, trials.seeds_of(job))
    found = trials.done(work, asked)
    arms = {trial.name.partition("-")[0] for trial in asked}
    seeds = range(job.config["seeds"])
    losses = {
        arm: [found.losses[f"{arm}-{number}"] for number in seeds]
        for arm in ARMS
        if arm in arms
    }
    return {
        "left_out": len(theirs),
        "of": len(every),
        "trainings": len(asked),
        "lines": [line._asdict() for line in effects.lines(found.asked, losses)],
    }


def _trials(every: list[str], theirs: set[str], seeds: list[int]) -> list[Trial]:
    """With each seed all, all without the part, and all without as many others: these only
    where there are so many, and others each time."""
    rest = sorted(set(every) - theirs)
    asked = []
    for number, seed in enumerate(seeds):
        asked.append(Trial(f"{WITH}-{number}", seed, frozenset()))
        asked.append(Trial(f"{WITHOUT}-{number}", seed, frozenset(theirs)))
        if len(theirs) < len(rest):
            drawn = random.Random(seed).sample(rest, len(theirs))
            asked.append(Trial(f"{OTHERS}-{number}", seed, frozenset(drawn)))
    return asked


def shown(job: Job) -> dict[str, Any]:
    """`named` is for those alone who may see who wrote what."""
    return {
        "lines": lines(job),
        "portion": portion_of(job),
        "named": portion_of(job, named=True),
    }


def lines(job: Job) -> list[Line]:
    """Of a finished one."""
    return [
        Line(**{name: _interval(value) for name, value in line.items()})
        for line in job.result.get("lines", [])
    ]


def portion_of(job: Job, *, named: bool = False) -> Portion | None:
    """What was left out, told as it may be. Queries."""
    by, value = job.config["by"], job.config["value"]
    every = handoff.portions_of(job.version_id, named=named, kinds=[by])
    return next((one for one in every if one.value == value), None)


def _interval(value: Any) -> Any:
    return Interval(*value) if isinstance(value, list) else value


KIND = Kind(
    name="effect",
    label=gettext_lazy("What examples brought"),
    perform=perform,
    checked=checked,
    require=require,
    template="trainer/_effect.html",
    shown=shown,
)

"""What more examples of each category would likely bring, by trainings on parts of them."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from curation import handoff
from curation.handoff import Person, Target
from trainer import prospects, trials
from trainer.errors import TrainerError
from trainer.jobs.kind import Kind
from trainer.models import Job, Run
from trainer.prospects import PARTS, Prospect
from trainer.recipes.data import TRAIN
from trainer.recipes.intervals import Interval
from trainer.trials import Trial
from trainer.work import Work


def checked(raw: dict[str, Any]) -> dict[str, Any]:
    """{"seeds": 3}"""
    config = {"seeds": trials.SEEDS} | raw
    if unknown := sorted(config.keys() - {"seeds"}):
        raise TrainerError(_("Unknown setting “%(name)s”.") % {"name": unknown[0]})
    trials.checked(config["seeds"])
    return config


def require(run: Run | None, config: dict[str, Any], by: Person) -> None:
    trials.require(run)
    assert run is not None, "or it was refused"
    if run.version.train_count < prospects.FEWEST:
        said = _("It takes %(count)d examples to learn from at least.")
        raise TrainerError(said % {"count": prospects.FEWEST})


def perform(work: Work[Job]) -> dict[str, Any]:
    by_category: dict[str, list[str]] = defaultdict(list)
    for line in trials.lines(work.data / TRAIN):
        by_category[line["category"]].append(line["id"])
    seeds, run = trials.seeds_of(work.row), work.row.run
    assert run is not None, "asked of a run"
    asked = _trials(by_category, seeds, steps=int(run.config["steps"]))
    found = trials.done(work, asked)
    losses = [
        [found.losses[_name(part, number)] for number in range(len(seeds))]
        for part in PARTS
    ]
    sizes = {
        name: [_size(part, len(ids)) for part in PARTS] for name, ids in by_category.items()
    }
    told = prospects.prospects(found.asked, sizes, losses)
    return {
        "trainings": len(asked),
        "more": prospects.MORE,
        "prospects": [one._asdict() for one in told],
    }


def _trials(
    by_category: dict[str, list[str]], seeds: list[int], *, steps: int
) -> list[Trial]:
    """With each seed a part, twice as much with that among it, and so on to all, which
    take so many steps; a part takes as many as make the same passes."""
    asked, every = [], sum(map(len, by_category.values()))
    for number, seed in enumerate(seeds):
        dice = random.Random(seed)
        mixed = {name: dice.sample(ids, len(ids)) for name, ids in by_category.items()}
        for part in PARTS:
            without = frozenset(
                one for ids in mixed.values() for one in ids[_size(part, len(ids)) :]
            )
            fitting = prospects.steps(steps, every - len(without), every)
            asked.append(Trial(_name(part, number), seed, without, fitting))
    return asked


def _size(part: float, count: int) -> int:
    return max(1, round(part * count))


def _name(part: float, number: int) -> str:
    return f"part-{part:g}-{number}"


def trainings(seeds: int) -> int:
    return seeds * len(PARTS)


def told(job: Job) -> list[Prospect]:
    """Of a finished one."""
    return [
        Prospect(
            **{
                **line,
                "losses": [Interval(*loss) for loss in line["losses"]],
                "change": Interval(*line["change"]),
            }
        )
        for line in job.result.get("prospects", [])
    ]


class Row(NamedTuple):
    """What more examples of a category would bring, beside what is wanted of it."""

    prospect: Prospect
    name: str
    target: Target | None


def rows(job: Job) -> list[Row]:
    """Of a finished one, in its order. A query."""
    targets = handoff.targets(job.version.dataset_id)
    return [
        Row(one, target.name if target else one.category, target)
        for one in told(job)
        for target in [targets.get(one.category)]
    ]


def shown(job: Job) -> dict[str, Any]:
    return {"rows": rows(job)}


KIND = Kind(
    name="forecast",
    label=gettext_lazy("What more examples would bring"),
    perform=perform,
    checked=checked,
    require=require,
    template="trainer/_forecast.html",
    shown=shown,
)

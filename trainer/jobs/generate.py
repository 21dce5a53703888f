"""Models answer prompts of the record, and people are asked what they think of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from curation import handoff, intake
from trainer import judges
from trainer.actions import fence
from trainer.errors import TrainerError, TrainingFailed
from trainer.jobs.kind import Kind, require_numbers
from trainer.jobs.sides import Said, Shape, Side, answered, forget, marked
from trainer.models import Contest, Job, Run
from trainer.variety import varied
from trainer.wins import Mark
from trainer.work import Work

PROMPTS_AT_MOST, MADE_AT_MOST, KEPT_AT_MOST = 200, 16, 4
NO_PROMPT = gettext_noop(
    "There is no prompt to ask people about now: the dataset's rules leave no room for "
    "more, or none of its prompts takes another answer."
)
DEFAULTS: dict[str, Any] = {
    "prompts": 10,
    "made": 4,
    "kept": 1,
    "choice": "held_out",
    "temperature": 0.9,
    "max_new_tokens": 64,
    "max_length": 512,
    "seed": 1,
    "rivals": [],  # numbers of runs, or null for the base alone, that answer as well
    "but_not": [],  # uids of prompts that were asked about before
    "contest": None,
    "judge": None,  # a reward model's run: of the varied ones the best by its marks
}
LIMITS = {
    "prompts": (1, PROMPTS_AT_MOST),
    "made": (1, MADE_AT_MOST),
    "kept": (1, KEPT_AT_MOST),
    "temperature": (0, 2),
    "max_new_tokens": (1, 2048),
    "max_length": (16, 32_768),
    "seed": (0, 2**31 - 1),
}


def checked(raw: dict[str, Any]) -> dict[str, Any]:
    config = require_numbers(raw, DEFAULTS, LIMITS)
    if config["choice"] not in handoff.Choice.values:
        raise TrainerError(_("There is no such choice of prompts."))
    if config["kept"] > config["made"]:
        raise TrainerError(_("No more answers can be kept than are made."))
    if config["temperature"] == 0 and config["made"] > 1:
        raise TrainerError(_("At temperature 0 all answers are the same."))
    if config["max_length"] <= config["max_new_tokens"]:
        raise TrainerError(_("“Tokens per example” must leave room for an answer."))
    return config


def require(run: Run | None, config: dict[str, Any], by: handoff.Person) -> None:
    judges.require(config.get("judge"), run)


def others(run: Run | None, config: dict[str, Any]) -> list[int]:
    asked = [*config.get("rivals", []), config.get("judge")]
    return [number for number in asked if number]


def perform(work: Work[Job]) -> dict[str, Any]:
    """The prompts are chosen now, so that no more are asked than people can rank now."""
    job, config = work.row, work.row.config
    sides = sides_of(job)
    room = handoff.room_to_ask(job.dataset_id).prompts
    prompts = handoff.prompts_to_answer(
        job.dataset_id,
        choice=config["choice"],
        answers=config["kept"] * len(sides),
        at_most=min(config["prompts"], room),
        without=[side.name for side in sides],
        but_not=config["but_not"],
    )
    if not prompts:
        if config["contest"] is None:
            raise TrainingFailed(NO_PROMPT)
        return {"prompts": [], "sides": []}
    judge = judges.finished(config.get("judge"))
    try:
        made = [_answered(work, number, side, prompts) for number, side in enumerate(sides)]
        marks = _marks(work, judge, prompts, made)
    finally:
        forget(work.folder)
    kept = [
        [
            _kept(texts, config["kept"], given)
            for texts, given in zip(said.answers, theirs, strict=True)
        ]
        for said, theirs in zip(made, marks, strict=True)
    ]
    same = _empty_where_all_say_the_same(kept)
    return {
        "prompts": [prompt.uid for prompt in prompts],
        "same": same,
        "judge": judge.pk if judge else None,
        "sides": [
            _said(side, config, said, theirs)
            for side, said, theirs in zip(sides, made, kept, strict=True)
        ],
    }


def sides_of(job: Job) -> list[Side]:
    """The job's own model first, then its rivals."""
    sides = [Side(job.base, job.run)]
    for rival in job.config["rivals"]:
        run = Run.objects.select_related("base").get(pk=rival) if rival else None
        sides.append(Side(run.base if run else job.base, run))
    return sides


def _answered(
    work: Work[Job], number: int, side: Side, prompts: Sequence[handoff.Prompt]
) -> Said:
    config, done = work.row.config, len(prompts) * number
    total = len(prompts) * (1 + len(config["rivals"]))
    shape = Shape(
        answers=config["made"],
        temperature=config["temperature"],
        max_new_tokens=config["max_new_tokens"],
        max_length=config["max_length"],
        seed=config["seed"],
    )

    def tell(count: int) -> None:
        work.watch.check()
        fence.report(work.row, step=done + count, of=total)

    return answered(work, number, side, prompts, shape, tell)


def _marks(
    work: Work[Job],
    judge: Run | None,
    prompts: Sequence[handoff.Prompt],
    made: Sequence[Said],
) -> list[list[list[Mark] | None]]:
    """Of each model and prompt a mark an answer; without a judge none."""
    if judge is None:
        return [[None] * len(prompts) for _ in made]
    every = [texts for said in made for texts in said.answers]
    found = iter(marked(work, judge, [*prompts] * len(made), every))
    return [[next(found) for _ in prompts] for _ in made]


def _kept(texts: Sequence[str], keep: int, marks: Sequence[Mark] | None) -> list[str]:
    """The most varied ones; with marks the best first, without what cannot be marked."""
    if marks is None:
        return [texts[index] for index in varied(texts, keep)]
    there = [
        (text, mark) for text, mark in zip(texts, marks, strict=True) if mark is not None
    ]
    chosen = varied([text for text, _ in there], keep, [mark for _, mark in there])
    return [there[index][0] for index in chosen]


def _empty_where_all_say_the_same(kept: list[list[list[str]]]) -> int:
    """Two equal answers have no order: nobody is asked. Return on how many prompts."""
    same = 0
    for texts in zip(*kept, strict=True):
        if (
            len(texts) > 1
            and len({str([one.split() for one in each]) for each in texts}) == 1
        ):
            same += 1
            for each in texts:
                each.clear()
    return same


def _said(
    side: Side, config: dict[str, Any], said: Said, kept: list[list[str]]
) -> dict[str, Any]:
    """What is told of one model: how its answers were made, and the answers."""
    return {
        "generator": side.name,
        "run": side.run.pk if side.run else None,
        "adapter_sha256": side.run.adapter_sha256 if side.run else "",
        "engine": said.engine,
        "seed": config["seed"],
        "temperature": config["temperature"],
        "made": config["made"] * len(kept),
        "ended": said.ended_share,
        "kept": sum(map(len, kept)),
        "answers": kept,
    }


def keep(job: Job, result: dict[str, Any]) -> None:
    """Offer the answers, and take their words out of what the row keeps.

    All in the transaction that ends the job: of two models either both answers to a prompt
    stand before people, or none.
    """
    prompts, sides = result["prompts"], result["sides"]
    answers = [
        intake.Side(one["generator"], f"job-{job.pk}-{number}", one.pop("answers"))
        for number, one in enumerate(sides)
    ]
    taken_by = intake.offer_side_by_side(prompts, answers)
    for side, taken in zip(sides, taken_by, strict=False):
        side["offered"] = sum(taken)
        side["refused"] = side["kept"] - side["offered"]
    by_prompt = zip(*taken_by, strict=True)
    result["missed"] = [
        uid for uid, counts in zip(prompts, by_prompt, strict=True) if not any(counts)
    ]
    _tell_contest(job, len(prompts))
    taken = sum(side["offered"] for side in result["sides"])
    fence.record("offered", job, by=None, taken=taken)


def _tell_contest(job: Job, prompts: int) -> None:
    contest = Contest.objects.filter(pk=job.config["contest"])
    contest.update(asked=F("asked") + prompts, is_dry=prompts == 0)


def shown(job: Job) -> dict[str, Any]:
    judge = judges.finished(job.result.get("judge"))
    return {"judge": judges.told(judge) if judge else None}


KIND = Kind(
    "generate",
    gettext_lazy("Answers for people to rank"),
    perform,
    keep=keep,
    checked=checked,
    require=require,
    others=others,
    template="trainer/_generated.html",
    shown=shown,
)

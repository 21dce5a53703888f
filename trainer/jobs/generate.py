"""Models answer prompts of the record, and people are asked what they think of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from curation import handoff, intake
from trainer import served
from trainer.actions import fence
from trainer.errors import TrainerError, TrainingFailed
from trainer.folders import model
from trainer.jobs.kind import Kind
from trainer.models import BaseModel, Contest, Job, Run
from trainer.text import storable
from trainer.variety import varied
from trainer.work import Work

PROMPTS_AT_MOST, MADE_AT_MOST, KEPT_AT_MOST = 200, 16, 4
PROMPTS, ANSWERS = "prompts.jsonl", "answers.jsonl"
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


class Side(NamedTuple):
    """One of the models that answer."""

    base: BaseModel
    run: Run | None

    @property
    def name(self) -> str:
        return self.run.signature if self.run else self.base.slug


def checked(raw: dict[str, Any]) -> dict[str, Any]:
    config = DEFAULTS | raw
    if unknown := sorted(config.keys() - DEFAULTS.keys()):
        raise TrainerError(_("There is no setting “%(name)s”.") % {"name": unknown[0]})
    for name, (least, most) in LIMITS.items():
        value = config[name]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not least <= value <= most:
            said = _("“%(label)s” must be from %(least)g to %(most)g.")
            raise TrainerError(said % {"label": name, "least": least, "most": most})
    if config["choice"] not in handoff.Choice.values:
        raise TrainerError(_("There is no such choice of prompts."))
    if config["kept"] > config["made"]:
        raise TrainerError(_("No more answers can be kept than are made."))
    if config["temperature"] == 0 and config["made"] > 1:
        raise TrainerError(_("At temperature 0 all answers are the same."))
    if config["max_length"] <= config["max_new_tokens"]:
        raise TrainerError(_("“Tokens per example” must leave room for an answer."))
    return config


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
    try:
        made = [_answered(work, number, side, prompts) for number, side in enumerate(sides)]
    finally:
        _forget(work.folder, len(sides))
    kept = [[_kept(texts, config["kept"]) for texts in answers] for _, answers in made]
    same = _empty_where_all_say_the_same(kept)
    return {
        "prompts": [prompt.uid for prompt in prompts],
        "same": same,
        "sides": [
            _said(side, config, engine, theirs)
            for side, (engine, _), theirs in zip(sides, made, kept, strict=True)
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
) -> tuple[str, list[list[str]]]:
    """By whom, and the answers to each prompt in their order."""
    config, done = work.row.config, len(prompts) * number
    total = len(prompts) * (1 + len(config["rivals"]))
    shape = {name: config[name] for name in ("temperature", "max_new_tokens", "seed")}
    shape["answers"] = config["made"]

    def tell(count: int) -> None:
        work.watch.check()
        fence.report(work.row, step=done + count, of=total)

    tell(0)
    if served.serves(side.name):
        return "vLLM", served.answers(side.name, prompts, tell=tell, **shape)

    def take(event: dict[str, Any] | None) -> None:
        if event and event.get("event") == "sampled":
            tell(event["done"])

    out = work.folder / f"side-{number}"
    out.mkdir(exist_ok=True)
    place = model(side.base, side.run) | {"max_length": config["max_length"]}
    files = {"prompts": str(_written(out / PROMPTS, prompts)), "out": str(out)}
    work.recipe("generate", place | shape | files, take=take)
    by_prompt = _read(out / ANSWERS)
    return "transformers", [by_prompt[one.uid] for one in prompts]


def _written(path: Path, prompts: Sequence[handoff.Prompt]) -> Path:
    lines = ({"id": one.uid, "messages": one.messages} for one in prompts)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8")
    return path


def _read(path: Path) -> dict[str, list[str]]:
    with path.open(encoding="utf-8") as file:
        lines = [json.loads(line) for line in file if line.strip()]
    return {line["id"]: line["answers"] for line in lines}


def _kept(texts: Sequence[str], keep: int) -> list[str]:
    told = [storable(text) for text in texts]
    return [told[index] for index in varied(told, keep)]


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
    side: Side, config: dict[str, Any], engine: str, kept: list[list[str]]
) -> dict[str, Any]:
    """What is told of one model: how its answers were made, and the answers."""
    return {
        "generator": side.name,
        "run": side.run.pk if side.run else None,
        "adapter_sha256": side.run.adapter_sha256 if side.run else "",
        "engine": engine,
        "seed": config["seed"],
        "temperature": config["temperature"],
        "made": config["made"] * len(kept),
        "kept": sum(map(len, kept)),
        "answers": kept,
    }


def _forget(folder: Path, sides: int) -> None:
    """People's words are in the record and nowhere else; a retry asks for them again."""
    for number in range(sides):
        for name in (PROMPTS, ANSWERS):
            (folder / f"side-{number}" / name).unlink(missing_ok=True)


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


KIND = Kind(
    "generate",
    gettext_lazy("Answers for people to rank"),
    perform,
    keep=keep,
    checked=checked,
    template="trainer/_generated.html",
)

"""Reward win rate: a judge marks a model's answers beside others' and people's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from curation.handoff import Person, Prompt
from trainer import evaluation, held_out, judges, wins
from trainer.actions import fence
from trainer.errors import TrainerError, TrainingFailed
from trainer.habits import habits
from trainer.held_out import HeldOut
from trainer.jobs.kind import Kind, require_numbers
from trainer.jobs.sides import Said, Shape, Side, answered, forget, marked
from trainer.models import Job, Run
from trainer.wins import Mark, Met
from trainer.work import Work

PEOPLE, MINE, BASE = "people", "mine", "base"
DEFAULTS: dict[str, Any] = {
    "judge": None,
    "prompts": 100,
    "max_new_tokens": 64,
    "max_length": 512,
}
LIMITS = {
    "prompts": (1, 1000),
    "max_new_tokens": (1, 2048),
    "max_length": (16, 32_768),
}
NONE_HELD_OUT = gettext_noop(
    "There is no held-out example; freeze a version that keeps some."
)
NO_JUDGE = gettext_noop("The reward model is gone. Choose another one.")


def checked(raw: dict[str, Any]) -> dict[str, Any]:
    config = require_numbers(raw, DEFAULTS, LIMITS)
    if config["max_length"] <= config["max_new_tokens"]:
        raise TrainerError(_("“Tokens per example” must leave room for an answer."))
    return config


def require(run: Run | None, config: dict[str, Any], by: Person) -> None:
    if run is None or run.gives_marks:
        raise TrainerError(_("Name a run whose model answers."))
    if config["judge"] is None:
        raise TrainerError(_("Name a reward model that marks the answers."))
    judges.require(config["judge"], run)


def others(run: Run | None, config: dict[str, Any]) -> list[int]:
    against = evaluation.opponent(run) if run else None
    return [config["judge"], *([against[0].pk] if against else [])]


def perform(work: Work[Job]) -> dict[str, Any]:
    """Each model gives its likeliest answer."""
    job, run = work.row, work.row.run
    assert run is not None, "a win rate is of a run's model"
    judge = judges.finished(job.config["judge"])
    if judge is None:
        raise TrainingFailed(NO_JUDGE)
    asked = held_out.prompts(work.data / held_out.HELD_OUT, job.config["prompts"])
    if not asked:
        raise TrainingFailed(NONE_HELD_OUT)
    prompts = [Prompt(one.uid, one.category, one.messages) for one in asked]
    sides = sides_of(run)
    try:
        said = {
            name: _answered(work, number, len(sides), side, prompts)
            for number, (name, side) in enumerate(sides.items())
        }
        texts = {name: one.answers for name, one in said.items()}
        texts[PEOPLE] = [one.accepted for one in asked]
        marks = _marks(work, judge, prompts, texts)
    finally:
        forget(work.folder)
    work.require_whole()
    return {
        "judge": judge.pk,
        "prompts": len(asked),
        "against": [
            {"who": name, "run": _number(sides.get(name)), **found}
            for name in texts
            if name != MINE and (found := wins.tally(_met(asked, name, texts, marks)))
        ],
        "answers": [
            {"who": name, "run": _number(sides[name]), "habits": _read(one)}
            for name, one in said.items()
        ],
    }


def sides_of(run: Run) -> dict[str, Side]:
    """The run's own model, its base, and whom its evaluation page compares it with."""
    sides = {MINE: Side(run.base, run), BASE: Side(run.base, None)}
    if (against := evaluation.opponent(run)) is not None:
        other, name = against
        sides[name] = Side(other.base, other)
    return sides


def _answered(
    work: Work[Job], number: int, sides: int, side: Side, prompts: Sequence[Prompt]
) -> Said:
    config, done = work.row.config, len(prompts) * number
    shape = Shape(
        answers=1,
        temperature=0,
        max_new_tokens=config["max_new_tokens"],
        max_length=config["max_length"],
        seed=1,
    )

    def tell(count: int) -> None:
        work.watch.check()
        fence.report(work.row, step=done + count, of=len(prompts) * sides)

    return answered(work, number, side, prompts, shape, tell)


Texts = dict[str, list[list[str]]]  # by who, then by prompt
Marks = dict[str, list[list[Mark]]]


def _marks(work: Work[Job], judge: Run, prompts: Sequence[Prompt], texts: Texts) -> Marks:
    """All answers to a prompt stand together, so that it is cut alike for all."""
    by_prompt = [
        [text for name in texts for text in texts[name][place]]
        for place in range(len(prompts))
    ]
    found = marked(work, judge, prompts, by_prompt)
    marks: Marks = {name: [] for name in texts}
    for place, given in enumerate(found):
        rest = iter(given)
        for name in texts:
            marks[name].append([next(rest) for _ in texts[name][place]])
    return marks


def _met(asked: Sequence[HeldOut], name: str, texts: Texts, marks: Marks) -> list[Met]:
    return [
        Met(
            one.conversation,
            marks[MINE][place][0],
            marks[name][place],
            len(texts[MINE][place][0].split()),
            [len(text.split()) for text in texts[name][place]],
        )
        for place, one in enumerate(asked)
    ]


def _read(said: Said) -> dict[str, Any]:
    found = habits([text for texts in said.answers for text in texts], said.ended)
    assert found is not None, "each side has answered"
    return found._asdict()


def _number(side: Side | None) -> int | None:
    return side.run.pk if side and side.run else None


def shown(job: Job) -> dict[str, Any]:
    judge = judges.finished(job.result["judge"])
    return {"won": job.result, "judge": judges.told(judge) if judge else None}


KIND = Kind(
    "wins",
    gettext_lazy("Reward win rate"),
    perform,
    checked=checked,
    require=require,
    others=others,
    template="trainer/_job_wins.html",
    shown=shown,
)

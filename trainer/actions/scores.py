"""What models make of accepted examples: kept, listed, and answered by curators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from curation import handoff, intake
from curation.errors import CurationError
from curation.handoff import Person
from trainer import surprises
from trainer.actions import fence
from trainer.models import ExampleScore, Job, Run, SecondThought, Surprise
from trainer.surprises import Scored

AT_ONCE = 2000
Line = dict[str, Any]


# ---- keeping ---------------------------------------------------------------------------


def known_to(run: Run, reward_run: int | None) -> set[str]:
    """The examples that have their score, and their mark by this judge."""
    scores = ExampleScore.objects.filter(run=run)
    if reward_run is not None:
        scores = scores.filter(rewarded_by=reward_run)
    return {str(uid) for uid in scores.values_list("message_uid", flat=True)}


@transaction.atomic
def keep(job: Job, found: Iterable[Line], *, reward_run: int | None) -> None:
    """Take in what `recipes/score.py` wrote, and list anew what surprises. Twice is once.

    With the fence held, so that what is forgotten meanwhile does not come back.
    """
    fence.hold(job)
    handoff.require_whole(job.version_id)
    run = job.run
    assert run is not None, "a score job has a run"
    rows = [_row(run, job.version_id, line, reward_run) for line in found]
    columns = ["version", "prompt_uid", "category", "tokens", "loss_base", "loss_tuned",
               "loss_alone"]  # fmt: skip
    if reward_run is not None:
        columns += ["reward", "rewarded_by"]
    ExampleScore.objects.bulk_create(
        rows,
        batch_size=AT_ONCE,
        update_conflicts=True,
        unique_fields=["run", "message_uid"],
        update_fields=columns,
    )
    list_surprises(run)


def _row(run: Run, version_id: int, line: Line, reward_run: int | None) -> ExampleScore:
    reward = line.get("reward")
    return ExampleScore(
        run=run,
        version_id=version_id,
        message_uid=UUID(line["id"]),
        prompt_uid=UUID(line["prompt_id"]) if line["prompt_id"] else None,
        category=line["category"],
        tokens=line["tokens"],
        loss_base=line["base"],
        loss_tuned=line["tuned"],
        loss_alone=line["alone"],
        reward=reward,
        rewarded_by_id=reward_run if reward is not None else None,
    )


@transaction.atomic
def list_surprises(run: Run) -> int:
    """From all scores of a model. Return how many there are."""
    found = surprises.surprises(list(_scored(run)))
    Surprise.objects.filter(run=run).delete()
    Surprise.objects.bulk_create(
        Surprise(
            run=run,
            message_uid=UUID(one.uid),
            kind=one.kind,
            strength=round(one.strength, 4),
            facts={name: round(value, 4) for name, value in one.facts.items()},
        )
        for one in found
    )
    return len(found)


def _scored(run: Run) -> Iterator[Scored]:
    rows = ExampleScore.objects.filter(run=run).order_by("pk")
    names = ("message_uid", "prompt_uid", "category", "tokens", "loss_base", "loss_tuned",
             "loss_alone", "reward")  # fmt: skip
    for uid, prompt, *rest in rows.values_list(*names).iterator(chunk_size=AT_ONCE):
        yield Scored(str(uid), str(prompt or ""), *rest)


# ---- what curators decide --------------------------------------------------------------


@transaction.atomic
def mark_fine(*, uid: UUID, dataset: Any, by: Person) -> None:
    """It is right as it is, and does not come up again."""
    _require(uid, dataset)
    _answer(uid, SecondThought.Outcome.FINE, by)


@transaction.atomic
def judge_again(*, uid: UUID, dataset: Any, reason: str, by: Person) -> None:
    """Have people judge it once more; what the record refuses is told."""
    _require(uid, dataset)
    looked = intake.ask_second_look([uid], reason=reason, by=by)
    if looked.refused:
        raise CurationError(looked.refused[0])
    _answer(uid, SecondThought.Outcome.AGAIN, by)


def _require(uid: UUID, dataset: Any) -> None:
    if not handoff.belongs(uid, dataset):
        raise CurationError(_("This text is not in the dataset any more."))


def _answer(uid: UUID, outcome: str, by: Person) -> None:
    said = {"outcome": outcome, "by": by}
    SecondThought.objects.update_or_create(message_uid=uid, defaults=said)


# ---- forgetting ------------------------------------------------------------------------


def forget(uids: Sequence[UUID]) -> None:
    """All that says something of these texts."""
    for rows in (ExampleScore, Surprise, SecondThought):
        rows.objects.filter(message_uid__in=uids).delete()

"""What models make of accepted examples: kept, listed, and answered by curators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from curation import handoff, history, intake
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
    """It is right as it is, and does not come up again. Twice is once."""
    text = _required(uid, dataset)
    if _answer(uid, SecondThought.Outcome.FINE, by):
        history.record("surprise.dismissed", text, by=by, dataset_id=dataset.pk)


@transaction.atomic
def judge_again(*, uid: UUID, dataset: Any, kind: str, by: Person) -> None:
    """Have people judge it once more; what the record refuses is told."""
    _required(uid, dataset)
    reason = f"Surprised a model: {kind}"
    looked = intake.ask_second_look([uid], reason=reason, by=by)
    if looked.refused:
        raise CurationError(looked.refused[0])
    _answer(uid, SecondThought.Outcome.AGAIN, by)


def _required(uid: UUID, dataset: Any) -> Any:
    text = handoff.text_of(uid, dataset)
    if text is None:
        raise CurationError(_("This text is not in the dataset any more."))
    return text


def _answer(uid: UUID, outcome: str, by: Person) -> bool:
    """False where that was the answer already."""
    found, is_new = SecondThought.objects.select_for_update().get_or_create(
        message_uid=uid, defaults={"outcome": outcome, "by": by}
    )
    was, found.outcome, found.by = found.outcome, outcome, by
    found.save(update_fields=["outcome", "by"])
    return is_new or was != outcome


# ---- forgetting ------------------------------------------------------------------------


def forget(uids: Sequence[UUID]) -> None:
    """All that says something of these texts."""
    for rows in (ExampleScore, Surprise, SecondThought):
        rows.objects.filter(message_uid__in=uids).delete()

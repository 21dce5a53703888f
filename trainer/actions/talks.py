"""What is in a talk: what the worker writes into it, what its owner thinks of it, its end.

Asking is in `talking.py`, sending to the record in `sending.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.handoff import Person
from trainer.actions import fence
from trainer.errors import TrainerError
from trainer.folders import folder_of_job, forget_talk, jobs_with_talk
from trainer.models import Job, Talk, TalkAnswer, TalkTurn, TalkVoice
from trainer.text import storable

KEPT = timedelta(days=30)
State = TalkAnswer.State


class Asked(NamedTuple):
    """A turn that waits, and for each voice in its order what the model is to read."""

    turn: TalkTurn
    prompts: list[list[dict[str, str]]]


def lock(talk_id: int, *, by: Person) -> Talk:
    """For the rest of the transaction. Other people's talks do not exist."""
    return Talk.objects.select_for_update().get(pk=talk_id, owner=by)


def unanswered(talk: Talk) -> QuerySet[TalkAnswer]:
    return TalkAnswer.objects.filter(turn__talk=talk).exclude(state=State.DONE)


# ---- what the worker does --------------------------------------------------------------


def voices(job: Job) -> list[TalkVoice]:
    """Of the talk that the job is for; none where the talk is gone."""
    found = TalkVoice.objects.filter(talk=job.config["talk"], talk__job=job)
    return list(found.select_related("base", "run__base").order_by("place"))


@transaction.atomic
def take_turn(job: Job) -> Asked | None:
    """The oldest turn that waits for an answer in this job. What an attempt that was lost
    had begun to say is said anew."""
    fence.hold(job)
    waiting = TalkTurn.objects.filter(talk=job.config["talk"], talk__job=job).filter(
        answers__state__in=[State.WAITING, State.WRITING]
    )
    turn = waiting.order_by("number").first()
    if turn is None:
        return None
    turn.answers.exclude(state=State.DONE).update(state=State.WRITING, text="")
    there = [_past(turn, voice) for voice in voices(job)]
    return Asked(turn, there)


def _past(turn: TalkTurn, voice: TalkVoice) -> list[dict[str, str]]:
    """Each model goes on from its own answers; what it did not answer it does not see."""
    before = TalkAnswer.objects.filter(
        voice=voice, turn__number__lt=turn.number, state=State.DONE
    )
    said: list[dict[str, str]] = []
    for one in before.exclude(text="").select_related("turn").order_by("turn__number"):
        said.append({"role": "user", "content": one.turn.words})
        said.append({"role": "assistant", "content": one.text})
    return [*said, {"role": "user", "content": turn.words}]


@transaction.atomic
def tell(
    job: Job, turn: TalkTurn, said: Sequence[dict[str, Any]], *, is_done: bool
) -> None:
    """Write down what the models have said so far, in the order of the voices.

    Raises Lost where the job is somebody else's by now.
    """
    fence.hold(job)
    theirs = TalkAnswer.objects.filter(turn=turn.pk).exclude(state=State.DONE)
    for place, one in enumerate(said):
        facts = {**one, "text": storable(one["text"])} if one else {}
        if is_done:
            facts["state"] = State.DONE
        if facts:
            theirs.filter(voice__place=place).update(**facts)
    if is_done:
        fence.report(job, step=turn.number, of=turn.number)


@transaction.atomic
def close(job: Job) -> None:
    """Nothing is asked while the job ends: who asks waits, and finds it ended."""
    list(Talk.objects.select_for_update().filter(job=job))


# ---- what its owner does ---------------------------------------------------------------


@transaction.atomic
def rate(*, answer_id: int, thumb: int, by: Person) -> TalkAnswer:
    """Good or not, or neither any more. It stays in the talk until the answer is sent."""
    if thumb not in TalkAnswer.Thumb.values:
        raise TrainerError(_("A thumb points up or down."))
    answer = answer_of(answer_id, by=by)
    if answer.sent_at is not None:
        raise TrainerError(_("This answer is in the record already, with what you said."))
    answer.thumb = thumb
    answer.save(update_fields=["thumb"])
    return answer


def answer_of(answer_id: int, *, by: Person) -> TalkAnswer:
    """Whole, in a talk that is locked for the rest of the transaction.

    The two answers to one question are sent one after the other, and nothing is tried
    again meanwhile. Other people's do not exist.
    """
    mine = TalkAnswer.objects.filter(pk=answer_id, turn__talk__owner=by)
    lock(mine.values_list("turn__talk", flat=True).get(), by=by)
    joined = mine.select_related("turn__talk", "voice__base", "voice__run__base")
    answer = joined.get()
    if answer.state != State.DONE:
        raise TrainerError(_("This answer is not there yet."))
    return answer


@transaction.atomic
def forget(*, talk_id: int, by: Person) -> None:
    """All of a talk goes. What was sent to the record stays there."""
    lock(talk_id, by=by).delete()
    _clear(Job.objects.filter(kind=Job.TALK, requested_by=by, config__talk=talk_id))


def forget_old() -> int:
    """Those in which nothing was asked for a month, and what is left on disk of any."""
    count, _by_model = Talk.objects.over_since(now() - KEPT).delete()
    _clear(Job.objects.filter(pk__in=jobs_with_talk()))
    return count


def _clear(jobs: QuerySet[Job]) -> None:
    """Take from the disk what attempts that were killed left there. One that is under way
    reads these files, and clears them itself."""
    for job in jobs.exclude(state=Job.State.RUNNING):
        forget_talk(folder_of_job(job))

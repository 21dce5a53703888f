"""A person talks to models: begins, asks, has them try again."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation import handoff
from curation.errors import CurationError
from curation.handoff import Person
from trainer import saw
from trainer.actions import jobs, talks
from trainer.actions.runs import require
from trainer.errors import TrainerError
from trainer.models import BaseModel, Job, Run, Talk, TalkAnswer, TalkTurn, TalkVoice
from trainer.text import storable

logger = logging.getLogger(__name__)

TEXT_AT_MOST = 20_000  # letters; the record takes no longer text either
TURNS_AT_MOST = 100
# People wait for it: it goes before trainings that wait, and takes seconds.
PRIORITY = 1
SEEDS = 2**31
STILL_ANSWERING = gettext_noop("The last question is being answered: wait for that first.")


class Model(NamedTuple):
    """Somebody to talk to."""

    base: BaseModel
    run: Run | None = None  # None: the base alone


class Words(NamedTuple):
    """What is said, and how it is to be answered."""

    text: str
    context: str = ""
    temperature: float = 0.7
    max_new_tokens: int = 128


def begin(
    *, models: Sequence[Model], words: Words, key: UUID, by: Person, version_id: int | None
) -> Talk:
    """A talk with one or two models, and the first question in it.

    `version_id` is on whose account bases answer; a tuned model answers on its own.
    Sent twice under one key it is one talk. The caller rings, see `ask`.
    """
    sent = TalkTurn.objects.filter(key=key, talk__owner=by).select_related("talk")
    if again := sent.first():
        return again.talk
    try:
        with transaction.atomic():
            return _begin(models, words, key, by, version_id)
    except IntegrityError:  # its twin came first, at this moment
        return sent.get().talk


def _begin(
    models: Sequence[Model], words: Words, key: UUID, by: Person, version_id: int | None
) -> Talk:
    if not 1 <= len(models) <= 2:
        raise TrainerError(_("Choose one model or two."))
    if len(set(models)) < len(models):
        raise TrainerError(_("Choose two different models, or leave the second out."))
    tuned = [model.run.version_id for model in models if model.run]
    account = tuned[0] if tuned else version_id
    if account is None:
        raise TrainerError(_("You curate no dataset with a frozen version."))
    talk = Talk.objects.create(owner=by, version_id=account)
    for place, model in enumerate(models):
        TalkVoice.objects.create(talk=talk, place=place, base=model.base, run=model.run)
    ask(talk_id=talk.pk, words=words, key=key, by=by)
    talk.refresh_from_db()
    return talk


@transaction.atomic
def ask(*, talk_id: int, words: Words, key: UUID, by: Person) -> TalkTurn:
    """The next thing that the person says. Sent twice under one key it counts once.

    The caller rings: `ring(tasks.execute_job, job_id=talk.job_id)`.
    """
    talk = talks.lock(talk_id, by=by)
    again = TalkTurn.objects.filter(key=key).first()
    if again is not None:
        if again.talk_id != talk.pk:
            raise TrainerError(_("This was sent in another talk already."))
        return again
    text, context = _checked(words.text), storable(words.context).strip()
    _require_voices(talk, by)
    _require_quiet(talk)
    number = talk.turns.count() + 1
    if number > TURNS_AT_MOST:
        raise TrainerError(_("This talk is long enough: begin another one."))
    turn = TalkTurn.objects.create(
        talk=talk, number=number, key=key, text=text, context=context,
        temperature=words.temperature, max_new_tokens=words.max_new_tokens,
        seed=secrets.randbelow(SEEDS),
    )  # fmt: skip
    talks.unanswered(talk).delete()  # what failed before is left behind
    _have_answered(talk, turn, by)
    return turn


@transaction.atomic
def try_again(*, talk_id: int, seed: int, by: Person) -> TalkTurn | None:
    """The models answer the last question anew; what they said to it goes.

    `seed` is that of the try that the person saw: of two clicks one counts. None: there
    was a newer try already.
    """
    talk = talks.lock(talk_id, by=by)
    turn = talk.turns.order_by("-number").first()
    if turn is None or turn.seed != seed:
        return None
    _require_voices(talk, by)
    _require_quiet(talk)
    turn.seed = secrets.randbelow(SEEDS)
    turn.save(update_fields=["seed"])
    turn.answers.all().delete()
    _have_answered(talk, turn, by)
    return turn


@transaction.atomic
def wake(talk_id: int) -> Job | None:
    """A job for what was asked while the last one was ending, if there is anything."""
    talk = Talk.objects.select_for_update().filter(pk=talk_id).first()
    if talk is None or talk.job is None or talk.job.state != Job.State.FINISHED:
        return None
    waiting = talks.unanswered(talk).first()
    if waiting is None:
        return None
    try:
        return _wake(talk, waiting.turn, talk.owner)
    except CurationError as refusal:  # they may not have it answered any more
        logger.warning("%s is left without an answer: %s", waiting.turn, refusal)
        waiting.turn.answers.all().delete()
        return None


def left_over() -> list[int]:
    """Talks in which something waits although their job ended well."""
    open_ones = TalkAnswer.objects.exclude(state=TalkAnswer.State.DONE)
    left = open_ones.filter(turn__talk__job__state=Job.State.FINISHED)
    return list(left.values_list("turn__talk", flat=True).distinct())


def _have_answered(talk: Talk, turn: TalkTurn, by: Person) -> None:
    TalkAnswer.objects.bulk_create(
        TalkAnswer(turn=turn, voice=voice) for voice in talk.voices.all()
    )
    _wake(talk, turn, by)


def _wake(talk: Talk, turn: TalkTurn, by: Person) -> Job:
    """The job that is at it already, or a new one."""
    talk.last_at = now()
    job = talk.job
    if job is None or not job.is_active or job.cancel_requested_at:
        first = talk.voices.select_related("base", "run").order_by("place")[0]
        job = jobs.request(
            kind=Job.TALK, by=by, run=first.run, base=first.base,
            version_id=talk.version_id, config={"talk": talk.pk, "turn": turn.pk},
            priority=PRIORITY,
        )  # fmt: skip
        if job.state == Job.State.PAUSED:  # of the same question: it goes on
            job = jobs.retry(job_id=job.pk, by=by)
        talk.job = job
    talk.save(update_fields=["job", "last_at"])
    return job


def _checked(text: str) -> str:
    text = storable(text).strip()
    if not text:
        raise TrainerError(_("Write something first."))
    if len(text) > TEXT_AT_MOST:
        raise TrainerError(
            _("That is too long: at most %(most)d letters fit.") % {"most": TEXT_AT_MOST}
        )
    return text


def _require_quiet(talk: Talk) -> None:
    """One question after the other. What failed may be left behind."""
    if talk.job is not None and talk.job.is_active and talks.unanswered(talk).exists():
        raise TrainerError(_(STILL_ANSWERING))


def _require_voices(talk: Talk, by: Person) -> None:
    """That the person may still have these models at work, and that they are whole."""
    require(by, talk.version_id)
    for voice in talk.voices.select_related("base", "run"):
        if not voice.base.is_ready:
            raise TrainerError(
                _("%(base)s is not there any more. Begin a talk with another model.")
                % {"base": voice.base}
            )
        if voice.run is None:
            continue
        require(by, voice.run.version_id)
        if voice.run.state != Run.State.FINISHED or voice.run.gives_marks:
            raise TrainerError(
                _("Run %(number)d has no model that answers.") % {"number": voice.run.pk}
            )
        if voice.run.retired_at is not None:
            raise TrainerError(saw.why_retired(voice.run))
        for version_id in voice.run.learned_from():  # it may recite any of them
            require(by, version_id)
            handoff.require_whole(version_id)

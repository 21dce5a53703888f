"""An answer of a talk goes to the record, with the words that led to it, as a proposal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation import intake
from curation.handoff import Person
from trainer.actions import talks
from trainer.errors import TrainerError
from trainer.models import TalkAnswer


class Consent(NamedTuple):
    """What the person has read and agreed to, and where their words go."""

    slug: str  # of the dataset
    terms: tuple[int, ...] = ()
    category_id: int | None = None
    language: str = ""


def exchanges_to(answer: TalkAnswer) -> list[intake.Exchange]:
    """All that was said to this model and by it, up to this answer."""
    said = TalkAnswer.objects.filter(
        voice=answer.voice_id,
        turn__number__lte=answer.turn.number,
        state=TalkAnswer.State.DONE,
    ).exclude(text="")
    return [
        intake.Exchange(one.turn.text, one.text, one.turn.context)
        for one in said.select_related("turn").order_by("turn__number")
    ]


@transaction.atomic
def send(
    *, answer_id: int, by: Person, consent: Consent, correction: str = ""
) -> intake.Brought:
    """Until here nothing of it is in the record. An answer is sent once."""
    answer = talks.answer_of(answer_id, by=by)
    if answer.sent_at is not None:
        raise TrainerError(_("This answer is in the record already, with what you said."))
    said = exchanges_to(answer)
    if not answer.text.strip():
        raise TrainerError(_("The model said nothing: there is no answer to send."))
    thumb = answer.thumb
    opinion = intake.Opinion(
        is_good=None if thumb == TalkAnswer.Thumb.NONE else thumb == TalkAnswer.Thumb.UP,
        correction=correction,
    )
    brought = intake.bring_exchange(
        slug=consent.slug,
        by=by,
        exchanges_so_far=said,
        generator=answer.voice.signature,
        source=_source(answer, is_first=len(said) == 1),
        opinion=opinion,
        category_id=consent.category_id,
        language=consent.language,
        agreed=consent.terms,
    )
    answer.sent_at, answer.sent_to_id = now(), brought.conversation.pk
    answer.save(update_fields=["sent_at", "sent_to"])
    return brought


def _source(answer: TalkAnswer, *, is_first: bool) -> str:
    """The same for both answers to a first question; later ones lead on from their own."""
    source = f"talk-{answer.turn.uid}"
    return source if is_first else f"{source}-{answer.voice.place}"


def agreed(values: Iterable[str]) -> tuple[int, ...]:
    return tuple(int(value) for value in values if value.isdecimal() and len(value) < 18)

"""What the playground's pages show of a talk. It writes nothing."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery

from curation import handoff
from curation.handoff import Recalled
from trainer.models import Talk, TalkAnswer, TalkTurn, TalkVoice
from trainer.models.talks import TalkQuerySet

VOICES = TalkVoice.objects.select_related("base", "run__base", "run__version__dataset")


class Shown(NamedTuple):
    """A question and what was answered, left and right."""

    asked: TalkTurn
    answers: list[TalkAnswer]
    is_last: bool

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to answer."""
        return any(answer.state != TalkAnswer.State.DONE for answer in self.answers)


def listed(talks: TalkQuerySet) -> QuerySet[Talk]:
    """A line each: the first words, the models, how often something was asked."""
    first = TalkTurn.objects.filter(talk=OuterRef("pk"), number=1).values("text")
    return talks.prefetch_related(Prefetch("voices", VOICES.order_by("place"))).annotate(
        first_words=Subquery(first), questions=Count("turns")
    )


def voices(talk: Talk) -> list[TalkVoice]:
    return list(VOICES.filter(talk=talk).order_by("place"))


def turns(talk: Talk, *, only_last: bool = False) -> list[Shown]:
    """Oldest first. Two queries."""
    answers = TalkAnswer.objects.select_related("voice__base", "voice__run__base")
    prefetched = Prefetch("answers", answers.order_by("voice__place"), to_attr="shown")
    there = talk.turns.order_by("-number").prefetch_related(prefetched)
    found: list[Any] = list(there[:1] if only_last else there)
    return [Shown(one, one.shown, is_last=number == 0) for number, one in enumerate(found)][
        ::-1
    ]


def last_settings(talk: Talk) -> dict[str, Any]:
    names = ("temperature", "max_new_tokens")
    return talk.turns.order_by("-number").values(*names).first() or {}


def withdrawn(voices: list[TalkVoice]) -> list[tuple[TalkVoice, Recalled]]:
    """The models that learned from texts that were taken back since."""
    told = [
        (voice, handoff.recalled_in_all(voice.run.learned_from()))
        for voice in voices
        if voice.run is not None
    ]
    return [(voice, found) for voice, found in told if found.texts]

"""What shaped a model's answers, and which answers a person's texts shaped: for pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count

from curation import handoff
from curation.handoff import Person
from trainer.models import Influence, Run, Sample

ON_A_SIDE = 5


class Line(NamedTuple):
    percent: float
    text: Any  # a message; None where it was taken back


class Answer(NamedTuple):
    sample: Sample
    sides: list[tuple[str, list[Line]]]


def by_answer(run: Run) -> list[Answer]:
    """Each sampled answer with the texts that made it likelier, and those against it.

    Three queries.
    """
    samples = list(run.samples.prefetch_related("influences"))
    uids = {one.message_uid for sample in samples for one in sample.influences.all()}
    texts = handoff.texts(run.version.dataset, uids)

    def lines(found: Iterable[Influence]) -> list[Line]:
        strongest = sorted(found, key=lambda one: -abs(one.score))[:ON_A_SIDE]
        return [Line(100 * one.share, texts.get(one.message_uid)) for one in strongest]

    return [
        Answer(
            sample,
            [
                ("helped", lines(one for one in found if one.score > 0)),
                ("hindered", lines(one for one in found if one.score < 0)),
            ],
        )
        for sample in samples
        if (found := list(sample.influences.all()))
    ]


class Part(NamedTuple):
    """What one person's texts did in one model."""

    name: str
    answers: int  # that they helped to be what they are
    of: int  # answers looked at
    texts: int


def of_person(person: Person) -> list[Part]:
    """The newest model first. Three queries."""
    theirs = Influence.objects.of_texts(handoff.uids_by(person))
    samples: dict[int, set[int]] = defaultdict(set)
    texts: dict[int, set[UUID]] = defaultdict(set)
    for run, sample, uid in theirs.values_list("run", "sample", "message_uid"):
        samples[run].add(sample)
        texts[run].add(uid)
    runs = Run.objects.filter(pk__in=samples).select_related("base").order_by("-pk")
    looked_at = dict(
        runs.annotate(looked_at=Count("samples")).values_list("pk", "looked_at")
    )
    return [
        Part(
            name=f"{run.base.slug}, run {run.pk}",
            answers=len(samples[run.pk]),
            of=looked_at[run.pk],
            texts=len(texts[run.pk]),
        )
        for run in runs
    ]

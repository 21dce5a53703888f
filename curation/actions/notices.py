"""News for people, written in the transaction of what they are about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.timezone import now

from curation import reach
from curation.models import (
    Contributor,
    Conversation,
    DatasetVersion,
    Membership,
    Message,
    ModelReport,
    Notification,
    Recall,
)
from curation.prepared import insert

Kind = Notification.Kind
# Who caused these is told with them. Verdicts stay nameless.
NAMED = frozenset({Kind.MENTIONED, Kind.COMMENTED, Kind.ALLOTTED})
# What a change of state wrote: undone with it.
OF_STATES = (
    Kind.ACCEPTED, Kind.REJECTED, Kind.EDITED, Kind.HELD, Kind.COMPLETE, Kind.LOOKED_AT,
    Kind.REMOVED,
)  # fmt: skip


def tell(
    person: Contributor,
    kind: str,
    *,
    message: Message | None = None,
    by: Contributor | None = None,
    **data: Any,
) -> None:
    """Tell one person; nobody is told of their own act."""
    if by is None or by.pk != person.pk:
        known = by if kind in NAMED else None
        Notification.objects.create(
            person=person, kind=kind, message=message, by=known, data=data
        )


def tell_author(
    message: Message, kind: str, *, by: Contributor | None, why: str = ""
) -> None:
    """What became of a text. What nobody here wrote tells nobody."""
    if message.author_id is not None and (by is None or message.author_id != by.pk):
        data = {"why": why} if why else {}
        author = message.author_id
        insert(Notification(person_id=author, kind=kind, message=message, data=data))


def tell_complete(conversations: Sequence[Conversation]) -> None:
    """Tell those whose words are in them, once however often each is completed.

    A pair is complete when its answer is accepted, which its author is told anyway.
    """
    trees = [one.pk for one in conversations if not one.dataset.is_pairs]
    if not trees:
        return
    theirs: dict[tuple[int, int], int] = {}
    words = Message.objects.filter(
        conversation__in=trees, state=Message.State.ACCEPTED, author__isnull=False
    )
    for author, tree, pk in words.order_by("-pk").values_list(
        "author", "conversation", "pk"
    ):
        assert author is not None  # as filtered
        theirs[author, tree] = pk  # the first of their texts there
    if not theirs:
        return
    told = set(
        Notification.objects.filter(
            kind=Kind.COMPLETE, message__conversation__in=trees
        ).values_list("person", "message__conversation")
    )
    Notification.objects.bulk_create(
        Notification(person_id=pair[0], kind=Kind.COMPLETE, message_id=pk)
        for pair, pk in theirs.items()
        if pair not in told
    )


def tell_of_model(
    report: ModelReport, *, with_ballots: bool = False, besides: Iterable[int] = ()
) -> None:
    """Tell everybody whose texts a model learned from, how many those are; with the
    ballots, where it learned from preferences. Whose texts are in the versions `besides`
    as well was told with those."""
    version, splits = report.version, [Conversation.Split.TRAIN.value]
    texts = reach.writers(version, splits=splits)
    ballots = reach.rankers(version, splits) if with_ballots else {}
    others = DatasetVersion.objects.filter(pk__in=list(besides))
    told = reach.writers(*others, splits=splits).keys()
    data = {"model": report.name, "dataset": str(version.dataset), "number": version.number}
    Notification.objects.bulk_create(
        (
            Notification(
                person_id=person,
                kind=Kind.MODEL,
                data={
                    **data,
                    "texts": texts.get(person, 0),
                    **({"ballots": ballots[person]} if person in ballots else {}),
                },
            )
            for person in sorted((texts.keys() | ballots.keys()) - told)
        ),
        batch_size=1000,
    )


def tell_of_promotion(report: ModelReport, *, over: str, percent: int | None) -> int:
    """Tell everybody whose texts it learned from, in whichever version, once. Return how
    many."""
    told = Notification.objects.filter(kind=Kind.PROMOTED, data__source=report.source)
    if told.exists():
        return 0
    parts = ModelReport.objects.of_model(report.source).select_related("version")
    versions = [part.version for part in parts]
    learned = reach.writers(*versions, splits=[Conversation.Split.TRAIN.value])
    data = {
        "source": report.source, "model": report.name, "over": over, "percent": percent,
        "dataset": str(report.version.dataset),
    }  # fmt: skip
    news = [
        Notification(person_id=person, kind=Kind.PROMOTED, data={**data, "texts": texts})
        for person, texts in learned.items()
    ]
    Notification.objects.bulk_create(news, batch_size=1000)
    return len(news)


def tell_of_recalls(recalls: Sequence[Recall], *, by: Contributor) -> None:
    """Tell the curators of versions that hold texts which were taken back, and those who
    trained models on them. One notice per dataset and person; not whose texts they are."""
    of_dataset: dict[int, list[Recall]] = defaultdict(list)
    for recall in recalls:
        of_dataset[recall.version.dataset_id].append(recall)
    for dataset_id, those in of_dataset.items():
        versions = {recall.version_id: recall.version for recall in those}
        reports = list(ModelReport.objects.filter(version__in=versions))
        is_curator = Q(
            memberships__dataset=dataset_id, memberships__role=Membership.Role.CURATOR
        )
        is_owner = Q(pk__in=[report.owner_id for report in reports])
        people = Contributor.objects.filter(is_curator | is_owner, is_active=True)
        dataset = those[0].version.dataset
        data: dict[str, Any] = {
            "texts": len({recall.message_id for recall in those}),
            "dataset": str(dataset),
            "slug": dataset.slug,
            "numbers": sorted(version.number for version in versions.values()),
            "models": sorted({report.name for report in reports}),
        }
        for person in people.exclude(pk=by.pk).distinct():
            tell(person, Kind.WITHDRAWN, by=by, **data)


def forget(
    messages: Iterable[int],
    since: datetime,
    *,
    before: datetime | None = None,
    kinds: Iterable[str] = OF_STATES,
) -> None:
    """Take back what a change since then told people about these texts."""
    told = Notification.objects.filter(
        message__in=messages, kind__in=kinds, created_at__gte=since
    )
    if before is not None:
        told = told.filter(created_at__lt=before)
    told.delete()


def read(*, by: Contributor, only: Iterable[int] | None = None) -> int:
    """Mark a person's own news as read: all of it, or some. Return how many were unread."""
    mine = Notification.objects.filter(person=by, read_at=None)
    if only is not None:
        mine = mine.filter(pk__in=only)
    return mine.update(read_at=now())

"""Known items of a dataset, for its curators: how often each was met, and how people do."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from django.db.models import Avg, Count, Q, QuerySet

from curation.actions.gold_rankings import AS_EXPECTED_FROM
from curation.models import (
    Contributor,
    Dataset,
    GoldAnswer,
    GoldBallot,
    GoldItem,
    GoldRanking,
)


class Share(NamedTuple):
    """How many known items a person met, and how many of those rightly."""

    person: Contributor
    met: int
    right: int
    percent: int


def verdicts(dataset: Dataset) -> QuerySet[GoldItem]:
    """Texts whose verdict is known, in no order."""
    items = GoldItem.objects.filter(message__conversation__dataset=dataset)
    return items.select_related("message__conversation", "made_by").annotate(
        answered=Count("answers"), right=Count("answers", filter=Q(answers__is_right=True))
    )


def orders(dataset: Dataset) -> QuerySet[GoldRanking]:
    """Prompts of whose answers the order is known, in no order."""
    items = GoldRanking.objects.filter(prompt__conversation__dataset=dataset)
    as_expected = Count("given", filter=Q(given__right__gte=AS_EXPECTED_FROM))
    return items.select_related("prompt__conversation", "made_by").annotate(
        answered=Count("given"), right=as_expected, mean=Avg("given__right")
    )


def shares(dataset: Dataset) -> list[Share]:
    """Who met the most comes first. Three queries."""
    given = GoldAnswer.objects.filter(item__message__conversation__dataset=dataset)
    ordered = GoldBallot.objects.filter(item__prompt__conversation__dataset=dataset)
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for rows, is_right in (
        (given, Q(is_right=True)),
        (ordered, Q(right__gte=AS_EXPECTED_FROM)),
    ):
        counted = rows.order_by().values_list("person")
        of_them = Count("pk", filter=is_right)
        for pk, met, right in counted.annotate(met=Count("pk"), good=of_them):
            sums[pk] = [sums[pk][0] + met, sums[pk][1] + right]
    people = Contributor.objects.in_bulk(list(sums))
    most = sorted(sums.items(), key=lambda row: (-row[1][0], row[0]))
    return [
        Share(people[pk], met, good, round(100 * good / met)) for pk, (met, good) in most
    ]

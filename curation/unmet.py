"""Known items that a person may yet be given as if nobody had judged them.

Until then nothing may tell them from texts that wait for verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from curation.models import Contributor, GoldItem, GoldRanking


def items_ahead(reader: Contributor) -> QuerySet[GoldItem]:
    met = Q(answers__person=reader) | Q(message__reviews__reviewer=reader)
    own = Q(message__author=reader)
    return GoldItem.objects.filter(retired_at=None).exclude(met | own)


def known_ahead(messages: Iterable[int], reader: Contributor) -> set[int]:
    """Those of the messages whose verdict is known. A query."""
    there = items_ahead(reader).filter(message__in=messages)
    return set(there.values_list("message", flat=True))


def orders_ahead(prompts: Iterable[int], reader: Contributor) -> set[int]:
    """Those of the prompts of whose answers the order is known. A query."""
    there = GoldRanking.objects.in_use().filter(prompt__in=prompts)
    there = there.exclude(Q(given__person=reader) | Q(prompt__ballots__ranker=reader))
    return set(there.values_list("prompt", flat=True))

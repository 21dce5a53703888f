"""The messages that a search finds: the newest of them, and page after page.

Of words that stand in many messages only the newest are looked at, so that no page reads a
whole dataset; what is older is found by turning pages.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.postgres.search import SearchRank
from django.db.models import BigIntegerField, F, Func, QuerySet, Value

from curation.models import Dataset, Entry, Words
from curation.search import PAGE_SIZE, Search

LOOKED_AT = 1_000
LATER_THAN_ALL = 2**62


def with_words(search: Search) -> list[int]:
    """What says them, or where that is asked for what means them."""
    if search.nearest is not None:
        return list(search.nearest)
    return newest_with_words(search)


def newest_with_words(search: Search, *, before: int | None = None) -> list[int]:
    """Whatever its other filters; one more than are looked at where there are more."""
    found = Func(
        search.query_here,
        Value(before or LATER_THAN_ALL, BigIntegerField()),
        Value(LOOKED_AT + 1),
        function="curation_words_found",
        output_field=BigIntegerField(),
    )
    found.set_returning = True
    one = Dataset.objects.filter(pk=search.dataset.pk)
    return list(one.annotate(found=found).values_list("found", flat=True))


def newest_of(entries: QuerySet[Entry], *, are_few: bool) -> QuerySet[Entry]:
    """Newest first. Few are picked out and sorted: to meet them going back through all
    would be long."""
    if not are_few:
        return entries.order_by("-pk")
    return entries.annotate(newness=F("pk") * -1).order_by("newness")


def page_of(search: Search, newest: Sequence[int], *, is_all: bool) -> list[int]:
    """From the last one that was shown, one more than a page if there is.

    `newest` is what the counts have found of it already, `is_all` whether that is all.
    """
    enough = PAGE_SIZE + 1
    if search.sort == "relevance":
        keys = newest
        if not is_all and len(keys) < enough:
            found = search.entries().order_by("-pk").values_list("pk", flat=True)
            keys = list(found[:LOOKED_AT])
        best = _best_first(search, keys)
        start = best.index(search.after) + 1 if search.after in best else 0
        return best[start : start + enough]
    if search.sort == "oldest":
        rows = search.entries().filter(pk__gt=search.after or 0)
        return list(rows.order_by("pk").values_list("pk", flat=True)[:enough])
    known = [pk for pk in newest if pk < (search.after or LATER_THAN_ALL)]
    if is_all or len(known) >= enough:
        return known[:enough]
    return _older(search)


def _older(search: Search) -> list[int]:
    before, enough = search.after or LATER_THAN_ALL, PAGE_SIZE + 1
    if search.words:
        keys = newest_with_words(search, before=before)
        rows = search.entries(without="q").filter(pk__in=keys).order_by("-pk")
        found = list(rows.values_list("pk", flat=True)[:enough])
        if len(found) == enough or len(keys) <= LOOKED_AT:
            return found
    rows = search.entries().filter(pk__lt=before).order_by("-pk")
    return list(rows.values_list("pk", flat=True)[:enough])


def _best_first(search: Search, keys: Sequence[int]) -> list[int]:
    if search.nearest is not None:
        there = set(keys)
        return [pk for pk in search.nearest if pk in there]
    rows = Words.objects.filter(message__in=keys)
    rows = rows.annotate(rank=SearchRank(F("words"), search.query))
    return list(rows.order_by("-rank", "-pk").values_list("pk", flat=True))

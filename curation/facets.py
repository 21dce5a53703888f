"""How many messages each further filter would leave: exact up to a bound, then at least.

A large dataset is counted as a whole now and then, by every combination of values; the
numbers for most filters are read off that table, and say when it was counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import md5
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db.models import Count
from django.utils.timezone import now

from curation import hits
from curation.models import Entry
from curation.search import COLUMNS, READABLE, Search, State

LARGE = 10_000  # messages; counting these anew for each page is soon done
FEW = 20_000  # of what the table knows
KEPT_SECONDS = 60
TABLE_KEPT_SECONDS = 600
FACETS = list(COLUMNS)
# Of people there are too many to count every combination.
IN_TABLE = [facet for facet in FACETS if facet != "author"]
Cells = tuple[tuple[str, ...], ...]  # values as text, a tuple for each of FACETS


class Row(NamedTuple):
    cells: Cells
    messages: int
    key: int = 0  # of the message, where it is one


@dataclass(frozen=True)
class Counts:
    """Of each facet, the values of its column and how many messages have them."""

    total: int = 0
    is_more: bool = False  # the total and every count are at least so many
    by_facet: dict[str, dict[str, int]] = field(default_factory=dict)
    more_in: frozenset[str] = frozenset()  # facets whose counts are at least so many
    at: datetime | None = None  # when it was counted, if not now
    newest: list[int] = field(default_factory=list)  # of what was found
    is_all: bool = True  # whether that is all of it
    # Of each chosen facet, how many there would be without it.
    without: dict[str, int] = field(default_factory=dict)


def counts_of(search: Search) -> Counts:
    """A few queries; on later pages often none, as the first has counted."""
    digest = md5(search.key.encode(), usedforsecurity=False).hexdigest()
    key = f"browse-counts:{digest}"
    found: Counts | None = cache.get(key) if search.after else None
    if found is None:
        found = _counted(search)
        cache.set(key, found, KEPT_SECONDS)
    return found


def _counted(search: Search) -> Counts:
    if search.words:
        keys = hits.newest_with_words(search)
        entries = Entry.objects.filter(pk__in=keys[: hits.LOOKED_AT])
        return _tallied(search, _each(entries), is_more=len(keys) > hits.LOOKED_AT)
    if "author" in search.chosen:
        theirs = Entry.objects.filter(
            dataset=search.dataset.pk, author__in=search.values["author"]
        )
        rows = _each(theirs.order_by("-pk")[: hits.LOOKED_AT + 1])
        is_more = len(rows) > hits.LOOKED_AT
        return _tallied(search, rows[: hits.LOOKED_AT], is_more=is_more)
    at, rows = _table(search)
    found = _tallied(search, rows, at=at)
    entries = hits.newest_of(search.entries(), are_few=found.total < FEW)
    newest = list(entries.values_list("pk", "author")[: hits.LOOKED_AT + 1])
    if search.is_curator:
        by = Counter(str(pk) for __, pk in newest[: hits.LOOKED_AT] if pk is not None)
        found.by_facet["author"] = dict(by)
    is_all = len(newest) <= hits.LOOKED_AT
    return replace(
        found,
        newest=[pk for pk, __ in newest],
        is_all=is_all,
        more_in=frozenset() if is_all else frozenset({"author"}),
    )


def _tallied(
    search: Search,
    rows: Iterable[Row],
    *,
    is_more: bool = False,
    at: datetime | None = None,
) -> Counts:
    """Each row counts for a facet where it fits the filters of all the others."""
    readable = {*READABLE, State.HELD} if search.is_curator else set(READABLE)
    state = FACETS.index("state")
    chosen = {
        FACETS.index(facet): {str(value) for value in values}
        for facet, values in search.values.items()
    }
    places = {facet: FACETS.index(facet) for facet in search.facets}
    counted: dict[str, Counter[str]] = {facet: Counter() for facet in search.facets}
    without = dict.fromkeys(search.chosen, 0)
    total, newest = 0, []
    for cells, count, key in rows:
        if cells[state][0] not in readable:
            continue
        misfits = [n for n, wanted in chosen.items() if wanted.isdisjoint(cells[n])]
        if len(misfits) > 1:
            continue
        if misfits:
            facet = FACETS[misfits[0]]
            without[facet] += count
            fits = [facet]
        else:
            total += count
            newest.append(key)
            fits = search.facets
        for facet in fits:
            for value in cells[places[facet]]:
                counted[facet][value] += count
    return Counts(
        total=total,
        is_more=is_more,
        by_facet={facet: dict(values) for facet, values in counted.items()},
        more_in=frozenset(search.facets if is_more else []),
        at=at,
        newest=sorted(newest, reverse=True),
        is_all=not is_more,
        without={facet: total + count for facet, count in without.items()},
    )


def _each(entries: Any) -> list[Row]:
    columns = entries.values_list("pk", *COLUMNS.values())
    return [Row(tuple(map(_cell, values)), 1, key) for key, *values in columns]


def _cell(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(str(one) for one in values if one not in (None, ""))


# ---- the table of a dataset ----------------------------------------------------------
def _table(search: Search) -> tuple[datetime | None, list[Row]]:
    """Every combination that there is, and how often. Of a large dataset it is kept for a
    while: a million messages take most of a second."""
    key = f"browse-table:{search.dataset.pk}"
    kept: tuple[datetime, list[Row]] | None = cache.get(key)
    if kept is not None:
        return kept
    columns = [COLUMNS[facet] for facet in IN_TABLE]
    entries = Entry.objects.filter(dataset=search.dataset.pk).order_by()
    counted = entries.values_list(*columns).annotate(Count("pk"))
    rows = [
        Row((*map(_cell, values), ()), count)  # the last facet is the author
        for *values, count in counted
    ]
    if sum(row.messages for row in rows) <= LARGE:
        return None, rows
    cache.set(key, (now(), rows), TABLE_KEPT_SECONDS)
    return now(), rows


def freed(search: Search, counts: Counts) -> list[tuple[str, int, bool]]:
    """Where nothing matches: each filter whose removal would find some, and how many."""
    found = [(f, n, counts.is_more) for f, n in counts.without.items() if n]
    if search.words and search.chosen:
        without = search.without_words()
        left = counts_of(without)
        if left.total:
            found.append(("q", left.total, left.is_more))
    return found

"""How many messages each further filter would leave: exact up to a bound, then at least.

A large dataset is counted as a whole now and then, by a worker, by every combination of
values; the numbers for most filters are read off that table, and say when it was counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import md5
from threading import Lock
from typing import Any

from django.core.cache import caches
from django.db.models import Count, QuerySet

from curation import hits
from curation.aggregate.tally import Cell, Table, Tallied
from curation.models import Dataset, Entry, Message, Tally
from curation.search import COLUMNS, PAGE_SIZE, Search, State, column_of
from curation.unmet import NOTHING

LARGE = 10_000  # messages; counting these anew for each page is soon done
FEW = 4 * PAGE_SIZE  # so few lie so far apart that all are read to find a page of them
PASSED_AT_MOST = 50_000  # on the way to the newest of what is found
KEPT_SECONDS = 60
TABLES_KEPT = 8  # in each process
FACETS = tuple(COLUMNS)
# Of people there are too many to count every combination.
WAITS: Cell = (str(State.SUBMITTED),)
IN_TABLE = tuple(facet for facet in FACETS if facet != "author")


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
    found: Counts | None = caches["own"].get(key) if search.after else None
    if found is None:
        found = _counted(search)
        caches["own"].set(key, found, KEPT_SECONDS)
    return found


def _counted(search: Search) -> Counts:
    if search.refused:
        return Counts()
    if search.words:
        keys = hits.with_words(search)
        entries = Entry.objects.filter(pk__in=keys[: hits.LOOKED_AT])
        return _of_each(search, entries, is_more=len(keys) > hits.LOOKED_AT)
    if "author" in search.chosen:
        theirs = Entry.objects.filter(
            dataset=search.dataset.pk, author__in=search.values["author"]
        )
        return _of_newest(search, theirs)
    kept = _kept(search.dataset)
    if kept is None:
        everything = Entry.objects.filter(dataset=search.dataset.pk)
        if len(everything.values_list("pk")[: LARGE + 1]) > LARGE:
            return _of_newest(search, everything)
        return _of_all(search, counted_whole(search.dataset))
    return _of_all(search, kept[1], at=kept[0])


def _of_newest(search: Search, entries: QuerySet[Entry]) -> Counts:
    keys = list(entries.order_by("-pk").values_list("pk", flat=True)[: hits.LOOKED_AT + 1])
    looked_at = Entry.objects.filter(pk__in=keys[: hits.LOOKED_AT])
    return _of_each(search, looked_at, is_more=len(keys) > hits.LOOKED_AT)


def _of_each(search: Search, entries: QuerySet[Entry], *, is_more: bool) -> Counts:
    """Row by row, which also tells what was found."""
    there = entries.values_list("pk", "conversation", *map(column_of, FACETS))
    rows = [row for row in there if row[0] not in search.unmet.later]
    told = (_as_told(search, FACETS, *row) for row in rows)
    tallied = _tallied(search, Table.of(FACETS, ((cells, 1) for cells in told)))
    found = [
        key for (key, *_), is_found in zip(rows, tallied.is_found, strict=True) if is_found
    ]
    return replace(
        _counts(tallied),
        is_more=is_more,
        more_in=frozenset(search.facets if is_more else []),
        newest=sorted(found, reverse=True),
        is_all=not is_more,
    )


def _of_all(search: Search, table: Table, *, at: datetime | None = None) -> Counts:
    """Off the table, and the newest of it from the messages themselves."""
    table = _table_as_told(search, table)
    found = replace(_counts(_tallied(search, table)), at=at)
    looked_at = _looked_at(found.total, table.total)
    entries = hits.newest_of(search.entries(), are_few=found.total < FEW)
    newest = list(entries.values_list("pk", "author")[: looked_at + 1])
    is_all = len(newest) <= looked_at
    if search.is_curator:
        by = Counter(str(pk) for _, pk in newest[:looked_at] if pk is not None)
        found.by_facet["author"] = dict(by)
    return replace(
        found,
        newest=[pk for pk, _ in newest],
        is_all=is_all,
        more_in=frozenset() if is_all else frozenset({"author"}),
    )


def _looked_at(found: int, of: int) -> int:
    """How many of the newest are read for their authors: fewer where they lie far apart."""
    near = PASSED_AT_MOST * found // max(of, 1)
    return min(hits.LOOKED_AT, max(near, PAGE_SIZE + 1))


def _tallied(search: Search, table: Table) -> Tallied:
    there = [facet for facet in search.facets if facet in table.facets]
    return table.tally(
        {facet: {str(one) for one in values} for facet, values in search.values.items()},
        counted=there,
        only={"state": search.readable},
    )


def _counts(tallied: Tallied) -> Counts:
    return Counts(total=tallied.total, by_facet=tallied.by_facet, without=tallied.without)


def _cell(value: Any) -> Cell:
    values = value if isinstance(value, list) else [value]
    return tuple(str(one) for one in values if one not in (None, ""))


def _as_told(
    search: Search, facets: Sequence[str], pk: int, around: int, *columns: Any
) -> list[Cell]:
    """The cells of an entry, with known items among what waits."""
    told = dict(zip(facets, map(_cell, columns), strict=True))
    if pk in search.unmet.messages and told["state"][0] in search.readable:
        told["state"] = WAITS
    told["conversation"] = (str(search.unmet.state_around(around, *told["conversation"])),)
    if search.is_blind and told["state"] == WAITS:
        told["guideline"] = ()
    return list(told.values())


def _table_as_told(search: Search, table: Table) -> Table:
    """The same for a whole table. Causes a query where there are known items."""
    if search.is_blind:
        table = table.without("guideline", where="state", has=str(State.SUBMITTED))
    if not search.unmet.messages:
        return table
    # By the messages, as they have an index for it.
    unmet = search.unmet.begun | search.unmet.answered
    around = Message.objects.filter(conversation__in=unmet)
    entries = Entry.objects.filter(pk__in=around.values("pk"))
    there = entries.values_list("pk", "conversation", *map(column_of, IN_TABLE))
    nothing = replace(search, unmet=NOTHING)
    moved: list[tuple[list[Cell], int]] = []
    for row in there:
        moved.append((_as_told(nothing, IN_TABLE, *row), -1))
        if row[0] not in search.unmet.later:
            moved.append((_as_told(search, IN_TABLE, *row), 1))
    return table.plus(moved)


# ---- the table of a dataset ----------------------------------------------------------
def counted_whole(dataset: Dataset) -> Table:
    """Every combination that there is. A million messages take a second or two."""
    entries = Entry.objects.filter(dataset=dataset.pk).order_by()
    counted = entries.values_list(*map(column_of, IN_TABLE)).annotate(Count("pk"))
    rows = (([*map(_cell, cells)], count) for *cells, count in counted.iterator())
    return Table.of(IN_TABLE, rows)


_kept_here: dict[int, tuple[datetime, Table]] = {}
_one_at_a_time = Lock()


def _kept(dataset: Dataset) -> tuple[datetime, Table] | None:
    """What a worker counted last, and when. Read from its row only when it is a new one."""
    row = Tally.objects.filter(dataset=dataset.pk)
    at = row.values_list("counted_at", flat=True).first()
    if at is None:
        return None
    kept = _kept_here.get(dataset.pk)
    if kept is None or kept[0] != at:
        at, table = row.values_list("counted_at", "table").get()
        kept = at, Table.unpacked(bytes(table))
        with _one_at_a_time:
            _kept_here.pop(dataset.pk, None)
            while len(_kept_here) >= TABLES_KEPT:
                del _kept_here[next(iter(_kept_here))]
            _kept_here[dataset.pk] = kept
    return kept


def freed(search: Search, counts: Counts) -> list[tuple[str, int, bool]]:
    """Where nothing matches: each filter whose removal would find some, and how many."""
    found = [(f, n, counts.is_more) for f, n in counts.without.items() if n]
    if search.words and search.chosen:
        without = search.without_words()
        left = counts_of(without)
        if left.total:
            found.append(("q", left.total, left.is_more))
    return found

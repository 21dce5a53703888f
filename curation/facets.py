"""How many messages each further filter would leave: exact up to a bound, then at least.

Beyond the bound, a dataset is counted as a whole now and then; most combinations are read
off that table, and say when it was counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import md5
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Count
from django.utils.timezone import now

from curation.models import Entry
from curation.search import COLUMNS, READABLE, Search, State

COUNTED_AT_MOST = 10_000
KEPT_SECONDS = 60
TABLE_KEPT_SECONDS = 600
# Of people there are too many to count every combination.
IN_TABLE = [facet for facet in COLUMNS if facet != "author"]


@dataclass(frozen=True)
class Counts:
    """Of each facet, the values of its column and how many messages have them."""

    total: int
    is_more: bool  # the total and every count are at least so many
    by_facet: dict[str, dict[str, int]]
    more_in: frozenset[str] = field(default=frozenset())  # facets with counts at least
    at: datetime | None = None  # when it was counted, if not now


def counts_of(search: Search) -> Counts:
    """A query or a few; of many messages, none where the same was asked a minute ago."""
    key = f"browse-counts:{md5(search.key.encode(), usedforsecurity=False).hexdigest()}"
    found: Counts | None = cache.get(key)
    if found is None:
        found = _counted(search)
        if found.is_more or found.at:  # what is soon counted is counted anew
            cache.set(key, found, KEPT_SECONDS)
    return found


def _counted(search: Search) -> Counts:
    if not search.words and "author" not in search.chosen and _is_large(search):
        return _from_table(search)
    by_facet = _of_hits(search, [f for f in search.facets if f not in search.chosen])
    total = by_facet.pop("")[""]
    more_in = set(by_facet) if total > COUNTED_AT_MOST else set()
    for facet in search.chosen:
        alone = _of_hits(search, [facet], without=facet)
        by_facet[facet] = alone[facet]
        if alone[""][""] > COUNTED_AT_MOST:
            more_in.add(facet)
    is_more = total > COUNTED_AT_MOST
    return Counts(
        min(total, COUNTED_AT_MOST), is_more, by_facet, more_in=frozenset(more_in)
    )


def _of_hits(
    search: Search, facets: Iterable[str], *, without: str = ""
) -> dict[str, dict[str, int]]:
    """Counts among the first so many that it finds; under "" how many these are."""
    columns = {facet: COLUMNS[facet] for facet in facets}
    newest = search.entries(without=without).order_by("-pk")
    hits = newest.values("pk", *columns.values())[: COUNTED_AT_MOST + 1]
    sql, params = hits.query.sql_with_params()
    counts = ["SELECT '', '', count(*) FROM hit"]
    for facet, column in columns.items():
        value = f"unnest({column})" if facet == "check" else f"{column}::text"
        counts.append(f"SELECT '{facet}', {value} AS value, count(*) FROM hit GROUP BY 2")
    found: dict[str, dict[str, int]] = {facet: {} for facet in ("", *columns)}
    with connection.cursor() as cursor:
        whole = f"WITH hit AS MATERIALIZED ({sql}) {' UNION ALL '.join(counts)}"
        cursor.execute(whole, params)
        for facet, value, count in cursor:
            if value is not None and (value or not facet):
                found[facet][value] = count
    return found


# ---- large datasets ------------------------------------------------------------------
def _is_large(search: Search) -> bool:
    """Whether it has more messages than are counted for each search."""
    key = f"browse-large:{search.dataset.pk}"
    is_large = cache.get(key)
    if is_large is None:
        all_of_it = Entry.objects.filter(dataset=search.dataset.pk).values("pk")
        is_large = all_of_it[: COUNTED_AT_MOST + 1].count() > COUNTED_AT_MOST
        cache.set(key, is_large, TABLE_KEPT_SECONDS)
    return bool(is_large)


def _from_table(search: Search) -> Counts:
    """Each row of the table counts where it fits all of the other facets' filters."""
    at, rows = _table(search)
    readable = {*READABLE, State.HELD} if search.is_curator else set(READABLE)
    chosen = {
        IN_TABLE.index(facet): {str(value) for value in values}
        for facet, values in search.values.items()
    }
    shown = [facet for facet in search.facets if facet in IN_TABLE]
    found: dict[str, Counter[str]] = {facet: Counter() for facet in shown}
    total = 0
    for cells, count in rows:
        if cells[0][0] not in readable:
            continue
        misfits = [n for n, wanted in chosen.items() if wanted.isdisjoint(cells[n])]
        if len(misfits) > 1:
            continue
        total += 0 if misfits else count
        for facet in [IN_TABLE[misfits[0]]] if misfits else shown:
            for value in cells[IN_TABLE.index(facet)]:
                found[facet][value] += count
    by_facet: dict[str, dict[str, int]] = {**found}
    if search.is_curator:
        by_facet["author"] = _of_hits(search, ["author"])["author"]
    more_in = frozenset({"author"} if total > COUNTED_AT_MOST else ())
    return Counts(total, is_more=False, by_facet=by_facet, more_in=more_in, at=at)


Row = tuple[tuple[tuple[str, ...], ...], int]


def _table(search: Search) -> tuple[datetime, list[Row]]:
    """Every combination that there is, and how often: a second for millions."""
    key = f"browse-table:{search.dataset.pk}"
    kept: tuple[datetime, list[Row]] | None = cache.get(key)
    if kept is None:
        columns = [COLUMNS[facet] for facet in IN_TABLE]
        rows = Entry.objects.filter(dataset=search.dataset.pk).order_by()
        counted = rows.values_list(*columns).annotate(Count("pk"))
        kept = now(), [(tuple(map(_cell, row[:-1])), row[-1]) for row in counted]
        cache.set(key, kept, TABLE_KEPT_SECONDS)
    return kept


def _cell(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(str(one) for one in values if one not in (None, ""))


def freed(search: Search) -> list[tuple[str, int, bool]]:
    """Where nothing matches: each filter whose removal would find some, and how many."""
    found = []
    for facet in search.chosen:
        values = {f: v for f, v in search.values.items() if f != facet}
        chosen = {f: v for f, v in search.chosen.items() if f != facet}
        left = counts_of(replace(search, values=values, chosen=chosen))
        if left.total:
            found.append((facet, left.total, left.is_more))
    if search.words and search.chosen:
        left = counts_of(replace(search, words=""))
        if left.total:
            found.append(("q", left.total, left.is_more))
    return found

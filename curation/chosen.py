"""Messages of a search that a curator does one thing with."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from curation.models import Entry
from curation.search import Search

AT_MOST = 200  # changed in one request
READ_AT_MOST = 1_000  # given out in one answer
EXPORTED_AT_MOST = 10_000  # in a file, which is written as it is read


def all_of(search: Search, at_most: int, *, after: int | None = None) -> list[int]:
    """The newest that it finds; of those older than `after`, where that is given."""
    rows = _older(search, after).order_by("-pk")
    return list(rows.values_list("pk", flat=True)[:at_most])


def left_after(search: Search, last: int) -> int:
    """How many it finds that are older."""
    return _older(search, last).count()


def _older(search: Search, than: int | None) -> QuerySet[Entry]:
    rows = search.entries()
    return rows if than is None else rows.filter(pk__lt=than)


def among(search: Search, wanted: Collection[int]) -> list[int]:
    """Of these, in their order, what it finds: nothing else is there for this person."""
    found = search.entries().filter(pk__in=wanted)
    there = set(found.values_list("pk", flat=True))
    return [pk for pk in wanted if pk in there]

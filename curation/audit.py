"""The history as a whole: who did what, when, from where. Searched, and handed out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from curation.models import Contributor, Dataset, Event

COLUMNS = (
    "id", "at", "kind", "subject", "subject_id", "dataset", "person", "by", "key",
    "address", "agent", "data",
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for. What is empty does not narrow it."""

    dataset: Dataset | None = None
    person: str = ""  # part of a name or an e-mail address
    kind: str = ""  # such as "membership", "membership.added"
    subject: str = ""  # such as "message 7", "run"
    since: date | None = None
    until: date | None = None

    def lines(self) -> QuerySet[Event]:
        """The newest first."""
        rows = Event.objects.select_related("by", "dataset").order_by("-pk")
        if self.dataset is not None:
            rows = rows.filter(dataset=self.dataset)
        if self.person:
            named = Q(email__icontains=self.person) | Q(name__icontains=self.person)
            rows = rows.filter(by__in=Contributor.objects.filter(named).values("pk"))
        if self.kind:
            whole = Q(kind=self.kind)
            rows = rows.filter(whole | Q(kind__startswith=f"{self.kind.rstrip('.')}."))
        if self.subject:
            rows = rows.filter(_about(self.subject))
        if self.since:
            rows = rows.filter(at__gte=_midnight(self.since))
        if self.until and self.until < date.max:  # no day comes after that
            rows = rows.filter(at__lt=_midnight(self.until + timedelta(days=1)))
        return rows


SETTLES = timedelta(seconds=10)  # from the time of a line to its number, at most


def settled() -> datetime:
    """No line of an earlier time appears any more.

    Lines are numbered when they are written, and appear when all that was written with
    them is kept: those of a long import come after others with higher numbers. So it is
    the beginning of whatever writes at this moment, and a little earlier.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT least(now(), min(xact_start)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_xid IS NOT NULL"
            " AND pid <> pg_backend_pid()"
        )
        [(earliest,)] = cursor.fetchall()
    assert isinstance(earliest, datetime)
    return earliest - SETTLES


def _about(subject: str) -> Q:
    what, _space, number = subject.strip().rpartition(" ")
    if not number.isdecimal() or len(number) > 18:
        what, number = subject.strip(), ""
    named = Q(subject_kind=what.lower().replace(" ", "")) if what else Q()
    return named & Q(subject_id=int(number)) if number else named


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def means_of(line: Event) -> str:
    """By which means it was done, in words."""
    seen = line.from_where or {}
    if seen.get("by") == "key":
        return _("Key %(number)s") % {"number": seen.get("key")}
    if seen.get("by") == "command":
        return _("Command %(name)s") % {"name": seen.get("name")}
    if seen.get("by") == "page":
        return _("Page")
    return _("Machine") if line.by_id is None else ""


def row_of(line: Event, *, has_addresses: bool) -> tuple[Any, ...]:
    """As a table has it, in the order of COLUMNS."""
    seen = line.from_where or {}
    where = (seen.get("address", ""), seen.get("agent", "")) if has_addresses else ("", "")
    return (
        line.pk, line.at.isoformat(), line.kind, line.subject_kind, line.subject_id,
        line.dataset.slug if line.dataset else "", line.by.email if line.by else "",
        seen.get("by", "machine" if line.by is None else ""), seen.get("key"), *where,
        json.dumps(line.data, ensure_ascii=False, sort_keys=True),
    )  # fmt: skip


def as_row(line: Event, *, has_addresses: bool) -> dict[str, Any]:
    """By the names of COLUMNS, whole and exact."""
    row = dict(zip(COLUMNS, row_of(line, has_addresses=has_addresses), strict=True))
    return row | {"data": line.data}


def as_json(lines: QuerySet[Event], *, has_addresses: bool) -> Iterator[str]:
    """A line each."""
    for line in lines.iterator(chunk_size=2_000):
        row = as_row(line, has_addresses=has_addresses)
        yield json.dumps(row, ensure_ascii=False) + "\n"

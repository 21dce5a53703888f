"""A whole dataset becomes one file: its tables as they were at one moment, the people in
them, and the files of its versions. See formats/bundle.py and carried.py.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation import files
from curation.actions.carried import TABLES, Table
from curation.actions.rights import require
from curation.errors import CurationError
from curation.formats import bundle
from curation.models import (
    Contributor,
    Dataset,
    DatasetVersion,
    Erasure,
    Event,
    Terms,
    Tombstone,
    Withdrawal,
)

ROWS_AT_ONCE = 2_000
BYTES_AT_ONCE = 2**20
# What is carried of a person; the first stands for them in all tables.
PERSON = ["number", "email", "name", "is_active", "date_joined"]

# How many rows are written, and of how many.
Tell = Callable[[int, int], None]


def _silently(done: int, of: int) -> None:
    pass


def pack(
    *,
    dataset: Dataset,
    out: BinaryIO,
    by: Contributor,
    has_names: bool = True,
    tell: Tell = _silently,
) -> dict[str, int]:
    """Write the archive; say how many rows of each table are in it.

    Without names people are numbers, and what they say about each other stays behind.
    """
    require(by, dataset)
    _refuse_while_texts_go(dataset)
    with bundle.Writer(out) as writer:
        rows = _write(dataset, writer, has_names=has_names, tell=tell)
    Event.objects.record(
        "dataset.archived", dataset, by=by, dataset=dataset, has_names=has_names
    )
    return rows


def _write(
    dataset: Dataset, writer: bundle.Writer, *, has_names: bool, tell: Tell
) -> dict[str, int]:
    with _one_moment():
        packing = _Packing(dataset, writer, has_names=has_names, tell=tell)
        packing.write_tables()
        packing.write_people()
        versions = list(dataset.versions.order_by("number"))
        erased = _erased_in(dataset)
    for version in versions:
        _copy_files(version, writer)
    if _erased_in(dataset) != erased:
        raise CurationError(
            _("Texts were erased while the archive was made. Make it once more.")
        )
    facts = [
        {"number": one.number, "digest": one.digest, "items": one.item_count}
        for one in versions
    ]
    writer.finish(
        {
            "dataset": dataset.slug,
            "title": dataset.title,
            "made_at": now().isoformat(),
            "has_names": has_names,
            "rows": packing.rows,
            "versions": facts,
        }
    )
    return packing.rows


def _refuse_while_texts_go(dataset: Dataset) -> None:
    """Elsewhere, half of a withdrawal or of an erasure would never be carried on."""
    theirs = Q(person__messages__conversation__dataset=dataset)
    queued = Withdrawal.objects.filter(
        theirs | Q(dataset=dataset), state=Withdrawal.State.QUEUED
    )
    if queued.exists() or Erasure.objects.under_way().filter(theirs).exists():
        raise CurationError(
            _("Texts of this dataset are being taken back or erased. Try again in a while.")
        )


@contextmanager
def _one_moment() -> Iterator[None]:
    """All that is read stands as it was at the first look; nobody has to wait for it.

    Within a transaction of the caller's, that one decides.
    """
    is_ours = not connection.in_atomic_block
    with transaction.atomic():
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _erased_in(dataset: Dataset) -> int:
    return Tombstone.objects.filter(message__conversation__dataset=dataset).count()


def _copy_files(version: DatasetVersion, writer: bundle.Writer) -> None:
    for name in files.names(version):
        with (
            files.open_file(version, name) as file,
            writer.member(bundle.version_file(version.digest, name)) as member,
        ):
            shutil.copyfileobj(file, member, BYTES_AT_ONCE)


class _Packing:
    def __init__(
        self, dataset: Dataset, writer: bundle.Writer, *, has_names: bool, tell: Tell
    ) -> None:
        self.dataset, self.writer, self.has_names = dataset, writer, has_names
        self._tell, self._done, self._of = tell, 0, 0
        self.rows: dict[str, int] = {}
        self._drawn = _Drawn()
        self._tables = [one for one in TABLES if has_names or not one.names_people]

    def write_tables(self) -> None:
        self._of = sum(one.rows(self.dataset).count() for one in self._tables)
        for table in self._tables:
            with self.writer.member(bundle.table(table.name)) as member:
                member.line(table.columns)
                self.rows[table.name] = 0
                for row in self._rows(table):
                    member.line(row)
                    self._count(table)
        self._tell(self._done, self._of)

    def write_people(self) -> None:
        columns = PERSON if self.has_names else PERSON[:1]
        found = Contributor.objects.in_bulk(list(self._drawn.numbers))
        with self.writer.member(bundle.table("people")) as member:
            member.line(columns)
            for pk, number in sorted(self._drawn.numbers.items(), key=lambda one: one[1]):
                if pk in found:  # history may name who is there no more
                    told = [_plain(getattr(found[pk], name)) for name in columns[1:]]
                    member.line([number, *told])
        self.rows["people"] = len(found)

    def _rows(self, table: Table) -> Iterator[list[Any]]:
        fields = table.fields
        people = [n for n, one in enumerate(fields) if one.related_model is Contributor]
        silent = [
            n
            for n, one in enumerate(fields)
            if not self.has_names and one.name in table.speaks_of_people
        ]
        names = [one.attname for one in fields]
        found: Any = table.rows(self.dataset).values_list(*names).iterator(ROWS_AT_ONCE)
        if table.model is Terms:
            found = _as_own_terms(found, names, self.dataset)
        for values in found:
            row = [_plain(value) for value in values]
            for n in people:
                row[n] = self._drawn.number(row[n])
            for n in silent:
                row[n] = ""
            yield self._with_people(row, names) if table.model is Event else row

    def _with_people(self, row: list[Any], names: list[str]) -> list[Any]:
        """History names people beside their rows, too."""
        line = dict(zip(names, row, strict=True))
        if line["subject_kind"] == "contributor":
            line["subject_id"] = self._drawn.number(line["subject_id"])
        if type(person := line["data"].get("person")) is int:
            line["data"] = {**line["data"], "person": self._drawn.number(person)}
        return list(line.values())

    def _count(self, table: Table) -> None:
        self.rows[table.name] += 1
        self._done += 1
        if self._done % ROWS_AT_ONCE == 0:
            self._tell(self._done, self._of)


class _Drawn:
    """A number for each person that says nothing of when they came."""

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}
        self._random, self._used = random.SystemRandom(), set[int]()

    def number(self, pk: int | None) -> int | None:
        if pk is None:
            return None
        while pk not in self.numbers:
            drawn = self._random.randrange(10**9)
            if drawn not in self._used:
                self._used.add(drawn)
                self.numbers[pk] = drawn
        return self.numbers[pk]


def _as_own_terms(found: Any, names: list[str], dataset: Dataset) -> Iterator[list[Any]]:
    """Terms of the whole installation become the dataset's own, numbered before its own:
    another installation has its own."""
    rows = [dict(zip(names, values, strict=True)) for values in found]
    in_order = sorted(rows, key=lambda one: (one["dataset_id"] is not None, one["number"]))
    for number, row in enumerate(in_order, start=1):
        row.update(dataset_id=dataset.pk, number=number)
    for row in rows:
        yield list(row.values())


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value

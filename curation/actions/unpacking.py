"""An archive becomes a dataset again, with new numbers for all rows and the same digests.

All of it or nothing: every member is compared with its hash first, then it is one
transaction, and at its end each version is proved, down to the bytes of its files.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice, pairwise
from typing import Any, BinaryIO, NamedTuple
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, models, transaction
from django.utils.translation import gettext as _

from curation import files, stores
from curation.actions import versions
from curation.actions.carried import SUBJECTS, TABLES, Renumber, Table
from curation.errors import BadLine, CurationError, NotAllowed
from curation.formats import bundle
from curation.models import Contributor, Dataset, DatasetVersion, Event, Profile

ROWS_AT_ONCE = 1_000
# What a file that Winnow did not write makes of the code that reads it.
ODD = (
    KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError,
    ValidationError, Dataset.DoesNotExist,
)  # fmt: skip


class Restored(NamedTuple):
    dataset: Dataset
    rows: dict[str, int]  # by table


def unpack(*, file: BinaryIO, by: Contributor) -> Restored:
    """Take a whole archive in. Refuses where a dataset of its name is there."""
    if not by.is_staff:
        raise NotAllowed(_("Only a site admin can restore an archive."))
    try:
        with bundle.Reader(file) as found:
            found.check()
            return _restore(found, by)
    except BadLine as problem:
        said = _("%(problem)s Nothing of the archive was restored.")
        raise CurationError(said % {"problem": problem}) from problem


def _restore(found: bundle.Reader, by: Contributor) -> Restored:
    slug = str(found.manifest.get("dataset"))
    if Dataset.objects.filter(slug=slug).exists():
        said = _("There is a dataset %(slug)s here already. Nothing was restored.")
        raise CurationError(said % {"slug": slug})
    written: list[str] = []
    try:
        with transaction.atomic():
            restoring = _Restoring(found)
            with _no_news():
                restoring.take_people()
                restoring.take_tables()
            dataset = Dataset.objects.get(slug=slug)
            _prove(dataset, found, written)
            Event.objects.record(
                "dataset.restored", dataset, by=by, dataset=dataset, rows=restoring.rows
            )
    except BaseException as problem:
        # What a file of words has no row for, no erasure would ever find.
        for digest in written:
            stores.destroy(digest)
        if isinstance(problem, ODD):
            raise BadLine(
                "The archive does not hold together: %(problem)s.", problem=str(problem)
            ) from problem
        raise
    return Restored(dataset, restoring.rows)


@contextmanager
def _no_news() -> Iterator[None]:
    """What happened elsewhere is told to no webhook here: the trigger on events asks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('winnow.restoring', 'on', true)")
    yield  # where it fails, all of the transaction is undone, and this with it
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('winnow.restoring', '', true)")


def _prove(dataset: Dataset, found: bundle.Reader, written: list[str]) -> None:
    """Every version that the manifest names is there, intact, with the same files."""
    promised = {one["digest"]: one["number"] for one in found.manifest["versions"]}
    there = list(dataset.versions.order_by("number"))
    if promised != {one.digest: one.number for one in there}:
        raise BadLine("Its versions are not those that its manifest names.")
    for version in there:
        if problems := versions.verify(version):
            raise BadLine(
                "Version %(number)d: %(problem)s",
                number=version.number,
                problem=problems[0],
            )
        if stores.store().manifest(version.digest) is None:
            written.append(version.digest)
        _compare_files(version, found)


def _compare_files(version: DatasetVersion, found: bundle.Reader) -> None:
    """They are written anew from the restored rows. Parquet has the same bytes only by
    the same release of the library that writes it."""
    now = files.manifest_of(version)
    then = found.read(bundle.version_file(version.digest, "manifest.json")) or {}
    is_same_writer = then.get("written_by") == now.get("written_by")
    for name, digest in now["files"].items():
        carried = found.sha256(bundle.version_file(version.digest, name))
        is_exact = is_same_writer or name.endswith(".jsonl")
        if carried is None or (is_exact and carried != digest):
            raise BadLine(
                "Version %(number)d: %(name)s is not what was carried.",
                number=version.number,
                name=name,
            )


class _Numbers:
    """The numbers that rows of a table had there, and have here. Sixteen bytes a row."""

    def __init__(self, model: type[models.Model]) -> None:
        self._there, self._here = array("q"), array("q")
        self._of = [model._meta.db_table, model._meta.pk.column]

    def add(self, there: Sequence[int]) -> None:
        if any(b <= a for a, b in pairwise([*self._there[-1:], *there])):
            raise ValueError("rows are not in the order of their numbers")
        with connection.cursor() as cursor:
            asked = """SELECT nextval(pg_get_serial_sequence(%s, %s))
                       FROM generate_series(1, %s)"""
            cursor.execute(asked, [*self._of, len(there)])
            self._here.extend(number for (number,) in cursor.fetchall())
        self._there.extend(there)

    def here(self, there: int) -> int | None:
        place = bisect_left(self._there, there)
        if place == len(self._there) or self._there[place] != there:
            return None
        return self._here[place]


class _Restoring:
    def __init__(self, found: bundle.Reader) -> None:
        self._found, self.rows = found, dict[str, int]()
        self._numbers: dict[type[models.Model], _Numbers] = {}
        self._people: dict[int, int] = {}
        self._had_profile: set[int] = set()
        self._at = 0  # so many rows of a table are read

    def take_people(self) -> None:
        """Who has an account here is that person; others get one without a password."""
        lines = self._found.lines(bundle.table("people"))
        columns = next(lines, [])
        if columns[:1] != ["number"]:
            raise BadLine("The table of people has no numbers.")
        for row in lines:
            number, *told = row
            self._people[number] = _person(dict(zip(columns[1:], told, strict=True)))
        self.rows["people"] = len(self._people)
        profiles = Profile.objects.filter(pk__in=self._people.values())
        self._had_profile = set(profiles.values_list("pk", flat=True))

    def take_tables(self) -> None:
        """All rows get their numbers before the first is written: history is about what
        comes after it, too."""
        there = [
            table
            for table in TABLES
            if not table.names_people or bundle.table(table.name) in self._found
        ]
        for work in (self._number, self._take):
            for table in there:
                name, self._at = bundle.table(table.name), 0
                try:
                    work(table)
                except (IntegrityError, DataError, *ODD) as problem:
                    raise BadLine(
                        "%(name)s does not hold together, after row %(row)s: %(problem)s",
                        name=name,
                        row=self._at,
                        problem=_reason(problem),
                    ) from problem
                if self._at != self._found.manifest["rows"][table.name]:
                    raise BadLine(
                        "%(name)s has not as many rows as its manifest says.", name=name
                    )

    def _number(self, table: Table) -> None:
        taker, batches = self._open(table)
        numbers = _Numbers(table.model) if taker.has_numbers else None
        for batch in batches:
            if numbers is not None:
                numbers.add([taker.number(row) for row in batch])
            self._at += len(batch)
        if numbers is not None:
            self._numbers[table.model] = numbers

    def _take(self, table: Table) -> None:
        taker, batches = self._open(table)
        self.rows[table.name] = 0
        for batch in batches:
            rows = [row for row in map(taker.row, batch) if self._is_wanted(row)]
            table.model._base_manager.bulk_create(rows)
            self._at += len(batch)
            self.rows[table.name] += len(rows)
        # Now and not at the end: whoever reads of it hears which table it was.
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    def _open(self, table: Table) -> tuple[_Taker, Iterator[list[list[Any]]]]:
        lines = self._found.lines(bundle.table(table.name))
        taker = _Taker(table, next(lines, []), self.renumber)
        return taker, iter(lambda: list(islice(lines, ROWS_AT_ONCE)), [])

    def _is_wanted(self, row: models.Model) -> bool:
        """What somebody says of themselves here, stays."""
        return not (isinstance(row, Profile) and row.pk in self._had_profile)

    def renumber(self, model: type[models.Model], there: Any) -> int | None:
        if there is None:
            return None
        if model is Contributor:
            return self._people.get(there)
        numbers = self._numbers.get(model)
        return numbers.here(there) if numbers else None


class _Taker:
    """Makes rows of one table from lines of the archive."""

    def __init__(self, table: Table, columns: Sequence[str], renumber: Renumber) -> None:
        known = {one.name: one for one in table.model._meta.concrete_fields}
        if odd := [name for name in columns if name not in table.columns]:
            raise BadLine(
                "The table %(table)s has a column %(column)s that this Winnow does not "
                "know: the archive is of a newer one, or of another.",
                table=table.name,
                column=odd[0],
            )
        self._table, self._renumber = table, renumber
        self._fields = [known[name] for name in columns]
        self._readers = [self._reader(one) for one in self._fields]
        key = table.model._meta.pk
        self.has_numbers = not key.is_relation
        self._place = list(columns).index(key.name)

    def number(self, row: list[Any]) -> int:
        found = row[self._place]
        if type(found) is not int:
            raise TypeError("a row has no number")
        return found

    def row(self, values: list[Any]) -> models.Model:
        pairs = zip(self._fields, self._readers, values, strict=True)
        told = {one.attname: read(value) for one, read, value in pairs}
        if self._table.model is Event:
            told["subject_id"] = self._subject(told["subject_kind"], told["subject_id"])
            told["from_where"] = None  # it was not done here
        return self._table.model(**told)

    def _subject(self, kind: str, there: int) -> int:
        """What is not here has the number 0, which nothing has."""
        model = SUBJECTS.get(kind)
        return (self._renumber(model, there) if model else None) or 0

    def _reader(self, one: models.Field[Any, Any]) -> Callable[[Any], Any]:
        if one.name in self._table.numbers:
            renumbered = self._table.numbers[one.name]
            return lambda value: renumbered(value, self._renumber)
        if one.primary_key and not one.is_relation:
            return lambda value: self._renumber(self._table.model, value)
        if one.is_relation:
            return self._pointer(one)
        return _reader(one)

    def _pointer(self, one: models.Field[Any, Any]) -> Callable[[Any], int | None]:
        to = one.related_model
        assert isinstance(to, type)

        def read(value: Any) -> int | None:
            here = self._renumber(to, value)
            if here is None and not one.null:
                raise ValueError(f"{one.name} points at nothing that is in the archive")
            return here

        return read


def _reader(one: models.Field[Any, Any]) -> Callable[[Any], Any]:
    if isinstance(one, models.DateTimeField):
        return lambda value: value and datetime.fromisoformat(value)
    if isinstance(one, models.UUIDField):
        return lambda value: value and UUID(value)
    if isinstance(one, models.BinaryField):
        return lambda value: None if value is None else bytes.fromhex(value)
    if one.choices:
        return lambda value: _chosen(one, value)
    return lambda value: value


def _chosen(one: models.Field[Any, Any], value: Any) -> Any:
    known = {choice for choice, _label in one.flatchoices}
    if value not in known and value not in ("", None):
        raise ValueError(f"{one.name} is none that this Winnow knows")
    return value


def _person(told: dict[str, Any]) -> int:
    """By address, which is nobody's where a name was taken off."""
    email = str(told.get("email") or "").strip()
    local, _at, domain = email.rpartition("@")
    if not local or domain.endswith("invalid"):
        nobodys = f"{uuid4().hex}@{domain or 'moved.invalid'}"
        return Contributor.objects.create_user(nobodys, is_active=False).pk
    known = Contributor.objects.filter(email__iexact=email).first()
    if known is not None:
        return known.pk
    person = Contributor(
        email=email.lower(), name=told["name"], is_active=bool(told["is_active"])
    )
    person.date_joined = datetime.fromisoformat(told["date_joined"])
    person.set_unusable_password()
    person.clean_fields(exclude=["password"])
    person.save()
    return person.pk


def _reason(problem: Exception) -> str:
    """Without what PostgreSQL quotes of rows."""
    name = getattr(getattr(problem.__cause__, "diag", None), "constraint_name", None)
    if name:
        return f"{name}."
    if isinstance(problem, IntegrityError | DataError):
        return f"{type(problem).__name__}."
    return f"{problem}."

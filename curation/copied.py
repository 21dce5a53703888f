"""Many new rows at once, by COPY, for less than half of what INSERT costs.

`copy_in` takes instances of a model. Making those costs more than all else where there
are thousands: `copy_rows` takes plain values.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import connection as database
from django.db.models import (
    CharField,
    DateTimeField,
    Field,
    JSONField,
    Model,
    TextField,
    UUIDField,
)

connection: Any = database  # of what PostgreSQL's has more, the types do not know
Row = TypeVar("Row", bound=Model)
Spell = Callable[[Any], Any]


def copy_in(rows: Iterable[Row]) -> None:
    """Write new rows of one model, and give them their keys. What `bulk_create` does,
    without defaults of the database, expressions and conflicts."""
    found = list(rows)
    if not found:
        return
    model = type(found[0])
    if found[0].pk is None and _is_numbered(model):
        for row, number in zip(found, numbers(model, len(found)), strict=True):
            row.pk = number
    for row in found:
        prepare: Any = row
        prepare._prepare_related_fields_for_save(operation_name="copy_in")
    fields = _fields(model)
    values = ([spell(getattr(row, f.attname)) for f, spell in fields] for row in found)
    _copy(model, [field for field, _spell in fields], values)
    for row in found:
        row._state.adding, row._state.db = False, connection.alias


def copy_rows(
    model: type[Model],
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Write new rows with these values, and in all other columns what a new row has.

    JSON and lists are spelled already: see `as_json` and `as_array`. `meanwhile` is called
    once the server has all rows, which is when it turns to triggers.
    """
    others = {field.attname: (field, spell) for field, spell in _fields(model)}
    given = [others.pop(name)[0] for name in columns]
    if _is_numbered(model):
        others.pop(model._meta.pk.attname, None)
    alike = [(f, spell(f.get_default())) for f, spell in others.values()]
    # What has no value either way need not be said for each row.
    alike = [(f, value) for f, value in alike if value is not None or f.has_db_default()]
    values = tuple(value for _field, value in alike)
    fields = [*given, *(f for f, _value in alike)]
    _copy(model, fields, (row + values for row in rows), meanwhile)


def numbers(model: type[Model], count: int) -> list[int]:
    """New keys for so many rows."""
    key: Any = model._meta.pk
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [f'"{model._meta.db_table}"', key.column, count],
        )
        return [number for (number,) in cursor.fetchall()]


def as_array(whole: Iterable[int]) -> str:
    """The adapter is slow with these."""
    return f"{{{','.join(map(str, whole))}}}"


def _copy(
    model: type[Model],
    fields: Iterable[Field[Any, Any]],
    rows: Iterable[Sequence[Any]],
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    names = ", ".join(f'"{field.column}"' for field in fields)
    command = f'COPY "{model._meta.db_table}" ({names}) FROM STDIN'
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(command) as copy,
    ):
        for row in rows:
            copy.write_row(row)
        meanwhile()


def _is_numbered(model: type[Model]) -> bool:
    return bool(getattr(model._meta.pk, "db_returning", False))


@cache
def _fields(model: type[Model]) -> list[tuple[Field[Any, Any], Spell]]:
    """Each column, and how it is spelled."""
    fields: list[Any] = model._meta.local_concrete_fields  # type: ignore[assignment]
    return [(f, _spelling(f)) for f in fields if not getattr(f, "generated", False)]


def _spelling(field: Any) -> Spell:
    if isinstance(field, JSONField):
        return lambda value: json.dumps(value, cls=field.encoder)
    if isinstance(field, ArrayField):
        return _array
    if isinstance(field, UUIDField):  # the adapter spells these and times in Python
        return lambda value: None if value is None else value.hex
    if isinstance(field, CharField | TextField | DateTimeField):
        return lambda value: None if value is None else str(value)
    return lambda value: value


def _array(value: Any) -> Any:
    is_plain = isinstance(value, list) and all(type(one) is int for one in value)
    return as_array(value) if is_plain else value

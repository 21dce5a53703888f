"""Statements that are sent over and over: their SQL is made once, then only values change.

Making SQL from a queryset takes Django longer than PostgreSQL takes to answer it. What
every submission asks and writes is prepared; all else is ordinary querysets and saves.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import cache
from threading import local
from typing import Any, Generic, TypeVar

from django.db import connection as database
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models import BooleanField, Expression, Field, Func, Model, QuerySet
from django.db.models.sql import UpdateQuery

connection: Any = database  # of what PostgreSQL's has more, the types do not know
Row = TypeVar("Row")


def cursor_of_statements() -> CursorWrapper:
    """A cursor whose statements PostgreSQL parses and plans once in each connection.

    Values go to it beside the SQL, at most 65,535 at once. Where statements are logged it
    is an ordinary one, as the log shows them with their values.
    """
    if connection.queries_logged:
        ordinary: CursorWrapper = connection.cursor()
        return ordinary
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    kind: Any = ServerBindingCursor
    cursor: CursorWrapper = connection._prepare_cursor(kind(connection.connection))
    return cursor


class Given(Expression):
    """Stands in SQL for a value that comes with each call."""

    conditional = False

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


class Among(Func):
    """A condition: the column has one of the values in a given list."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()


class _Statement:
    """SQL for a thread's connection, made where it is first asked for."""

    def __init__(self, build: Callable[..., Any]) -> None:
        names = build.__code__.co_varnames[: build.__code__.co_argcount]
        self._build: Callable[[], Any] = lambda: build(*map(Given, names))
        self._made = local()

    def _execute(self, cursor: Any, values: dict[str, Any]) -> None:
        if not hasattr(self._made, "sql"):
            self._compile()
        params = [
            values[param.name] if isinstance(param, Given) else param
            for param in self._made.params
        ]
        cursor.execute(self._made.sql, params)

    def _compile(self) -> None:
        """Set `sql` and `params` of what is made."""
        raise NotImplementedError


class Prepared(_Statement, Generic[Row]):
    """A queryset with places for values: `Prepared(lambda pk: Flag.objects.filter(pk=pk))`.

    Called with the values it gives the rows that the queryset would give. No field
    converts the values: what is given must be of the column's own type.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Row]]) -> None:
        super().__init__(build)

    def __call__(self, **values: Any) -> list[Row]:
        with cursor_of_statements() as cursor:
            self._execute(cursor, values)
            found = cursor.fetchall()
        # The queryset makes its rows as always, of what its compiler says was found.
        compiler = copy(self._made.compiler)
        compiler.execute_sql = lambda *_, **__: [found]
        rows: QuerySet[Any, Row] = self._made.queryset._chain()
        rows.query.get_compiler = lambda *_, **__: compiler  # type: ignore[method-assign]
        return list(rows)

    def first(self, **values: Any) -> Row | None:
        """The first of the rows, or None. The queryset itself says how many are read."""
        return next(iter(self(**values)), None)

    def get(self, **values: Any) -> Row:
        """The row; where there is none, the model's DoesNotExist."""
        for row in self(**values):
            return row
        model = self._made.queryset.model
        raise model.DoesNotExist(f"There is no {model._meta.verbose_name} of {values}.")

    def _compile(self) -> None:
        made: Any = self._made
        made.queryset = self._build()
        made.compiler = made.queryset.query.get_compiler(using=made.queryset.db)
        sql, made.params = made.compiler.as_sql()
        columns = [column for column, *_ in made.compiler.select]
        converters = made.compiler.get_converters(columns)
        made.compiler.get_converters = lambda _: converters
        made.sql = sql  # last: what is half made is made again


class PreparedUpdate(_Statement):
    """What `update()` does, with places for values: a queryset and its new values."""

    def __init__(self, build: Callable[..., tuple[QuerySet[Any], dict[str, Any]]]) -> None:
        super().__init__(build)

    def __call__(self, **values: Any) -> int:
        """Run it, and say how many rows changed."""
        with cursor_of_statements() as cursor:
            self._execute(cursor, values)
            changed: int = cursor.rowcount
        return changed

    def _compile(self) -> None:
        rows, changed = self._build()
        query: Any = rows.query.chain(UpdateQuery)
        query.add_update_values(changed)
        sql, self._made.params = query.get_compiler(using=rows.db).as_sql()
        self._made.sql = sql


def insert(*rows: Model, ignore_conflicts: bool = False) -> None:
    """Write new rows of one model in one statement, and give them their keys.

    What `bulk_create` does, without defaults of the database and expressions. With
    `ignore_conflicts`, what is there already stays, and nobody gets a key.
    """
    if not rows:
        return
    key, fields = rows[0]._meta.pk, rows[0]._meta.local_concrete_fields
    ending = "ON CONFLICT DO NOTHING" if ignore_conflicts else f'RETURNING "{key.column}"'
    written = tuple(field for field in fields if not _is_made_there(field, rows))
    sql = _insert_sql(type(rows[0]), written, len(rows), ending)
    values = [
        field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for row in rows
        for field in written
    ]
    with cursor_of_statements() as cursor:
        cursor.execute(sql, values)
        keys = [] if ignore_conflicts else cursor.fetchall()
    for row, (key,) in zip(rows, keys, strict=not ignore_conflicts):
        row.pk, row._state.adding, row._state.db = key, False, connection.alias


@cache
def _insert_sql(
    model: type[Model], fields: tuple[Field[Any, Any], ...], count: int, ending: str
) -> str:
    columns = ", ".join(f'"{field.column}"' for field in fields)
    row = f"({', '.join(['%s'] * len(fields))})"
    rows = ", ".join([row] * count)
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES {rows} {ending}'


def _is_made_there(field: Field[Any, Any], rows: tuple[Model, ...]) -> bool:
    """By PostgreSQL: a generated column, or a number that nobody gave."""
    is_numbered = field.primary_key and all(row.pk is None for row in rows)
    return bool(getattr(field, "generated", False)) or is_numbered

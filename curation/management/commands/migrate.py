"""Django's, which waits for no lock for long: while it waits, all others wait behind it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from psycopg.errors import LockNotAvailable

SECONDS, TRIES, PAUSE = 5, 12, 5.0


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        """Each migration is one transaction, or one index that is made while others write:
        what was waited for in vain is begun anew."""
        for left in reversed(range(TRIES)):
            try:
                with _waiting_at_most(SECONDS, options["database"]):
                    if not (options["plan"] or options["check_unapplied"]):
                        _drop_half_made(options["database"])
                    super().handle(*args, **options)
                    return
            except OperationalError as problem:
                if not isinstance(problem.__cause__, LockNotAvailable):
                    raise
                if not left:
                    said = "Somebody else keeps a table to themselves. Try again later."
                    raise CommandError(said) from problem
            self.stderr.write(f"A table is in use. Once more in {PAUSE:.0f} s.")
            time.sleep(PAUSE)


# An index that was made concurrently and not to its end stays, by its name, and is never
# used. Not one that somebody makes at this moment.
HALF_MADE = """
SELECT index.indexrelid::regclass::text FROM pg_index index
JOIN pg_class made ON made.oid = index.indexrelid AND made.relkind = 'i'
WHERE NOT index.indisvalid AND made.relnamespace = current_schema()::regnamespace
    AND index.indexrelid NOT IN (SELECT index_relid FROM pg_stat_progress_create_index)
"""


def _drop_half_made(database: str) -> None:
    with connections[database].cursor() as cursor:
        cursor.execute(HALF_MADE)
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX CONCURRENTLY {name}")  # quoted by regclass


@contextmanager
def _waiting_at_most(seconds: int, database: str) -> Iterator[None]:
    connection = connections[database]
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{seconds}s"])
    try:
        yield
    finally:
        if connection.connection is not None and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', '0', false)")

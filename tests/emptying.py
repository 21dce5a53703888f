"""All tables emptied after a test whose transactions were committed.

Django truncates each of them, which makes hundreds of files anew; here only those that have
rows are emptied, and their rows deleted: a tenth of the time. No trigger runs meanwhile, so
the history, which refuses it to everybody else, goes too.
"""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import connection, transaction

from config import places, postgres

# Made with the tables, and never by a test.
STAYS = {"django_content_type", "auth_permission", "django_migrations"}


def allow() -> None:
    """Only a superuser may say who switches triggers off; workers may ask at once."""
    host = str(places.postgres_socket_dir(places.var_dir()))
    with psycopg.connect(host=host, user=postgres.SUPERUSER, dbname="postgres") as admin:
        admin.execute("SELECT pg_advisory_xact_lock(1)")
        admin.execute(
            f"GRANT SET ON PARAMETER session_replication_role TO {places.DATABASE}"
        )


def empty(_case: Any) -> None:
    tables = set(connection.introspection.django_table_names(only_existing=False)) - STAYS
    name = connection.ops.quote_name
    full = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM {name(table)})"
        for table in sorted(tables)
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(full)
        for (table,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {name(table)}")

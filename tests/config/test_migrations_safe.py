"""Old code goes on working while the schema is new, and nobody waits long for a migration.

Expand first (add what old code does not see), deploy, and contract in a later release. A
migration that takes away what old code reads says so: “contract: …” in its docstring.
"""

from __future__ import annotations

import importlib
import io
import re
import shutil
import subprocess

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, migrations, models, transaction
from django.db.models.fields import NOT_PROVIDED

from config.places import ROOT
from curation.management.commands import migrate

OURS = ("curation", "annotate", "trainer")
TAKES_AWAY = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.DeleteModel,
    migrations.RenameModel,
    migrations.AlterModelTable,
)
SAID = re.compile(r"\bcontract: .{20,}", re.DOTALL)


def git(*asked):
    ran = subprocess.run(["git", *asked], cwd=ROOT, capture_output=True, text=True)
    return ran.stdout.strip() if ran.returncode == 0 else ""


def since_the_last_release():
    """Migrations that no release has. Before the first one, nobody's code is old."""
    release = git("describe", "--tags", "--abbrev=0", "--match", "v*")
    if not release:
        return []
    known = set(git("ls-tree", "-r", "--name-only", release).splitlines())
    files = [path for app in OURS for path in (ROOT / app / "migrations").glob("0*.py")]
    return [path for path in files if str(path.relative_to(ROOT)) not in known]


def dangers(operations, said=""):
    """A sentence for each that would break code that runs meanwhile."""
    for one in operations:
        if isinstance(one, migrations.SeparateDatabaseAndState):
            yield from dangers(one.database_operations, said)
        elif isinstance(one, TAKES_AWAY) and not SAID.search(said):
            yield f"{type(one).__name__}: old code still reads it"
        elif isinstance(one, migrations.AddField) and _stops_inserts(one.field):
            yield f"AddField {one.name}: old code does not fill it: null=True or db_default"


def _stops_inserts(field):
    may_be_left_out = field.null or field.many_to_many
    return not may_be_left_out and field.db_default is NOT_PROVIDED


@pytest.mark.skipif(shutil.which("git") is None, reason="There is no git here.")
def test_new_migrations_let_old_code_work():
    found = []
    for path in since_the_last_release():
        module = importlib.import_module(f"{path.parts[-3]}.migrations.{path.stem}")
        said = dangers(module.Migration.operations, module.__doc__ or "")
        found += [(path.name, why) for why in said]

    assert found == []


def test_the_check_sees_what_breaks():
    odd = [
        migrations.RemoveField("message", "text"),
        migrations.AddField("message", "tone", models.TextField(default="")),
        migrations.RenameField("message", "text", "words"),
    ]
    fine = [
        migrations.AddField("message", "tone", models.TextField(db_default="")),
        migrations.AddField("message", "tone", models.TextField(null=True)),
        migrations.CreateModel("Tone", [("id", models.BigAutoField(primary_key=True))]),
    ]

    assert len(list(dangers(odd))) == 3
    assert list(dangers(fine)) == []
    said = "contract: no code since 0.3 reads the field that goes here."
    assert list(dangers(odd[:1], said)) == []


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_waits_for_a_table_lets_others_pass(monkeypatch):
    """It tries again, and then says why it gave up; the next one waits as ever."""
    monkeypatch.setattr(migrate, "TRIES", 2)
    monkeypatch.setattr(migrate, "PAUSE", 0)
    tried = []

    def locks(self, *args, **options):
        tried.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("5s",)
            cursor.execute("SET lock_timeout = '50ms'")  # nobody waits here for seconds
            with transaction.atomic():
                cursor.execute("LOCK TABLE curation_pulse IN ACCESS EXCLUSIVE MODE")

    facts = connection.get_connection_params()
    names = {name: facts[name] for name in ("dbname", "user", "host") if name in facts}
    with psycopg.connect(**names) as other:
        other.execute("LOCK TABLE curation_pulse IN ACCESS SHARE MODE")
        monkeypatch.setattr(migrate.migrate.Command, "handle", locks)
        said = io.StringIO()
        with pytest.raises(CommandError, match="keeps a table"):
            call_command("migrate", stderr=said)

    assert len(tried) == 2 and "in use" in said.getvalue()
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)

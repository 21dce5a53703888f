"""Old code goes on working while the schema is new, and nobody waits long for a migration.

Expand first (add what old code does not see), deploy, and contract in a later release. A
migration that takes away what old code reads says so: “contract: …” in its docstring. One
that keeps a table to itself while all its rows are read says why that is short: “small: …”.
"""

from __future__ import annotations

import importlib
import io
import re
import shutil
import subprocess

import psycopg
import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, migrations, models, transaction
from django.db.models.fields import NOT_PROVIDED

from config.places import ROOT
from curation.management.commands import migrate
from tests.factories import ContributorFactory

OURS = ("curation", "annotate", "trainer")
TAKES_AWAY = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.DeleteModel,
    migrations.RenameModel,
    migrations.AlterModelTable,
)
SAID = re.compile(r"\bcontract: .{20,}", re.DOTALL)
SMALL = re.compile(r"\bsmall: .{20,}", re.DOTALL)
ALONE = "AddIndexConcurrently, in a migration of its own"


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


def made(operations):
    """Tables that nobody waits for: no code that runs knows them."""
    return {one.name_lower for one in operations if isinstance(one, migrations.CreateModel)}


def dangers(operations, said="", new=()):
    """A sentence for each that would break code that runs meanwhile, or let it wait."""
    for one in operations:
        if isinstance(one, migrations.SeparateDatabaseAndState):
            yield from dangers(one.database_operations, said, new)
        elif isinstance(one, TAKES_AWAY) and not SAID.search(said):
            yield f"{type(one).__name__}: old code still reads it"
        elif isinstance(one, migrations.AddField) and _stops_inserts(one.field):
            yield f"AddField {one.name}: old code does not fill it: null=True or db_default"
        why = _keeps_others_out(one)
        if why and one.model_name_lower not in new and not SMALL.search(said):
            yield why
    concurrent = [isinstance(one, AddIndexConcurrently) for one in operations]
    if any(concurrent) and not all(concurrent):
        yield f"What fails there is begun anew, all of it: {ALONE}"


def _keeps_others_out(one):
    """Each begins by taking the table, and only then reads all of its rows."""
    if isinstance(one, migrations.AddIndex) and not isinstance(one, AddIndexConcurrently):
        return f"AddIndex {one.index.name}: nobody writes meanwhile: {ALONE}"
    if isinstance(one, migrations.AddField) and (one.field.db_index or one.field.unique):
        return f"AddField {one.name}: nobody writes meanwhile: db_index=False, then {ALONE}"
    is_valid = not isinstance(one, AddConstraintNotValid)
    if isinstance(one, migrations.AddConstraint) and is_valid:
        return (
            f"AddConstraint {one.constraint.name}: nobody reads meanwhile: "
            "AddConstraintNotValid, and ValidateConstraint in the next migration"
        )
    return None


def _stops_inserts(field):
    may_be_left_out = field.null or field.many_to_many
    return not may_be_left_out and field.db_default is NOT_PROVIDED


@pytest.mark.skipif(shutil.which("git") is None, reason="There is no git here.")
def test_new_migrations_let_old_code_work():
    found = []
    modules = [
        importlib.import_module(f"{path.parts[-3]}.migrations.{path.stem}")
        for path in since_the_last_release()
    ]
    new = {name for module in modules for name in made(module.Migration.operations)}
    for module in modules:
        said = dangers(module.Migration.operations, module.__doc__ or "", new)
        found += [(module.__name__, why) for why in said]

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


def test_the_check_sees_what_lets_others_wait():
    index = models.Index(fields=["tone"], name="by_tone")
    is_loud = models.CheckConstraint(condition=models.Q(tone="loud"), name="is_loud")
    by = models.ForeignKey("tone", on_delete=models.CASCADE, null=True)
    odd = [
        migrations.AddIndex("message", index),
        migrations.AddConstraint("message", is_loud),
        migrations.AddField("message", "by", by),
    ]
    fine = [
        [AddIndexConcurrently("message", index)],
        [AddConstraintNotValid("message", is_loud)],
    ]

    assert len(list(dangers(odd))) == 3
    assert [why for each in fine for why in dangers(each)] == []
    assert len(list(dangers([*fine[0], *fine[1]]))) == 1, "each index on its own"
    assert list(dangers(odd, new={"message"})) == []
    assert list(dangers(odd, "small: one row for each installation.")) == []


def test_the_check_sees_an_index_that_slipped_in_before_the_first_release():
    operations = importlib.import_module(
        "curation.migrations.0039_people"
    ).Migration.operations

    found = list(dangers(operations, new=made(operations)))

    assert any("AddIndex event_by_kind" in why for why in found)


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


@pytest.mark.django_db(transaction=True)
def test_an_index_that_was_not_made_to_its_end_is_made_anew(monkeypatch):
    """Its name would be taken, and nothing would use it."""
    make = "CREATE UNIQUE INDEX CONCURRENTLY half_made ON curation_contributor (name)"
    ContributorFactory(name="Ada")
    ContributorFactory(name="Ada")
    with connection.cursor() as cursor:
        with pytest.raises(IntegrityError):
            cursor.execute(make)
        cursor.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = 'half_made'::regclass"
        )
        assert cursor.fetchone() == (False,)
        monkeypatch.setattr(migrate.migrate.Command, "handle", lambda *_, **__: None)

        call_command("migrate")

        cursor.execute("SELECT to_regclass('half_made')")
        assert cursor.fetchone() == (None,)

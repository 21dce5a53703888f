"""Old code goes on working while the schema is new, and nobody waits long for a migration.

Expand first (add what old code does not see), deploy, and contract in a later release. A
migration that takes away what old code reads says so: “contract: …” in its docstring. One
that keeps a table to itself while all its rows are read says why that is short: “small: …”.
"""

from __future__ import annotations

import importlib
import io
import shutil
import subprocess

import psycopg
import pytest
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    ValidateConstraint,
)
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, migrations, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from config.places import ROOT
from curation.management.commands import migrate
from tests.config.migration_dangers import dangers, made, models_of, not_validated
from tests.factories import ContributorFactory

OURS = ("curation", "annotate", "trainer")


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


@pytest.mark.skipif(shutil.which("git") is None, reason="There is no git here.")
def test_new_migrations_let_old_code_work():
    found = []
    modules = [
        importlib.import_module(f"{path.parts[-3]}.migrations.{path.stem}")
        for path in since_the_last_release()
    ]
    new = {name for module in modules for name in made(module.Migration.operations)}
    loose = not_validated(one for module in modules for one in module.Migration.operations)
    graph = MigrationLoader(None)
    for module in modules:
        app, _, name = module.__name__.split(".")
        before = models_of(app, graph.project_state((app, name), at_end=False))
        operations = module.Migration.operations
        said = dangers(operations, module.__doc__ or "", new, before, loose)
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


FIELDS = {
    "tone": models.CharField(max_length=20),
    "text": models.TextField(),
    "note": models.TextField(null=True),
    "count": models.IntegerField(),
    "by": models.ForeignKey("auth.Group", models.CASCADE, null=True, db_constraint=False),
    "of": models.ForeignKey("auth.Group", models.CASCADE, null=True),
}


def altered(name, field, *done, said=""):
    """What is said of altering it in a table that there is, after `done`."""
    state = ProjectState()
    for one in (migrations.CreateModel("Message", list(FIELDS.items())), *done):
        one.state_forwards("curation", state)
    before, loose = models_of("curation", state), not_validated(done)
    return list(
        dangers([migrations.AlterField("message", name, field)], said, (), before, loose)
    )


@pytest.mark.parametrize(
    ("name", "field", "why"),
    [
        ("text", models.JSONField(), "written anew"),
        ("text", models.CharField(max_length=20), "written anew"),
        ("tone", models.CharField(max_length=10), "written anew"),
        ("tone", models.CharField(max_length=20, db_collation="C"), "written anew"),
        ("count", models.BigIntegerField(), "written anew"),
        ("count", models.PositiveIntegerField(), "all rows are checked"),
        ("note", models.TextField(), "nobody reads meanwhile"),
        ("note", models.TextField(db_default=""), "nobody reads meanwhile"),
        ("tone", models.CharField(max_length=20, db_index=True), "nobody writes meanwhile"),
        ("tone", models.CharField(max_length=20, unique=True), "nobody writes meanwhile"),
        ("tone", models.CharField(max_length=20, db_column="mood"), "still reads tone"),
        ("by", models.ForeignKey("auth.Group", models.CASCADE, null=True), "are checked"),
        (
            "of",
            models.ForeignKey("auth.Group", models.CASCADE, null=True, db_index=False),
            "made anew",
        ),
    ],
)
def test_the_check_sees_what_an_altered_column_costs(name, field, why):
    (found,) = altered(name, field)

    assert why in found
    column_went = "contract: no code since 0.3 reads the column of that name."
    few = column_went if "still reads" in why else "small: one row for each installation."
    assert altered(name, field, said=few) == []


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("tone", models.CharField(max_length=30)),
        ("tone", models.TextField(blank=True)),
        ("text", models.TextField(null=True, db_default="", help_text="What was said.")),
        ("tone", models.CharField(max_length=20, choices=[("a", "A")])),
        (
            "by",
            models.ForeignKey("auth.Group", models.PROTECT, null=True, db_constraint=False),
        ),
        ("of", models.ForeignKey("auth.Group", models.PROTECT, null=True, blank=True)),
    ],
)
def test_what_costs_nothing_is_not_held_up(name, field):
    assert altered(name, field) == []


def test_what_is_known_to_be_never_null_may_say_so():
    is_there = models.Q(note__isnull=False)
    check = models.CheckConstraint(condition=is_there, name="note_is_there")
    made, proved = (
        AddConstraintNotValid("message", check),
        ValidateConstraint("message", "note_is_there"),
    )

    assert len(altered("note", models.TextField(), made)) == 1, "rows of before may be null"
    assert altered("note", models.TextField(), made, proved) == []
    other = models.CheckConstraint(condition=models.Q(tone__isnull=False), name="other")
    assert len(altered("note", models.TextField(), AddConstraintNotValid("message", other),
                       ValidateConstraint("message", "other"))) == 1  # fmt: skip


def test_a_column_that_came_with_the_same_migration_may_change():
    more = migrations.AddField("message", "tags", models.TextField(null=True))
    later = migrations.AlterField("message", "tags", models.JSONField(null=True))
    state = ProjectState()
    migrations.CreateModel("Message", list(FIELDS.items())).state_forwards("c", state)

    assert list(dangers([more, later], before=models_of("c", state))) == []


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

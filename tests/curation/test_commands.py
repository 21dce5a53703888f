from __future__ import annotations

import gzip
import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from curation.models import Contributor, Dataset, DatasetVersion, Message
from tests.factories import ContributorFactory, DatasetFactory

pytestmark = pytest.mark.django_db

PAIR = {"instruction": "Why?", "context": "", "response": "Because.", "category": "qa"}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path / "versions"
    return settings.VERSIONS_DIR


@pytest.fixture
def dataset():
    return DatasetFactory(slug="handbook", pairs=True)


@pytest.fixture
def curator(dataset):
    return ContributorFactory(
        email="cleo@example.org", member=dataset, member__roles=["curator"]
    )


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps(PAIR) + "\n{\n")
    return path


def run(command, *words, **options):
    """What a command prints, and what it complains about."""
    out, err = io.StringIO(), io.StringIO()
    call_command(command, *map(str, words), stdout=out, stderr=err, **options)
    return out.getvalue().strip(), err.getvalue().strip()


def take(file, *words):
    return run(
        "import_data",
        "handbook",
        file,
        "--format",
        "dolly",
        "--by",
        "Cleo@example.org",
        *words,
    )


def test_a_file_is_imported_and_its_bad_lines_are_named(curator, file):
    out, err = take(file)

    assert out == (
        "handbook: 1 conversations, 2 messages and 0 rankings added; "
        "0 lines were there already, 1 could not be taken."
    )
    assert err.startswith("line 2: This is not JSON")


def test_a_packed_file_and_standard_input_are_read_too(
    curator, file, tmp_path, monkeypatch
):
    packed = tmp_path / "pairs.jsonl.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    take(packed)

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    out, _ = take("-", "--as", "submitted")

    assert "1 lines were there already" in out
    assert Message.objects.filter(state="accepted").count() == 2


def test_a_missing_dataset_is_made_on_request(file):
    ContributorFactory(email="cleo@example.org", is_staff=True)

    with pytest.raises(CommandError, match="no dataset handbook. --create makes one"):
        take(file)
    take(file, "--create", "pairs", "--title", "The handbook")

    assert Dataset.objects.get(slug="handbook").title == "The handbook"


def test_a_file_of_which_nothing_can_be_taken_is_an_error(curator, tmp_path):
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{\n[]\n")

    with pytest.raises(CommandError, match="Nothing was taken: .* 2 could not be taken"):
        take(bad)


@pytest.mark.parametrize("content", [None, b"not gzip"])
def test_a_file_that_is_not_there_or_broken_is_an_error_in_a_line(
    curator, tmp_path, content
):
    path = tmp_path / "pairs.jsonl.gz"
    if content:
        path.write_bytes(content)

    with pytest.raises(CommandError, match="No such file|Not a gzipped file"):
        take(path)


def test_strangers_do_not_import(dataset, file):
    with pytest.raises(CommandError, match="no account Cleo@example.org"):
        take(file)
    ContributorFactory(email="cleo@example.org", member=dataset)
    with pytest.raises(CommandError, match="You are not a curator"):
        take(file)


def test_a_line_without_end_is_not_read_into_memory(curator, tmp_path):
    path = tmp_path / "long.jsonl"
    path.write_bytes(b"x" * 12_000_000 + b"\n" + json.dumps(PAIR).encode())

    out, err = take(path)

    assert err == "line 1: The line is longer than 5 MB."
    assert "1 conversations" in out


def freeze(**options):
    return run("freeze_version", "handbook", "--by", "cleo@example.org", **options)


def test_a_version_is_frozen_verified_and_written(curator, file, folder):
    take(file)

    frozen, _ = freeze()
    version = DatasetVersion.objects.get()
    verified, _ = run("verify_version", "handbook", 1)
    exported, _ = run("export_version", "handbook", 1)

    assert frozen.startswith("handbook version 1: ")
    assert frozen.endswith(f"digest {version.digest}")
    assert verified.startswith("OK: handbook version 1, 1 items")
    assert exported == str(folder / version.digest)
    assert (folder / version.digest / "manifest.json").exists()


def test_a_version_that_was_changed_fails_both(curator, file):
    take(file)
    freeze()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE curation_message SET text = 'Forged.'")

    with pytest.raises(CommandError, match="handbook version 1 is not what was frozen"):
        run("verify_version", "handbook", 1)
    with pytest.raises(CommandError, match="the text of item 0 is not what was frozen"):
        run("export_version", "handbook", 1)


@pytest.mark.parametrize("command", ["verify_version", "export_version"])
def test_a_version_that_is_not_there_is_an_error(dataset, command):
    with pytest.raises(CommandError, match="handbook has no version 7"):
        run(command, "handbook", 7)


@pytest.mark.parametrize(
    ("recipe", "problem"),
    [("{", "not JSON"), ("[]", "not a JSON object"), ('{"best": 1}', "has no “best”")],
)
def test_a_recipe_that_cannot_be_read_is_an_error(curator, file, recipe, problem):
    take(file)

    with pytest.raises(CommandError, match=problem):
        freeze(recipe=recipe)


# ---- make_admin ----------------------------------------------------------------------
@pytest.fixture
def typed(monkeypatch):
    def type_in(text):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return type_in


def test_an_admin_is_made_with_a_password_from_stdin(typed):
    typed("correct horse 42\n")

    run("make_admin", "Ada@Example.org", "--name", "Ada", "--password-stdin")

    ada = Contributor.objects.get()
    assert (ada.email, ada.name) == ("ada@example.org", "Ada")
    assert ada.is_staff
    assert ada.is_superuser
    assert ada.check_password("correct horse 42")


@pytest.mark.parametrize("password", ["", "password", "12345"])
def test_there_is_no_default_and_no_weak_password(typed, password):
    typed(password)

    with pytest.raises(CommandError):
        run("make_admin", "ada@example.org", "--password-stdin")
    assert not Contributor.objects.exists()


def test_an_address_must_be_one_and_be_free(typed):
    ContributorFactory(email="ada@example.org")
    for email in ("ADA@example.org", "ada"):
        typed("correct horse 42")
        with pytest.raises(CommandError):
            run("make_admin", email, "--password-stdin")


def test_a_password_is_asked_for_twice(monkeypatch):
    answers = iter(["correct horse 42", "correct horse 43"])
    asked = "curation.management.commands.make_admin.getpass"
    monkeypatch.setattr(asked, lambda *prompt: next(answers))

    with pytest.raises(CommandError, match="two different passwords"):
        run("make_admin", "ada@example.org")

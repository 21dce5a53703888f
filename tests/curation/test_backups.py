"""The drill: all of an installation in a folder, and the same in an empty database."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings as here
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings

from curation import files
from curation.actions import errands, pulses, versions
from curation.errors import Unavailable
from curation.management import dumps
from curation.models import DatasetVersion, Message, Pulse
from tests.curation.pages import frozen
from tests.curation.uploads import fresh, received
from tests.factories import DatasetFactory

UID = uuid4().hex
PASSING = (
    "versions/.writing-x/train.jsonl",
    f"versions/archive-{UID}-1/archive.zip",
    f"versions/extract-{UID}-2/file",
    f"versions/import-{UID}/file",
)


@pytest.fixture
def filled(transactional_db, settings, tmp_path):
    """A version with its files, a run's adapter, and what is not worth keeping."""
    settings.VERSIONS_DIR = tmp_path / "here" / "versions"
    settings.RUNS_DIR = tmp_path / "here" / "runs"
    version = frozen(DatasetFactory(slug="handbook"))
    files.manifest_of(version)
    for name in ("runs/run-1/adapter/adapter.safetensors", *PASSING):
        path = tmp_path / "here" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(name.encode())
    (settings.RUNS_DIR / "linked").symlink_to("/etc/passwd")
    return version


@contextmanager
def an_empty_server(folder):
    """The same server with a database and folders in which nothing is."""
    name = connection.settings_dict["NAME"]
    mine = f"{name}_drill"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {mine}")
        cursor.execute(f"CREATE DATABASE {mine}")
    try:
        turn_to(mine)
        with override_settings(VERSIONS_DIR=folder / "versions", RUNS_DIR=folder / "runs"):
            yield
    finally:
        turn_to(name)
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {mine}")


def turn_to(database):
    connection.close()
    connection.settings_dict["NAME"] = database


def counted():
    """Rows of each table, and one hash of all of them, by other means than the backup's."""
    with connection.cursor() as cursor:
        found = {}
        for name in dumps.tables():
            rows = f"SELECT t::text FROM {name} t ORDER BY 1"
            cursor.execute(f"SELECT count(*), md5(string_agg(t, '|')) FROM ({rows}) r(t)")
            found[name] = cursor.fetchone()
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1")
        triggers = cursor.fetchall()
    found.pop("curation_pulse")  # has a new line in it: that there is a backup
    return found, triggers


def test_what_was_dumped_is_the_same_on_an_empty_server(filled, tmp_path, capsys):
    folder = tmp_path / "backup"
    before = counted()
    hashes = files.manifest_of(filled)["files"]
    newest = Message.objects.latest("pk").pk

    folder.mkdir(mode=0o755)  # on which others look
    call_command("backup", str(folder), "--also", "runs")
    assert not [path for path in folder.rglob("*") if path.stat().st_mode & 0o077]

    assert Pulse.objects.get(name=pulses.BACKUP).problem == ""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    kept = {name.partition("/")[0]: name for name in manifest["files"]}
    assert kept["runs"] == "runs/run-1/adapter/adapter.safetensors"
    assert not manifest["files"].keys() & set(PASSING)
    assert kept["versions"].startswith(f"versions/{filled.digest}/")
    with pytest.raises(CommandError, match="not empty"):
        call_command("backup", str(folder))
    with pytest.raises(CommandError, match="people or data in this database"):
        call_command("restore", str(folder))

    with an_empty_server(tmp_path / "there"):
        call_command("restore", str(folder))

        assert counted() == before
        version = DatasetVersion.objects.get()
        assert version.digest == filled.digest
        assert versions.verify(version) == []
        copied = Path(here.VERSIONS_DIR) / version.digest
        assert {path.name for path in copied.iterdir()} == {*hashes, "manifest.json"}
        assert files.manifest_of(version)["files"] == hashes
        assert (Path(here.RUNS_DIR) / "run-1/adapter/adapter.safetensors").exists()
        frozen(version.dataset)  # it goes on: numbers count up from there
        assert Message.objects.latest("pk").pk > newest
    said = capsys.readouterr().out
    assert f"OK: handbook version 1, 2 items, digest {filled.digest}" in said


def test_what_waited_and_is_in_no_backup_is_said(filled, tmp_path, capsys, monkeypatch):
    folder, curator = tmp_path / "backup", filled.frozen_by
    sent = received(filled.dataset, curator)
    call_command("backup", str(folder))

    with an_empty_server(tmp_path / "there"):
        call_command("restore", str(folder))
        assert fresh(sent).state == "failed"
        assert "this file is in none" in fresh(sent).why
    assert "archives that are in no backup: 1." in capsys.readouterr().out

    def nobody_answers():
        raise Unavailable("Nobody answers.")

    monkeypatch.setattr(errands, "forget_lost", nobody_answers)
    with an_empty_server(tmp_path / "elsewhere"):
        call_command("restore", str(folder))
    said = capsys.readouterr().out
    assert "were not looked for. Nobody answers." in said and "OK: handbook" in said


def test_a_backup_that_is_not_whole_is_refused(filled, tmp_path):
    folder = tmp_path / "backup"
    call_command("backup", str(folder))
    call_command("restore", str(folder), "--check")
    manifest = folder / "manifest.json"
    told = json.loads(manifest.read_bytes())

    def refused(match, **changes):
        manifest.write_text(json.dumps({**told, **changes}))
        with pytest.raises(CommandError, match=match):
            call_command("restore", str(folder))

    refused("newer Winnow", version=2)
    refused("no backup of Winnow", format="else")
    refused("does not know 9999", migrations=[["curation", "9999_later"]])
    for name in ("../../etc/passwd", "/etc/passwd", "else/x", "versions/../../x"):
        refused("has no file", files={**told["files"], name: {"size": 0, "sha256": ""}})
    refused("versions/x is gone", files={"versions/x": {"size": 0, "sha256": ""}})
    (folder / "database.dump").write_bytes(b"else")
    refused("database.dump is gone, or not what it was")
    manifest.unlink()
    with pytest.raises(CommandError, match="no whole backup"):
        call_command("restore", str(folder), "--check")
    with pytest.raises(CommandError, match="no whole backup"):
        call_command("restore", str(tmp_path / "nowhere"))


def test_a_backup_that_fails_says_so(filled, tmp_path, monkeypatch):
    monkeypatch.setattr(dumps, "_programs", lambda name: iter(()))

    with pytest.raises(CommandError, match="no pg_dump of PostgreSQL"):
        call_command("backup", str(tmp_path / "backup"))

    assert "no pg_dump" in Pulse.objects.get(name=pulses.BACKUP).problem
    assert not (tmp_path / "backup" / "manifest.json").exists()

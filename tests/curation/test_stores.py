"""Files of versions on disk or in a bucket: the same bytes, whole, and gone for good."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import socket

import pytest
from django.core.management import call_command
from django.urls import reverse

from curation import facts, files, handoff, renaming, tasks
from curation.actions import erasure, exports
from curation.errors import CurationError, Unavailable
from curation.models import Contributor, Message, Tombstone
from tests.buckets import NOBODY
from tests.curation.pages import frozen, signed_in, url
from tests.factories import DatasetFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def version(dataset):
    return frozen(dataset, count=6)


def there(bucket, version=None):
    return [n for n in bucket.names() if version is None or version.digest in n]


def read(bucket, version, name):
    return bucket.read(f"{version.digest}/{name}")


def write(bucket, version, name, content):
    bucket.write(f"{version.digest}/{name}", content)


def opened(version, name):
    with handoff.open_file(version.pk, name) as file:
        return file.read()


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def down(bucket):
    """Nobody listens at the service's address any more."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        bucket.answer(f"http://127.0.0.1:{taken.getsockname()[1]}")
        yield


def test_a_bucket_holds_the_bytes_that_the_disk_would(version, bucket, client, tmp_path):
    copies = content(handoff.files(version.pk, copies=tmp_path / "copies"))
    in_bucket = {name: read(bucket, version, name) for name in copies}
    assert there(bucket) == sorted(f"{version.digest}/{name}" for name in copies)
    signed_in(client, version.dataset)
    downloaded = {
        name: client.get(url("download", version.dataset.slug, 1, name)).getvalue()
        for name in copies
    }
    lines = client.get(reverse("api:version-records", args=[version.digest])).getvalue()

    bucket.leave()
    on_disk = content(handoff.files(version.pk))

    assert on_disk == in_bucket == copies == downloaded
    assert lines == on_disk["train.jsonl"]
    hashes = json.loads(on_disk["manifest.json"])["files"]
    assert hashes == {
        name: hashlib.sha256(found).hexdigest()
        for name, found in on_disk.items()
        if name != "manifest.json"
    }


def test_a_download_says_how_long_it_is_and_leaves_nothing_on_the_disk(
    version, bucket, settings, client
):
    signed_in(client, version.dataset)

    answer = client.get(url("download", version.dataset.slug, 1, "train.parquet"))

    size = len(answer.getvalue())
    assert answer["Content-Length"] == str(size) and size > 1000
    assert list(settings.VERSIONS_DIR.iterdir()) == []


@pytest.mark.parametrize("name", ["train.jsonl", "manifest.json"])
def test_what_was_changed_in_the_bucket_is_written_anew(version, bucket, name):
    good = opened(version, "train.jsonl")
    write(bucket, version, name, read(bucket, version, name)[:-3])

    assert opened(version, "train.jsonl") == good
    assert read(bucket, version, "train.jsonl") == good


def test_what_is_gone_from_the_bucket_is_written_anew(version, bucket):
    handoff.files(version.pk)
    bucket.delete(f"{version.digest}/held_out.jsonl")

    handoff.files(version.pk)

    assert f"{version.digest}/held_out.jsonl" in there(bucket)


def test_a_changed_file_on_the_disk_does_not_leave(version, settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path
    folder = handoff.files(version.pk)
    good = (folder / "train.jsonl").read_bytes()
    (folder / "train.jsonl").write_bytes(good.replace(b"prompt", b"pr0mpt"))

    assert opened(version, "train.jsonl") == good


def test_a_server_that_is_down_is_said_clearly_and_nothing_is_lost(
    version, bucket, down, client, settings, caplog
):
    signed_in(client, version.dataset)
    with caplog.at_level(logging.ERROR, logger="curation.bucket"):
        page = client.get(url("download", version.dataset.slug, 1, "train.jsonl"))
    api = client.get(reverse("api:version-records", args=[version.digest]))

    assert page.status_code == api.status_code == 503
    assert "does not answer" in page.content.decode()
    assert "does not answer" in api.content.decode()
    assert "127.0.0.1" in caplog.text and "127.0.0.1" not in page.content.decode()
    assert version.items.count() == 6
    where = settings.VERSIONS_DIR
    assert not where.exists() or list(where.iterdir()) == []


def test_freezing_needs_no_files_so_it_works_while_the_server_is_down(
    dataset, bucket, down
):
    version = frozen(dataset)

    bucket.answer()
    assert handoff.files(version.pk).name == version.digest


def erased(version, field="reply"):
    admin = Contributor.objects.filter(is_staff=True).first()
    admin = admin or Contributor.objects.create_superuser("admin@example.org", "x")
    person = getattr(version.items.first(), field).author
    erasure.erase(person_id=person.pk, by=admin)


def test_erasure_empties_the_bucket_and_what_was_on_the_disk(version, bucket, settings):
    handoff.files(version.pk)  # leaves copies here
    gone = version.items.first().reply.text

    erased(version)

    assert there(bucket, version) == []
    assert not (settings.VERSIONS_DIR / version.digest).exists()
    lines = b"".join(opened(version, name) for name in files.names(version))
    assert gone.encode() not in lines
    assert files.manifest_of(version)["erased"] == 1


def test_erasure_that_could_not_reach_the_bucket_is_finished_by_the_next(version, bucket):
    handoff.files(version.pk)
    bucket.answer(NOBODY)
    with pytest.raises(Unavailable):
        erased(version)
    assert Tombstone.objects.count() == 1

    bucket.answer()
    person = Contributor.objects.get(email__startswith="erased-")
    admin = Contributor.objects.get(is_staff=True)
    erasure.erase(person_id=person.pk, by=admin)

    assert there(bucket, version) == []


@pytest.mark.parametrize("is_in_bucket", [True, False])
def test_words_erased_while_they_are_written_do_not_stay(
    version, bucket, monkeypatch, is_in_bucket
):
    """The eraser finds no files yet; then those with the words would come."""
    if not is_in_bucket:
        bucket.leave()
    gone = version.items.first().reply.text
    write_all, begun = files._write, []

    def slowly(version, folder):
        write_all(version, folder)
        if not begun:
            begun.append(True)
            erased(version)

    monkeypatch.setattr(files, "_write", slowly)

    lines = opened(version, "train.jsonl") + opened(version, "held_out.jsonl")

    assert begun and gone.encode() not in lines


def test_what_a_killed_process_left_half_written_goes(version, settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path / "versions"
    opened(version, "train.jsonl")
    names = (".writing-left", ".writing-large", ".writing-now")
    left, large, fresh = (settings.VERSIONS_DIR / name for name in names)
    for folder in (left, large, fresh):
        folder.mkdir()
        (folder / "train.jsonl").write_text("Half a")
    for path in (left / "train.jsonl", left, large):  # to large's file is added
        os.utime(path, (0, 0))

    tasks.forget_unfinished_files()

    names = {path.name for path in settings.VERSIONS_DIR.iterdir()}
    assert names == {version.digest, large.name, fresh.name}


def test_exports_cards_and_the_command_read_the_bucket(version, bucket, capsys):
    by = version.frozen_by
    export = exports.make(version=version, made_for="A partner", by=by)
    sides = [list(renaming.pseudonymous(export, split)) for split in files.SPLITS]
    assert sum(map(len, sides)) == 6

    listed = facts.with_files(version).files
    assert {one.name: one.size for one in listed} == {
        one.name: len(read(bucket, version, one.name)) for one in listed
    }

    call_command("export_version", version.dataset.slug, "1")
    folder = capsys.readouterr().out.strip()
    assert folder.endswith(version.digest)


def test_a_text_changed_behind_winnows_back_does_not_reach_the_bucket(version, bucket):
    Message.objects.filter(pk=version.items.first().reply_id).update(text="Other.")

    with pytest.raises(CurationError, match="is not what was frozen"):
        handoff.files(version.pk)
    assert there(bucket) == []

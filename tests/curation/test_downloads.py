"""Downloads say by HEAD what they are, and nothing is made or fetched for it."""

from __future__ import annotations

import hashlib
import shutil

import pytest
from django.urls import reverse
from django.utils.timezone import now

from curation import files, renaming, tasks
from curation.actions import archives, exports, extracting, writing
from curation.bucket import Bucket
from curation.models import Import
from tests.curation.pages import frozen, signed_in, url
from tests.factories import DatasetFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(settings, tmp_path, monkeypatch):
    settings.VERSIONS_DIR = tmp_path / "versions"
    # The pulse has a connection of its own, which sees no row of the test's transaction.
    monkeypatch.setattr(writing, "BEAT_SECONDS", 600)
    return frozen(DatasetFactory())


def test_the_tag_is_of_the_bytes_that_are_sent(client, curator, version, monkeypatch):
    place = url("download", version.dataset.slug, version.number, "train.jsonl")
    open_file = files.open_file

    def written_anew_meanwhile(*asked):
        file = open_file(*asked)
        path = files.store().root / version.digest / "train.jsonl"
        path.unlink()
        path.write_bytes(b"{}\n")
        return file

    monkeypatch.setattr(files, "open_file", written_anew_meanwhile)

    answer = client.get(place)

    content = b"".join(answer.streaming_content)
    assert answer["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert answer["Content-Length"] == str(len(content))


def test_files_that_go_while_they_are_looked_for_are_written_anew(
    client, curator, version, monkeypatch
):
    place = url("download", version.dataset.slug, version.number, "train.jsonl")
    assert client.head(place).status_code == 200
    disk, manifest = files.store(), type(files.store()).manifest

    def gone_after(kept, name):
        found = manifest(kept, name)
        monkeypatch.setattr(type(disk), "manifest", manifest)
        shutil.rmtree(kept.root / name)
        return found

    monkeypatch.setattr(type(disk), "manifest", gone_after)

    assert client.head(place).status_code == 200
    assert (disk.root / version.digest).exists()


@pytest.fixture
def curator(client, version):
    return signed_in(client, version.dataset, "curator", is_staff=True)


def archive(dataset, curator):
    asked = archives.ask(dataset_id=dataset.pk, by=curator, has_names=True)
    tasks.make_archive(archiving_id=asked.pk)
    return url("archive", dataset.slug, asked.pk)


def extract(dataset, curator):
    wanted = extracting.Wanted("chat", "jsonl")
    asked = extracting.ask(dataset=dataset, by=curator, wanted=wanted)
    tasks.write_extract(extract_id=asked.pk)
    return url("extract-file", dataset.slug, asked.pk)


def export(dataset, curator):
    version = dataset.versions.get()
    made = exports.make(version=version, made_for="Acme", by=curator)
    return url("export", dataset.slug, version.number, made.pk, "train")


def refusals(dataset, curator):
    found = Import.objects.create(
        dataset=dataset, asked_by=curator, state="done", ended_at=now(), size=1,
        file_name="a.csv", kind="csv",
    )  # fmt: skip
    found.refusals.create(line=1, reason="It is empty.")
    return url("import-refused", dataset.slug, found.pk, "csv")


@pytest.mark.parametrize(
    "place",
    [
        archive,
        extract,
        export,
        refusals,
        lambda dataset, curator: url("card", dataset.slug, 1, "README.md"),
        lambda dataset, curator: url("dashboard-table", dataset.slug, "progress"),
        lambda dataset, curator: url("audit-file", "jsonl"),
        lambda dataset, curator: url("dataset-audit-file", dataset.slug, "csv"),
    ],
)
def test_each_says_by_head_what_it_is(client, version, curator, place):
    address = place(version.dataset, curator)

    head, whole = client.head(address), client.get(address)

    assert (head.status_code, head.getvalue()) == (200, b"")
    for name in ("Content-Type", "Content-Disposition", "Content-Length", "ETag"):
        assert head.get(name) == whole.get(name), name
    assert whole.getvalue()


def test_an_archive_by_the_page_goes_on_where_it_broke_off(client, version, curator):
    address = archive(version.dataset, curator)
    whole = client.get(address)

    rest = client.get(address, headers={"Range": "bytes=100-", "If-Range": whole["ETag"]})

    assert (rest.status_code, rest.getvalue()) == (206, whole.getvalue()[100:])


@pytest.fixture
def fetched(version, bucket, monkeypatch):
    """Names of what comes out of the bucket, which has the version's files."""
    files.manifest_of(version)
    fetch, names = Bucket.fetch, []

    def told(self, name, into):
        names.append(name.rpartition("/")[2])
        fetch(self, name, into)

    monkeypatch.setattr(Bucket, "fetch", told)
    return names


@pytest.mark.parametrize("name", ["train.jsonl", "train.parquet"])
@pytest.mark.parametrize("is_page", [True, False])
def test_of_a_versions_file_only_what_is_sent_is_fetched(
    client, version, curator, fetched, name, is_page
):
    at_api = reverse("api:version-file", args=[version.digest, name])
    address = url("download", version.dataset.slug, 1, name) if is_page else at_api
    whole = client.get(address)
    content, tag = whole.getvalue(), whole["ETag"]
    assert tag == f'"{hashlib.sha256(content).hexdigest()}"'
    assert fetched.count(name) == 1

    head = client.head(address)
    known = client.get(address, headers={"If-None-Match": tag})
    beyond = client.get(address, headers={"Range": f"bytes={len(content)}-"})
    assert (head.status_code, head["Content-Length"]) == (200, str(len(content)))
    assert [one.status_code for one in (known, beyond)] == [304, 416]
    assert {one["ETag"] for one in (head, known, beyond)} == {tag}
    assert fetched.count(name) == 1

    rest = client.get(address, headers={"Range": "bytes=7-", "If-Range": tag})
    assert (rest.status_code, rest.getvalue()) == (206, content[7:])


def test_lines_by_api_and_a_manifest_answer_head_as_well(client, version, curator, fetched):
    lines = reverse("api:version-records", args=[version.digest])
    assert client.head(lines)["Content-Disposition"] == 'attachment; filename="train.jsonl"'
    assert "train.jsonl" not in fetched

    manifest = url("download", version.dataset.slug, 1, "manifest.json")
    head, whole = client.head(manifest), client.get(manifest)
    assert head["Content-Length"] == str(len(whole.getvalue()))
    assert head["ETag"] == whole["ETag"]
    assert set(fetched) == {"manifest.json"}


def test_a_spoiled_file_of_a_version_is_written_anew_when_it_is_sent(
    client, version, curator, fetched, bucket
):
    place = f"{version.digest}/train.jsonl"
    good = bucket.read(place)
    bucket.write(place, good[:-3])
    address = url("download", version.dataset.slug, 1, "train.jsonl")

    assert client.head(address).status_code == 200
    assert bucket.read(place) == good[:-3]
    sent = client.get(address)

    assert (sent["Content-Length"], sent.getvalue()) == (str(len(good)), good)
    assert bucket.read(place) == good


def test_an_export_is_not_made_for_a_head(client, version, curator, monkeypatch):
    made = []
    monkeypatch.setattr(renaming, "pseudonymous", lambda *told: made.append(told))

    client.head(export(version.dataset, curator))

    assert not made

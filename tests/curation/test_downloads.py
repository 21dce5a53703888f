"""Downloads say by HEAD what they are, and nothing is made or fetched for it."""

from __future__ import annotations

import pytest
from django.utils.timezone import now

from curation import renaming, tasks
from curation.actions import archives, exports, extracting, writing
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


def test_an_export_is_not_made_for_a_head(client, version, curator, monkeypatch):
    made = []
    monkeypatch.setattr(renaming, "pseudonymous", lambda *told: made.append(told))

    client.head(export(version.dataset, curator))

    assert not made

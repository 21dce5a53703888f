"""Work on files while the store is slow or away, and what is cleared up after it."""

from __future__ import annotations

import os
from datetime import timedelta
from time import monotonic, sleep
from uuid import uuid4

import pytest
from django.utils.timezone import now

from curation import stores, tasks, unfolded
from curation.actions import archives, errands, extracting, importing, writing
from curation.models import Event
from tests.buckets import NOBODY
from tests.curation.pages import signed_in, url
from tests.curation.uploads import fresh, received, started
from tests.factories import ContributorFactory, DatasetFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process")]


@pytest.fixture(autouse=True)
def place(settings, tmp_path, monkeypatch):
    settings.VERSIONS_DIR, settings.TRANSFERS_DIR = tmp_path / "kept", tmp_path / "own"
    settings.VERSIONS_DIR.mkdir()
    # The pulse has a connection of its own, which sees no row of the test's transaction.
    monkeypatch.setattr(writing, "BEAT_SECONDS", 600)


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


def an_import(dataset, curator):
    return started(dataset, curator), importing.run


def an_extract(dataset, curator):
    wanted = extracting.Wanted("dolly", "jsonl")
    return extracting.ask(dataset=dataset, by=curator, wanted=wanted), extracting.run


def an_archive(dataset, curator):
    return archives.ask(dataset_id=dataset.pk, by=curator, has_names=True), archives.run


@pytest.mark.parametrize("ask", [an_import, an_extract, an_archive])
def test_a_store_that_is_back_in_time_costs_nothing(dataset, curator, bucket, ask):
    found, run = ask(dataset, curator)
    silent = {"beat_at": now() - timedelta(minutes=5)}
    bucket.answer(NOBODY)

    run(found.pk)

    found.refresh_from_db()
    assert (found.state, found.attempt, found.why) == ("running", 1, "")
    type(found).objects.update(**silent)
    assert errands.take_back_silent(type(found)) == [found.pk]
    bucket.answer()
    run(found.pk)
    found.refresh_from_db()
    assert (found.state, found.attempt) == ("done", 2)


@pytest.mark.parametrize("ask", [an_import, an_extract, an_archive])
def test_a_store_that_stays_away_is_the_reason_in_the_end(dataset, curator, bucket, ask):
    found, run = ask(dataset, curator)
    type(found).objects.update(attempt=errands.ATTEMPTS - 1)
    bucket.answer(NOBODY)

    run(found.pk)

    found.refresh_from_db()
    assert (found.state, "does not answer" in found.why) == ("failed", True)


@pytest.mark.django_db(transaction=True)
def test_while_a_file_comes_from_the_store_its_worker_lives(dataset, curator, monkeypatch):
    found, fetch = started(dataset, curator), stores.Disk.folder
    monkeypatch.setattr(writing, "BEAT_SECONDS", 0.01)
    heard = []

    def slowly(*told, **named):
        begun, deadline = fresh(found).beat_at, monotonic() + 10
        while fresh(found).beat_at == begun and monotonic() < deadline:
            sleep(0.01)
        heard.append(fresh(found).beat_at > begun)
        return fetch(*told, **named)

    monkeypatch.setattr(stores.Disk, "folder", slowly)
    importing.run(found.pk)

    assert heard == [True]
    assert (fresh(found).state, fresh(found).of) == ("done", 6)


def test_what_cannot_be_destroyed_now_is_called_off_and_goes_by_the_clock(
    dataset, curator, bucket, django_capture_on_commit_callbacks
):
    found, other = received(dataset, curator), received(dataset, curator)
    with django_capture_on_commit_callbacks() as later:
        errands.cancel(found, by=curator)
        errands.cancel(other, by=curator)
    assert Event.objects.filter(kind="import.cancelled").count() == 2
    assert len(bucket.names()) == 6  # a rollback would take nothing along

    bucket.answer(NOBODY)
    later[0]()
    assert (fresh(found).state, fresh(found).has_file) == ("cancelled", True)
    bucket.answer()
    later[1]()
    assert {name.partition("/")[0] for name in bucket.names()} == {found.stored_as}

    tasks.forget_transfers()
    assert bucket.names() == []
    assert not any(fresh(one).has_file for one in (found, other))


def test_files_that_a_restore_did_not_bring_back_are_not_offered(
    dataset, client, settings, tmp_path
):
    curator = signed_in(client, dataset, "curator")
    chosen, waiting = received(dataset, curator), started(dataset, curator)
    made = [ask(dataset, curator) for ask in (an_extract, an_archive)]
    for found, run in made:
        run(found.pk)
    (extract, _run), (archive, _run) = made
    assert errands.forget_lost() == 0
    settings.VERSIONS_DIR = tmp_path / "restored"
    settings.VERSIONS_DIR.mkdir()

    assert errands.forget_lost() == 4

    assert [fresh(one).state for one in (chosen, waiting)] == ["failed", "failed"]
    pages = [url("import", dataset.slug, one.pk) for one in (chosen, waiting)]
    pages += [url("extract", dataset.slug, extract.pk), url("archives", dataset.slug)]
    for page in pages:
        text = client.get(page).text
        assert "was restored from a backup, and this file is in none" in text
        assert "Download</a>" not in text
    file = url("extract-file", dataset.slug, extract.pk)
    assert client.get(file).status_code == 404
    assert errands.forget_lost() == 0


def test_files_that_a_bucket_still_has_after_a_restore_stay(dataset, curator, bucket):
    waiting, (extract, write) = started(dataset, curator), an_extract(dataset, curator)
    write(extract.pk)

    assert errands.forget_lost() == 0

    extract.refresh_from_db()
    assert (fresh(waiting).state, extract.has_file) == ("waiting", True)


def test_folders_that_go_while_others_are_cleared_up_stop_nothing(settings, monkeypatch):
    old = [settings.TRANSFERS_DIR / str(uuid4()) for _ in range(3)]
    for folder in old:
        folder.mkdir(parents=True)
        os.utime(folder, (0, 0))
    listed = errands._folders

    def listed_before(gone=old[1]):
        found = list(listed())
        gone.rmdir()
        return found

    monkeypatch.setattr(errands, "_folders", listed_before)
    tasks.forget_transfers()

    assert list(settings.TRANSFERS_DIR.iterdir()) == []


def test_a_worker_shares_its_folder_with_nobody(dataset, curator, settings, monkeypatch):
    """Not with the one before it, which ends late, nor with others of this machine."""
    found, own = started(dataset, curator), settings.TRANSFERS_DIR
    unfold, seen = unfolded.unfold, []

    def look(*told):
        seen.extend((path.name, path.stat().st_mode & 0o777) for path in own.iterdir())
        return unfold(*told)

    monkeypatch.setattr(unfolded, "unfold", look)
    importing.run(found.pk)

    assert seen == [(f"{found.uid}-1", 0o700)]
    assert list(own.iterdir()) == []


def test_what_workers_left_of_each_attempt_goes_with_the_file(dataset, curator, settings):
    found, other = received(dataset, curator), received(dataset, curator)
    for name in (f"{found.uid}", f"{found.uid}-1", f"{found.uid}-2", f"{other.uid}-1"):
        (settings.TRANSFERS_DIR / name).mkdir(parents=True)

    fresh(found).destroy_files()

    assert [path.name for path in settings.TRANSFERS_DIR.iterdir()] == [f"{other.uid}-1"]

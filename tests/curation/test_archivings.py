"""Archives made by a worker: asked for, watched, called off, fetched, destroyed."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
from django.conf import settings as here
from django.db import connection
from django.utils.timezone import now

from curation import stores, tasks
from curation.actions import (
    archives,
    erasure,
    errands,
    packing,
    unpacking,
    versions,
    writing,
)  # fmt: skip
from curation.errors import CurationError, NotAllowed
from curation.models import Archiving, Dataset, Event
from tests.curation.pages import frozen, signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path, monkeypatch):
    settings.VERSIONS_DIR = tmp_path / "versions"
    # The pulse has a connection of its own, which sees no row of the test's transaction.
    monkeypatch.setattr(writing, "BEAT_SECONDS", 600)
    return settings.VERSIONS_DIR


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


def ask(dataset, curator, **fields):
    return archives.ask(dataset_id=dataset.pk, by=curator, has_names=True, **fields)


def made(dataset, curator):
    asked = ask(dataset, curator)
    archives.run(asked.pk)
    asked.refresh_from_db()
    assert asked.has_file
    return asked


def read(archiving):
    with writing.open_file(archiving) as file:
        return file.read()


def folders():
    return [path.name for path in Path(here.VERSIONS_DIR).glob("*archive-*")]


def test_a_worker_makes_it_and_the_row_says_what_it_is(dataset, curator):
    frozen(dataset)

    asked = made(dataset, curator)

    content = read(asked)
    assert (asked.size, asked.digest) == (len(content), hashlib.sha256(content).hexdigest())
    assert asked.seen == asked.of > 10
    with pytest.raises(CurationError, match="here already"):
        unpacking.unpack(file=io.BytesIO(content), by=ContributorFactory(is_staff=True))
    events = Event.objects.filter(dataset=dataset).order_by("pk")
    kinds = list(events.values_list("kind", flat=True))
    assert kinds[-2:] == ["archiving.asked", "dataset.archived"]
    assert not list(Path(here.VERSIONS_DIR).glob(".writing-*"))


def test_in_a_bucket_it_is_the_same(dataset, curator, bucket):
    asked = made(dataset, curator)

    assert hashlib.sha256(read(asked)).hexdigest() == asked.digest
    archives.destroy(archiving_id=asked.pk, by=curator)
    with pytest.raises(CurationError, match="damaged or gone"):
        writing.open_file(asked)


def test_one_at_a_time_and_by_curators_only(dataset, curator):
    asked = ask(dataset, curator)

    with pytest.raises(CurationError, match="is being made"):
        ask(dataset, curator)
    writer = ContributorFactory(member=dataset)
    for refused in (
        lambda: ask(dataset, writer),
        lambda: errands.cancel(asked, by=writer),
        lambda: archives.destroy(archiving_id=asked.pk, by=writer),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_a_refusal_is_said_on_the_row_and_no_file_is_left(dataset, curator, monkeypatch):
    asked = ask(dataset, curator)

    def refuse(**options):
        options["out"].write(b"half")
        raise CurationError("Not now.")

    monkeypatch.setattr(packing, "pack", refuse)
    archives.run(asked.pk)

    asked.refresh_from_db()
    assert (asked.state, asked.why, asked.digest) == ("failed", "Not now.", "")
    assert not folders()
    assert not list(Path(here.VERSIONS_DIR).glob(".writing-*"))


def test_who_was_taken_for_dead_keeps_no_file(dataset, curator, monkeypatch):
    asked = ask(dataset, curator)
    pack = packing.pack

    def slowly(**options):
        Archiving.objects.update(attempt=2)  # another worker has it now
        return pack(**options)

    monkeypatch.setattr(packing, "pack", slowly)
    archives.run(asked.pk)

    asked.refresh_from_db()
    assert (asked.state, asked.attempt) == ("running", 2)
    assert not folders()


def test_called_off_it_stops_and_no_file_is_left(dataset, curator, monkeypatch):
    asked = ask(dataset, curator)
    pack = packing.pack

    def call_off_meanwhile(**options):
        errands.cancel(asked, by=curator)
        return pack(**options)

    monkeypatch.setattr(packing, "pack", call_off_meanwhile)
    archives.run(asked.pk)

    asked.refresh_from_db()
    assert asked.state == "cancelled"
    assert not folders()
    errands.cancel(asked, by=curator)
    monkeypatch.setattr(packing, "pack", pack)
    with pytest.raises(CurationError, match="ended already"):
        errands.cancel(made(dataset, curator), by=curator)


@pytest.mark.django_db(transaction=True)
def test_its_progress_is_seen_while_it_is_read_and_calling_off_stops_it(monkeypatch):
    dataset = DatasetFactory()
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    MessageFactory(conversation__dataset=dataset)
    asked = ask(dataset, curator)
    monkeypatch.setattr(writing, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(packing, "ROWS_AT_ONCE", 1)
    tell = writing.Pulse.tell

    def elsewhere(work):
        """By another connection: the one here is in the transaction that reads."""
        with ThreadPoolExecutor(1) as other:
            found = other.submit(work).result()
            other.submit(lambda: connection.close()).result()
        return found

    def wait_for_others(pulse, rows, of):
        if not pulse.seen:
            pulse.seen, pulse.of = rows, of
            deadline = monotonic() + 10
            while elsewhere(Archiving.objects.get).seen != rows and monotonic() < deadline:
                pulse._over.wait(0.01)
            seen.append(elsewhere(Archiving.objects.get).seen)
            elsewhere(lambda: errands.cancel(asked, by=curator))
            while not pulse._is_lost and monotonic() < deadline:
                pulse._over.wait(0.01)
        tell(pulse, rows, of)

    seen = []
    monkeypatch.setattr(writing.Pulse, "tell", wait_for_others)
    archives.run(asked.pk)

    asked.refresh_from_db()
    assert (asked.state, seen) == ("cancelled", [1])
    assert not folders()


def test_what_a_lost_worker_left_is_made_by_the_next_three_times_at_most(dataset, curator):
    asked = ask(dataset, curator)
    silent = now() - timedelta(minutes=5)
    Archiving.objects.update(state="running", attempt=1, beat_at=silent)

    assert errands.take_back_silent(Archiving) == [asked.pk]

    Archiving.objects.update(state="running", attempt=3, beat_at=silent)
    assert errands.take_back_silent(Archiving) == []
    asked.refresh_from_db()
    assert (asked.state, asked.ended_at is not None) == ("failed", True)


def test_the_file_goes_after_a_week(dataset, curator, monkeypatch):
    old, new = made(dataset, curator), made(dataset, curator)
    waiting = ask(dataset, curator)
    Archiving.objects.filter(pk=old.pk).update(ended_at=now() - Archiving.KEPT)
    rung = []
    monkeypatch.setattr(tasks.make_archive, "delay", lambda **ids: rung.append(ids))

    tasks.restart_silent_transfers()
    tasks.forget_transfers()

    old.refresh_from_db()
    assert (old.has_file, folders()) == (False, [new.stored_as])
    assert rung == [{"archiving_id": waiting.pk}]


def test_who_is_erased_is_in_no_archive_that_has_file(dataset, curator):
    asked = made(dataset, curator)
    writer = ContributorFactory(member=dataset)

    erasure.erase(person_id=writer.pk, by=ContributorFactory(is_staff=True))

    asked.refresh_from_db()
    assert (asked.has_file, folders()) == (False, [])


def test_who_is_erased_is_in_no_archive_that_is_being_made(dataset, curator, monkeypatch):
    asked, writer = ask(dataset, curator), ContributorFactory(member=dataset)
    admin, keep = ContributorFactory(is_staff=True), stores.Disk.keep

    def keep_late(*told):
        erasure.erase(person_id=writer.pk, by=admin)
        keep(*told)

    monkeypatch.setattr(stores.Disk, "keep", keep_late)
    archives.run(asked.pk)

    asked.refresh_from_db()
    assert (asked.state, folders()) == ("failed", [])
    assert "was erased meanwhile" in asked.why


def test_what_killed_workers_left_in_the_store_goes(dataset, curator, settings):
    """They were killed after the file was kept, and before the row said so."""
    asked = ask(dataset, curator)
    Archiving.objects.update(state="running", attempt=3, beat_at=now())
    for attempt in (1, 2, 3):
        (settings.VERSIONS_DIR / f"archive-{asked.uid.hex}-{attempt}").mkdir(parents=True)

    erasure.erase(
        person_id=ContributorFactory(member=dataset).pk,
        by=ContributorFactory(is_staff=True),
    )
    assert folders() == []

    (settings.VERSIONS_DIR / f"archive-{asked.uid.hex}-2").mkdir()
    errands.forget_old()
    assert folders() == []


def test_one_that_cannot_be_destroyed_keeps_no_other(dataset, curator, monkeypatch):
    old, other = made(dataset, curator), made(dataset, curator)
    Archiving.objects.update(ended_at=now() - Archiving.KEPT)
    destroy = stores.destroy

    def fail_once(name):
        if name == old.stored_as:
            raise OSError("the bucket is away")
        destroy(name)

    monkeypatch.setattr(stores, "destroy", fail_once)
    errands.forget_old()
    old.refresh_from_db()
    other.refresh_from_db()
    assert (old.has_file, other.has_file) == (True, False)

    monkeypatch.setattr(stores, "destroy", destroy)
    errands.forget_old()
    assert folders() == []


def test_versions_that_are_no_archives_keep_their_files(dataset, curator):
    version = frozen(dataset)
    asked = made(dataset, curator)

    archives.destroy(archiving_id=asked.pk, by=curator)

    assert (Path(here.VERSIONS_DIR) / version.digest).is_dir()
    assert versions.verify(version) == []


# ---- pages -----------------------------------------------------------------------------
def test_a_curator_asks_fetches_and_destroys_in_the_browser(
    client, dataset, monkeypatch, django_capture_on_commit_callbacks
):
    person = signed_in(client, dataset, "curator")
    page = url("archives", dataset.slug)
    rung = []
    monkeypatch.setattr(tasks.make_archive, "delay", lambda **ids: rung.append(ids))
    assert page in client.get(url("dataset", dataset.slug)).content.decode()
    assert b"None yet" in client.get(page).content
    assert client.post(page, {"people": "x"}).status_code == 422

    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(page, {"people": "numbers"}).status_code == 302
    [asked] = Archiving.objects.all()
    assert rung == [{"archiving_id": asked.pk}]
    assert (asked.has_names, asked.asked_by) == (False, person)
    shown = client.get(page).content.decode()
    assert "is being made" in shown
    assert 'data-live="2"' in shown
    assert "Make an archive" not in shown
    assert client.post(page, {"people": "named"}).status_code == 409

    file = url("archive", dataset.slug, asked.pk)
    assert client.get(file).status_code == 404
    archives.run(asked.pk)
    asked.refresh_from_db()
    shown = client.get(page).content.decode()
    assert asked.digest in shown
    assert "Make an archive" in shown.partition('id="archives"')[2]  # without a new page
    sent = client.get(file)
    content = b"".join(sent.streaming_content)
    assert hashlib.sha256(content).hexdigest() == asked.digest
    assert sent["Content-Disposition"].startswith(f'attachment; filename="{dataset.slug}-')
    assert client.post(url("archive-cancel", dataset.slug, asked.pk)).status_code == 302

    (Path(here.VERSIONS_DIR) / asked.stored_as / asked.FILE).write_bytes(b"else")
    spoiled = client.get(file)
    assert (spoiled.status_code, b"damaged or gone" in spoiled.content) == (409, True)
    client.post(url("archive-destroy", dataset.slug, asked.pk))
    assert client.get(file).status_code == 404
    assert b"File destroyed on" in client.get(page).content


@pytest.mark.parametrize("role", ["writer", "reviewer", None])
def test_for_others_there_are_no_archives(client, dataset, curator, role):
    asked = made(dataset, curator)
    other = Dataset.objects.create(slug="other", title="Other", shape="pairs")
    signed_in(client, dataset if role else None, *([role] if role else []))

    assert client.get(url("archives", dataset.slug)).status_code == 404
    assert client.get(url("archive", dataset.slug, asked.pk)).status_code == 404
    for verb in ("archive-cancel", "archive-destroy"):
        assert client.post(url(verb, dataset.slug, asked.pk)).status_code == 404
    client.force_login(ContributorFactory(is_staff=True))
    assert client.get(url("archive", other.slug, asked.pk)).status_code == 404

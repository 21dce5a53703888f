"""Files that a worker takes in: watched, called off, lost and gone on with, never twice."""

from __future__ import annotations

import os
from datetime import timedelta
from itertools import count as count_from
from threading import Event as Signal

import pytest
from django.db import connection
from django.utils.timezone import now

from curation import tasks, unfolded
from curation.actions import errands, importing, imports
from curation.ahead import ReadAhead
from curation.errors import CurationError, NotAllowed, Unavailable
from curation.models import Conversation, Event, Import, Message, Refusal
from tests.buckets import NOBODY
from tests.curation.uploads import fresh, lines, received, started
from tests.factories import ContributorFactory, DatasetFactory
from tests.races import together

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process")]


@pytest.fixture(autouse=True)
def place(settings, tmp_path):
    settings.VERSIONS_DIR, settings.TRANSFERS_DIR = tmp_path / "kept", tmp_path / "own"
    settings.VERSIONS_DIR.mkdir()
    return settings.VERSIONS_DIR


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


def test_a_worker_takes_what_fits_and_names_the_rest(dataset, curator, place, settings):
    found = started(dataset, curator)

    importing.run(found.pk)

    found = fresh(found)
    assert (found.state, found.seen, found.of) == ("done", 6, 6)
    assert (found.conversations, found.messages, found.refused) == (4, 8, 2)
    assert [(one.line, one.said) for one in found.refusals.order_by("pk")] == [
        (3, "“response” is empty."), (6, "“response” is empty."),
    ]  # fmt: skip
    assert set(Message.objects.values_list("origin", "author")) == {("import", None)}
    kinds = ["import.asked", "import.finished"]
    assert (
        list(Event.objects.filter(kind__in=kinds).values_list("kind", flat=True)) == kinds
    )
    [kept] = place.iterdir()
    assert {path.name for path in kept.iterdir()} == {
        "file",
        "first.jsonl",
        "manifest.json",
    }
    assert list(settings.TRANSFERS_DIR.iterdir()) == []


def test_columns_by_other_names_and_texts_for_review(dataset, curator):
    content = b"Frage;Antwort;instruction\nWarum?;Darum.;no\n"
    mapping = {"instruction": "Frage", "response": "Antwort", "unknown": "x"}
    found = started(
        dataset, curator, content, "a.csv", mapping=mapping, as_state="submitted"
    )

    importing.run(found.pk)

    texts = Message.objects.order_by("pk").values_list("text", "state")
    assert list(texts) == [("Warum?", "submitted"), ("Darum.", "submitted")]
    assert "unknown" not in fresh(found).mapping


def test_the_same_file_again_adds_nothing(dataset, curator):
    for _time in range(2):
        found = started(dataset, curator)
        importing.run(found.pk)

    found = fresh(found)
    assert (found.conversations, found.unchanged, found.state) == (0, 4, "done")
    assert Conversation.objects.count() == 4


def test_by_curators_only_and_one_at_a_time(dataset, curator, place):
    with pytest.raises(NotAllowed):
        received(dataset, ContributorFactory(member=dataset))
    assert not list(place.iterdir())
    started(dataset, curator)
    with pytest.raises(CurationError, match="Another file is being imported"):
        started(dataset, curator)
    other = DatasetFactory()
    found = started(other, ContributorFactory(is_staff=True))
    assert found.state == "waiting"
    with pytest.raises(CurationError, match="started already"):
        importing.start(
            import_id=found.pk, by=found.asked_by, format="dolly", mapping={},
            as_state="accepted",
        )  # fmt: skip


@pytest.mark.parametrize(
    "content, problem",
    [(b"", "no rows"), (b"PK\x03\x04", "archive"), (b"\n\n", "no rows"),
     (b"no\nno\n" + b"[" * 90, "no rows")],
)  # fmt: skip
def test_a_file_without_rows_is_not_kept(dataset, curator, place, content, problem):
    with pytest.raises(CurationError, match=problem):
        received(dataset, curator, content)

    assert not list(place.iterdir())
    assert not Import.objects.exists()


def test_between_servers_a_file_goes_by_the_bucket(dataset, curator, bucket, settings):
    found = started(dataset, curator)
    kept = [f"{found.stored_as}/{n}" for n in ("file", "first.jsonl", "manifest.json")]
    assert bucket.names() == kept
    settings.VERSIONS_DIR /= "of-another-server"

    importing.run(found.pk)

    assert (fresh(found).state, Message.objects.count()) == ("done", 8)
    assert list(settings.TRANSFERS_DIR.rglob("*")) == []
    Import.objects.update(ended_at=now() - timedelta(days=settings.TRANSFER_DAYS))
    tasks.forget_transfers()
    assert bucket.names() == []


def test_what_came_otherwise_or_not_at_all_is_not_taken(dataset, curator, bucket):
    found = started(dataset, curator)
    bucket.write(f"{found.stored_as}/file", b"".join(x.encode() for x in lines(7)))
    importing.run(found.pk)
    assert (fresh(found).state, Message.objects.count()) == ("failed", 0)
    assert "damaged or gone" in fresh(found).why

    bucket.answer(NOBODY)
    with pytest.raises(Unavailable):
        received(dataset, curator)
    assert [one.state for one in Import.objects.order_by("pk")] == ["failed", "failed"]


def test_a_file_that_is_too_large_is_not_kept(dataset, curator, place, settings):
    settings.IMPORT_MEGABYTES = 1

    with pytest.raises(CurationError, match="larger than 1 MB"):
        importing.receive(
            dataset=dataset, by=curator, name="a", content=iter([b"x" * 600_000] * 2)
        )
    assert not list(place.iterdir())


def test_a_name_is_no_path(dataset, curator, place):
    found = received(dataset, curator, name="../../etc/\x00pass<wd>.csv" + "x" * 200)

    assert [path.name for path in place.iterdir()] == [found.stored_as]
    assert "/" not in found.file_name
    assert len(found.file_name) <= 120


def test_what_turns_out_too_large_is_refused_before_any_of_it_is_taken(
    dataset, curator, settings
):
    settings.IMPORT_ROWS = 300
    found = started(dataset, curator, "".join(lines(400)).encode())

    importing.run(found.pk)

    found = fresh(found)
    assert (found.state, found.conversations) == ("failed", 0)
    assert found.why == "It has more rows than an import may hold."
    assert not Message.objects.exists()


def test_who_lost_the_role_meanwhile_imports_nothing(dataset, curator):
    found = started(dataset, curator)
    curator.memberships.all().delete()

    importing.run(found.pk)

    assert (fresh(found).state, Message.objects.count()) == ("failed", 0)


def test_the_first_rows_are_read_before_all_are_unfolded(dataset, curator, monkeypatch):
    found, unfold, read = started(dataset, curator), unfolded.unfold, Signal()

    def looked_at(lines, refuse):
        for row in rows(lines, refuse):
            read.set()
            yield row

    def slowly(file, place, *told):
        seen = unfold(file, place, *told)
        assert read.wait(30), "Nobody reads what is there already."
        assert not Message.objects.exists()
        return seen

    rows = unfolded.read
    monkeypatch.setattr(unfolded, "read", looked_at)
    monkeypatch.setattr(unfolded, "unfold", slowly)

    importing.run(found.pk)

    assert (fresh(found).state, Message.objects.count()) == ("done", 8)


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(imports, "LINES_AT_ONCE", 2)


def before(monkeypatch, count, do):
    """Do something before the batch of this number is taken."""
    take, batches = ReadAhead.next, count_from(1)

    def watched(coming):
        if next(batches) == count:
            do()
        return take(coming)

    monkeypatch.setattr(ReadAhead, "next", watched)


def test_called_off_it_stops_where_it_is_and_keeps_what_was_taken(
    dataset, curator, monkeypatch, small_batches
):
    found = started(dataset, curator, "".join(lines(12)).encode())
    before(monkeypatch, 2, lambda: errands.cancel(found, by=curator))

    importing.run(found.pk)

    found = fresh(found)
    assert (found.state, found.conversations, found.trees) == ("cancelled", 2, 2)
    assert Conversation.objects.count() == 2
    with pytest.raises(NotAllowed):
        errands.cancel(found, by=ContributorFactory(member=dataset))


def test_another_worker_goes_on_where_one_died_without_doubles(
    dataset, curator, monkeypatch, small_batches
):
    found = started(dataset, curator, "".join(lines(12)).encode())

    class Killed(BaseException):
        pass

    note = importing._Track.note

    def die_in_the_third(track, **fields):
        if track.trees == 4:
            raise Killed  # all of the batch is written, and not committed
        note(track, **fields)

    monkeypatch.setattr(importing._Track, "note", die_in_the_third)
    with pytest.raises(Killed):
        importing.run(found.pk)
    monkeypatch.setattr(importing._Track, "note", note)
    there = fresh(found)
    assert (there.state, there.trees, there.conversations) == ("running", 4, 4)
    assert there.refusals.count() == there.refused == there.misread == 1
    Import.objects.update(beat_at=now() - timedelta(minutes=5))
    assert errands.take_back_silent(Import) == [found.pk]

    importing.run(found.pk)

    there = fresh(found)
    assert (there.state, there.attempt, there.of) == ("done", 2, 12)
    assert (there.conversations, there.unchanged, there.refused) == (8, 0, 4)
    assert list(there.refusals.order_by("pk").values_list("line", flat=True)) == [
        3,
        6,
        9,
        12,
    ]
    assert Conversation.objects.count() == 8


def test_a_worker_that_was_taken_for_dead_writes_nothing(
    dataset, curator, monkeypatch, small_batches
):
    found = started(dataset, curator, "".join(lines(12)).encode())
    before(monkeypatch, 2, lambda: Import.objects.update(attempt=7))

    importing.run(found.pk)

    assert (fresh(found).attempt, fresh(found).trees) == (7, 2)
    assert Conversation.objects.count() == 2


def test_three_lost_workers_are_enough(dataset, curator):
    found = started(dataset, curator)
    silent = now() - timedelta(minutes=5)
    Import.objects.update(state="running", attempt=3, beat_at=silent)

    assert errands.take_back_silent(Import) == []
    assert (fresh(found).state, fresh(found).ended_at is not None) == ("failed", True)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_take_a_file_once():
    dataset = DatasetFactory()
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    found = started(dataset, curator)

    together(*[lambda: importing.run(found.pk)] * 3)

    found = fresh(found)
    assert (found.state, found.attempt, found.conversations) == ("done", 1, 4)
    assert Conversation.objects.count() == 4
    connection.close()


def test_reading_alone_gives_signs_of_life(dataset, curator, monkeypatch):
    found = started(dataset, curator, b'{"response": "x"}\n' * 50)
    monkeypatch.setattr(importing, "SECONDS", 0.01)
    was_told, read, write = Signal(), unfolded.read, errands.write

    def read_slowly(*args):
        for number, row in enumerate(read(*args)):
            assert number != 25 or was_told.wait(30)
            yield row

    def listen(errand, **fields):
        write(errand, **fields)
        if fields.keys() == {"seen"}:
            was_told.set()

    monkeypatch.setattr(unfolded, "read", read_slowly)
    monkeypatch.setattr(errands, "write", listen)
    importing.run(found.pk)

    assert was_told.is_set()
    assert fresh(found).refused == 50


def test_only_so_many_refusals_are_kept(dataset, curator, monkeypatch):
    monkeypatch.setattr(importing, "REFUSALS_KEPT", 3)
    found = started(dataset, curator, b'{"instruction": "x"}\n' * 9)

    importing.run(found.pk)

    assert (fresh(found).refused, Refusal.objects.count()) == (9, 3)


def test_files_go_after_a_week_and_what_nobody_started_too(
    dataset, curator, settings, place
):
    done, idle, active = (
        started(dataset, curator), received(dataset, curator), received(dataset, curator),
    )  # fmt: skip
    importing.run(done.pk)
    before = now() - timedelta(days=settings.TRANSFER_DAYS, hours=1)
    Import.objects.filter(pk=done.pk).update(ended_at=before)
    Import.objects.filter(pk__in=[idle.pk, active.pk]).update(asked_at=before)
    Import.objects.filter(pk=active.pk).update(state="waiting")
    left, busy = done.folder, active.folder  # by a killed worker, and by one at work
    others = settings.TRANSFERS_DIR / "lost+found"
    for folder in (left, busy, others):
        folder.mkdir(parents=True)
        os.utime(folder, (0, 0))

    tasks.forget_transfers()

    assert [one.exists() for one in (left, busy, others)] == [False, True, True]
    assert [fresh(one).has_file for one in (done, idle, active)] == [False, False, True]
    assert [path.name for path in place.iterdir()] == [active.stored_as]
    assert [fresh(one).state for one in (done, idle)] == ["done", "cancelled"]
    assert not done.refusals.exists()


def test_a_lost_bell_is_rung_again(dataset, curator, monkeypatch):
    found = started(dataset, curator)
    rung = []
    monkeypatch.setattr(tasks.take_import, "delay", lambda **ids: rung.append(ids))

    tasks.restart_silent_transfers()

    assert rung == [{"import_id": found.pk}]

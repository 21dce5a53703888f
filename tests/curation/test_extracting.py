"""A record or a version as a file of others: looked at, written, fetched in parts."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import timedelta

import pytest
from django.utils.timezone import now

from curation import tasks
from curation.actions import (
    erasure,
    errands,
    extracting,
    messages,
    versions,
    withdrawals,
    writing,
)  # fmt: skip
from curation.actions.extracting import Wanted
from curation.errors import CurationError, NotAllowed
from curation.formats import written as formats
from curation.models import Event, Extract
from tests.buckets import NOBODY
from tests.curation.pages import signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db
FORMULA = '=HYPERLINK("http://x")\n\'=1'


@pytest.fixture(autouse=True)
def place(settings, tmp_path, monkeypatch):
    settings.VERSIONS_DIR = tmp_path
    # The pulse has a connection of its own, which sees no row of the test's transaction.
    monkeypatch.setattr(writing, "BEAT_SECONDS", 600)
    return tmp_path


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


def answered(dataset, text="Blue.", **fields):
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset, text="Which?")
    return ReplyFactory(parent=prompt, text=text, **({"accepted": True} | fields))


def asked(dataset, by, format="dolly", kind="jsonl", **fields):
    return extracting.ask(dataset=dataset, by=by, wanted=Wanted(format, kind, **fields))


def written(dataset, by, **fields):
    found = asked(dataset, by, **fields)
    extracting.run(found.pk)
    found.refresh_from_db()
    assert found.state == "done", found.why
    with writing.open_file(found) as file:
        return found, file.read()


def test_a_file_holds_what_the_record_does(dataset, curator, place):
    answered(dataset, FORMULA)
    answered(dataset, "No.", accepted=False)

    found, content = written(dataset, curator)

    [row] = [json.loads(line) for line in content.splitlines()]
    assert row["response"] == FORMULA
    assert (found.rows, found.seen, found.of, found.size) == (1, 2, 2, len(content))
    assert found.digest == hashlib.sha256(content).hexdigest()
    assert [path.name for path in place.iterdir()] == [found.stored_as]
    [line] = Event.objects.filter(kind="data.exported")
    assert line.data["extract"] == found.pk
    _found, undecided = written(dataset, curator, is_undecided=True)
    assert len(undecided.splitlines()) == 2


def test_no_cell_of_a_spreadsheet_is_a_formula(dataset, curator):
    answered(dataset, FORMULA)

    _found, content = written(dataset, curator, kind="csv")

    names, cells = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert cells[names.index("response")] == f"'{FORMULA}"


def test_a_version_has_what_was_frozen_but_not_what_was_taken_back(dataset, curator):
    kept, taken_back = answered(dataset), answered(dataset, "Red.")
    version = versions.freeze(dataset_id=dataset.pk, by=curator)
    answered(dataset, "Too late.")
    another = ReplyFactory(parent=kept.parent, text="Also blue.")
    reviewer = ContributorFactory(member=dataset)
    messages.review(message_id=another.pk, by=reviewer, verdict="accept")
    withdrawals.take_back(message_id=taken_back.pk, by=taken_back.author)

    found, content = written(dataset, curator, version=version)

    assert [json.loads(line)["response"] for line in content.splitlines()] == ["Blue."]
    assert found.of == 2
    other = versions.freeze(dataset_id=dataset.pk, by=curator)
    assert other.pk != version.pk
    with pytest.raises(CurationError, match="another dataset"):
        asked(DatasetFactory(), ContributorFactory(is_staff=True), version=version)


def test_names_are_drawn_anew_unless_they_are_wanted(dataset, curator):
    answered(dataset)

    rows = [
        written(dataset, curator, format="oasst_messages", is_renamed=is_renamed)[1]
        for is_renamed in (True, True, False, False)
    ]

    assert rows[0] != rows[1]
    assert rows[2] == rows[3]


def test_by_curators_only_and_into_files_that_there_are(dataset, curator):
    with pytest.raises(NotAllowed):
        asked(dataset, ContributorFactory(member=dataset))
    for format, kind in (("responses", "jsonl"), ("oasst", "csv"), ("no", "jsonl")):
        with pytest.raises(CurationError, match="not written into"):
            asked(dataset, curator, format=format, kind=kind)
    assert not Extract.objects.exists()


def test_called_off_or_taken_for_dead_it_leaves_no_file(
    dataset, curator, place, monkeypatch
):
    answered(dataset)
    write = formats.write
    for end in (
        lambda found: errands.cancel(found, by=curator),
        lambda found: Extract.objects.filter(pk=found.pk).update(attempt=7),
    ):
        found = asked(dataset, curator)

        def write_and_end(*told, end=end, found=found):
            write(*told)
            end(found)

        monkeypatch.setattr(formats, "write", write_and_end)
        extracting.run(found.pk)
        found.refresh_from_db()
        assert found.state in ("cancelled", "running")
        assert list(place.iterdir()) == []


def test_in_a_bucket_it_is_the_same_and_goes_after_its_days(
    client, dataset, curator, bucket, settings
):
    answered(dataset, "Blue.")
    found, content = written(dataset, curator)
    signed_in(client, dataset, "curator")
    file = url("extract-file", dataset.slug, found.pk)

    assert bucket.names() == [
        f"{found.stored_as}/{name}" for name in ("file", "manifest.json")
    ]
    rest = client.get(file, headers={"Range": "bytes=5-"})
    assert (rest.status_code, b"".join(rest.streaming_content)) == (206, content[5:])
    assert list(settings.VERSIONS_DIR.iterdir()) == []

    bucket.answer(NOBODY)
    away = client.get(file)
    assert (away.status_code, "does not answer" in away.text) == (503, True)
    known = client.get(file, headers={"If-None-Match": f'"{found.digest}"'})
    beyond = client.get(file, headers={"Range": f"bytes={len(content)}-"})
    assert [one.status_code for one in (known, beyond)] == [304, 416]  # by the row alone
    asked_for = client.head(file)
    assert asked_for["Content-Length"] == str(len(content))

    bucket.answer()
    bucket.write(f"{found.stored_as}/file", content[:-1])
    spoiled = client.get(file)
    assert (spoiled.status_code, "damaged or gone" in spoiled.text) == (409, True)
    Extract.objects.update(ended_at=now() - timedelta(days=settings.TRANSFER_DAYS))
    tasks.forget_transfers()
    assert bucket.names() == []


def test_a_lost_worker_is_followed_by_another(dataset, curator, monkeypatch):
    answered(dataset)
    found = asked(dataset, curator)
    silent = now() - timedelta(minutes=5)
    Extract.objects.update(state="running", attempt=1, beat_at=silent)
    rung = []
    monkeypatch.setattr(tasks.write_extract, "delay", lambda **ids: rung.append(ids))

    tasks.restart_silent_transfers()

    assert rung == [{"extract_id": found.pk}]
    tasks.write_extract(found.pk)
    found.refresh_from_db()
    assert (found.state, found.attempt, found.rows) == ("done", 2, 1)


# ---- pages -----------------------------------------------------------------------------
SENT = {"version": "record", "format": "dolly", "kind": "jsonl", "pairs": "all"}


def test_from_the_choice_to_a_download_that_goes_on(
    client, dataset, monkeypatch, django_capture_on_commit_callbacks
):
    signed_in(client, dataset, "curator")
    answered(dataset, "Blue, <b>and</b> more of it.")
    versions.freeze(dataset_id=dataset.pk, by=ContributorFactory(is_staff=True))
    monkeypatch.setattr(tasks.write_extract, "delay", lambda **ids: None)
    place = url("extracts", dataset.slug)
    page = client.get(place).text
    assert "No file was written yet" in page
    assert "Version 1" in page

    page = client.post(place, {**SENT, "look": "1"}).text
    assert "Blue, &lt;b&gt;and&lt;/b&gt; more of it." in page
    assert "Not in it" in page
    assert 'name="pairs"' not in page and 'name="is_undecided"' in page
    compared = {"version": "1", "format": "preference", "kind": "jsonl", "look": "1"}
    page = client.post(place, compared).text  # as a script does: the question is new
    assert 'name="pairs"' in page and 'name="is_undecided"' not in page
    assert not Extract.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(place, {**SENT, "version": "1", "start": "1"})
    found = Extract.objects.get()
    assert answer.url == url("extract", dataset.slug, found.pk)
    assert 'hx-trigger="live" data-live="2"' in client.get(answer.url).text
    file = url("extract-file", dataset.slug, found.pk)
    assert client.get(file).status_code == 404

    tasks.write_extract(found.pk)
    page = client.get(answer.url).text
    assert "The file is there." in page
    assert file in page
    whole = client.get(file, headers={"Accept-Encoding": "gzip"})
    content = b"".join(whole.streaming_content)
    found.refresh_from_db()
    assert hashlib.sha256(content).hexdigest() == found.digest
    assert whole["ETag"] == f'"{found.digest}"'
    assert whole["Content-Length"] == str(len(content)) == str(found.size)
    part = client.get(
        file,
        headers={
            "Range": "bytes=10-",
            "If-Range": whole["ETag"],
            "Accept-Encoding": "gzip",
        },
    )
    assert part.status_code == 206
    assert b"".join(part.streaming_content) == content[10:]
    beyond = client.get(file, headers={"Range": f"bytes={len(content)}-"})
    assert beyond.status_code == 416
    assert "Version 1" in client.get(place).text

    Extract.objects.update(ended_at=now() - timedelta(days=30))
    tasks.forget_transfers()
    assert client.get(file).status_code == 404
    assert "Its file was deleted" in client.get(answer.url).text


@pytest.mark.parametrize(
    "sent, said",
    [({"format": "oasst", "kind": "csv"}, "go into files of these kinds: jsonl, json"),
     ({"format": "no"}, "no is not one of"), ({"version": "7"}, "7 is not one of"),
     ({"format": "preference", "pairs": "\0"}, "")],
)  # fmt: skip
def test_what_cannot_be_written_is_said_on_the_form(client, dataset, sent, said):
    signed_in(client, dataset, "curator")

    answer = client.post(url("extracts", dataset.slug), {**SENT, "start": "1", **sent})

    assert answer.status_code == 422
    assert said in answer.text


def test_who_is_erased_is_in_no_file(client, dataset, curator, place, monkeypatch):
    done, _content = written(dataset, curator)
    waiting, running = asked(dataset, curator), asked(dataset, curator)
    gone, admin = ContributorFactory(member=dataset), ContributorFactory(is_staff=True)
    write = formats.write

    def write_late(*told):
        write(*told)
        erasure.erase(person_id=gone.pk, by=admin)

    monkeypatch.setattr(formats, "write", write_late)
    extracting.run(running.pk)
    extracting.run(waiting.pk)

    for found, state in ((done, "done"), (waiting, "failed"), (running, "failed")):
        found.refresh_from_db()
        assert (found.state, found.has_file) == (state, False)
    assert list(place.iterdir()) == []
    assert "was erased meanwhile" in waiting.why
    signed_in(client, dataset, "curator")
    answer = client.get(url("extract-file", dataset.slug, done.pk))
    assert answer.status_code in (302, 404, 409)


def test_it_can_be_called_off_once(client, dataset, curator):
    signed_in(client, dataset, "curator")
    found = asked(dataset, curator)
    cancel = url("extract-cancel", dataset.slug, found.pk)

    assert "It was called off. There is no file." in client.post(cancel, follow=True).text
    other, _content = written(dataset, curator)
    cancel = url("extract-cancel", dataset.slug, other.pk)
    assert "It has ended already" in client.post(cancel, follow=True).text


def test_others_see_nothing_of_it(client, dataset, curator):
    found, _content = written(dataset, curator)
    places = [
        url("extracts", dataset.slug), url("extract", dataset.slug, found.pk),
        url("extract-file", dataset.slug, found.pk),
    ]  # fmt: skip
    for there, role in ((dataset, "reviewer"), (DatasetFactory(), "curator")):
        signed_in(client, there, role)
        assert [client.get(place).status_code for place in places] == [404] * 3
        assert client.post(places[0], {**SENT, "start": "1"}).status_code == 404
        assert client.post(url("extract-cancel", dataset.slug, found.pk)).status_code == 404
    own = DatasetFactory()
    signed_in(client, own, "curator")
    assert client.get(url("extract-file", own.slug, found.pk)).status_code == 404

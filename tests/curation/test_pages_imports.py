"""Importing in the browser: a file, how to read it, how far it is, what was refused."""

from __future__ import annotations

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from curation import tasks
from curation.actions import importing
from curation.models import Import, Message
from tests.buckets import NOBODY
from tests.curation.pages import signed_in, url
from tests.factories import DatasetFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process")]
PAIRS = [
    {"Frage": f"Warum {n}?", "Antwort": "" if n == 2 else f"Darum {n}."} for n in range(4)
]
MAPPED = {"column-instruction": "Frage", "column-response": "Antwort"}
CHOSEN = {"shown": "dolly", "format": "dolly", "as_state": "accepted", **MAPPED}


@pytest.fixture(autouse=True)
def place(settings, tmp_path):
    settings.VERSIONS_DIR, settings.TRANSFERS_DIR = tmp_path / "kept", tmp_path / "own"


@pytest.fixture
def dataset():
    return DatasetFactory()


def pasted(client, dataset, content=None):
    """Where the page leads that it is sent to."""
    content = json.dumps(PAIRS) if content is None else content
    answer = client.post(url("imports", dataset.slug), {"pasted": content})
    assert answer.status_code == 302, answer.text
    return answer.url


def test_from_a_file_to_the_record(
    client, dataset, monkeypatch, django_capture_on_commit_callbacks
):
    signed_in(client, dataset, "curator")
    monkeypatch.setattr(tasks.take_import, "delay", lambda **ids: None)
    empty = client.get(url("imports", dataset.slug)).text
    assert "No file came yet" in empty
    assert 'enctype="multipart/form-data"' in empty
    table = "Frage;Antwort\n" + "".join(f"{p['Frage']};{p['Antwort']}\n" for p in PAIRS)
    file = SimpleUploadedFile("fragen ü.csv", table.encode("cp1252"))

    place = client.post(url("imports", dataset.slug), {"file": file}).url

    page = client.get(place).text
    assert "read as cp1252" not in page  # all letters of it are ASCII
    assert "fragen ü.csv" in page
    # Nothing is called as any format has it: somebody says which column is what.
    page = client.post(place, {**CHOSEN, "look": "1"}).text
    assert "Warum 0?" in page
    assert "Darum 3." in page
    assert "1 of the first rows would be refused" in page
    assert "“Antwort” is missing" in page  # by the name that its owner knows
    assert not Message.objects.exists()

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(place, {**CHOSEN, "start": "1"})
    assert answer.url == place
    page = client.get(place).text
    assert "It is being imported" in page
    assert 'data-live="2"' in page

    tasks.take_import(Import.objects.get().pk)
    page = client.get(place).text
    assert "It is in the record." in page
    assert 'data-live="2"' not in page
    assert "Rows that were refused" in page
    assert Message.objects.count() == 6
    listed = client.get(url("imports", dataset.slug)).text
    assert "fragen ü.csv" in listed
    for kind, whole in (
        ("csv", "\ufeffline,reason\r\n4,“Antwort” is missing.\r\n"),
        ("jsonl", '{"line": 4, "reason": "“Antwort” is missing."}\n'),
    ):
        pk = Import.objects.get().pk
        told = client.get(url("import-refused", dataset.slug, pk, kind))
        assert b"".join(told.streaming_content).decode() == whole
        assert "attachment" in told["Content-Disposition"]
        assert told["X-Content-Type-Options"] == "nosniff"


def test_names_that_are_known_are_guessed_and_another_format_is_looked_at_first(
    client, dataset
):
    signed_in(client, dataset, "curator")
    place = pasted(client, dataset, '[{"question": "Why?", "answer": "So.", "x": 1}]')

    page = client.get(place).text
    shown = page.partition('name="shown" value="')[2].partition('"')[0]
    assert "Why?" in page
    assert '<option value="question" selected>' in page

    answer = client.post(place, {"shown": shown, "format": "chat", "start": "1"})
    assert answer.status_code == 200
    assert "No row could be taken like this" in answer.text
    assert "disabled" in answer.text.partition('name="start"')[2][:40]
    assert Import.objects.get().state == "choosing"
    wrong = client.post(place, {**CHOSEN, "column-instruction": "nowhere", "start": "1"})
    assert wrong.status_code == 422


def test_columns_that_tell_nothing_are_looked_at_as_pairs(client, dataset):
    signed_in(client, dataset, "curator")
    place = pasted(client, dataset, "Frage;Antwort\nWarum?;Darum.\n")

    page = client.get(place).text

    assert 'name="shown" value="dolly"' in page
    assert "“instruction” is missing" in page

    mapping = {"column-instruction": "Frage", "column-response": "Antwort"}
    answer = client.post(place, {**CHOSEN, **mapping, "start": "1"})
    assert (answer.status_code, Import.objects.get().state) == (302, "waiting")


def test_pairs_are_offered_no_trees_and_say_what_has_no_place(client):
    dataset = DatasetFactory(shape="pairs")
    signed_in(client, dataset, "curator")
    long = [{"role": role, "content": role} for role in ("user", "assistant") * 2]
    place = pasted(client, dataset, json.dumps({"messages": long}) + "\n")

    page = client.get(place).text

    assert 'value="oasst"' not in page
    assert "holds pairs, and this has more than two turns" in page


@pytest.mark.parametrize(
    "sent, said",
    [({}, "Choose a file, or paste something."), ({"pasted": " "}, "Choose a file"),
     ({"pasted": "no"}, "no rows that can be read"), ({"pasted": "[{"}, "cut off"),
     ({"pasted": "a\0b\n\0"}, "")],
)  # fmt: skip
def test_what_is_no_file_is_said_on_the_form(client, dataset, sent, said):
    signed_in(client, dataset, "curator")

    answer = client.post(url("imports", dataset.slug), sent)

    assert answer.status_code == 422
    assert said in answer.text
    assert not Import.objects.exists()


def test_what_is_too_large_is_not_even_read(client, dataset, settings):
    signed_in(client, dataset, "curator")
    settings.IMPORT_MEGABYTES = 1
    file = SimpleUploadedFile("a.csv", b"x" * 2_100_000)

    answer = client.post(url("imports", dataset.slug), {"file": file})

    assert answer.status_code == 413
    assert "larger than 1 MB" in answer.text


def test_a_forged_form_is_refused_all_the_same(dataset):
    client = Client(enforce_csrf_checks=True)
    signed_in(client, dataset, "curator")

    answer = client.post(url("imports", dataset.slug), {"pasted": '{"a": 1}'})

    assert answer.status_code == 403
    assert not Import.objects.exists()


def test_it_can_be_called_off_before_and_after_it_began(client, dataset):
    signed_in(client, dataset, "curator")
    place = pasted(client, dataset)
    found = Import.objects.get()

    page = client.post(url("import-cancel", dataset.slug, found.pk), follow=True)
    assert "It was called off. Nothing was taken." in page.text
    assert client.post(place, {**CHOSEN, "start": "1"}).status_code == 302
    assert Import.objects.get().state == "cancelled"

    other = Import.objects.get(pk=pasted(client, dataset).rstrip("/").rpartition("/")[2])
    by = other.asked_by
    told = {"format": "dolly", "mapping": {}, "as_state": "accepted"}
    importing.start(import_id=other.pk, by=by, **told)
    again = pasted(client, dataset)
    refused = client.post(again, {**CHOSEN, "start": "1"})
    assert refused.status_code == 409
    assert "Another file is being imported here" in refused.text
    importing.run(other.pk)
    page = client.post(url("import-cancel", dataset.slug, other.pk), follow=True)
    assert "It has ended already" in page.text


def test_others_see_nothing_of_it(client, dataset):
    signed_in(client, dataset, "curator")
    pasted(client, dataset)
    pk = Import.objects.get().pk
    places = [
        url("imports", dataset.slug), url("import", dataset.slug, pk),
        url("import-refused", dataset.slug, pk, "csv"),
    ]  # fmt: skip
    assert client.get(url("import-refused", dataset.slug, pk, "exe")).status_code == 404

    for there, role in ((dataset, "reviewer"), (DatasetFactory(), "curator")):
        signed_in(client, there, role)
        assert [client.get(place).status_code for place in places] == [404] * 3
        assert client.post(places[1], CHOSEN).status_code == 404
        cancel = url("import-cancel", dataset.slug, pk)
        assert client.post(cancel).status_code == 404
    own = DatasetFactory()
    signed_in(client, own, "curator")
    assert client.get(url("import", own.slug, pk)).status_code == 404


def test_a_file_that_is_gone_or_away_is_said(client, dataset, bucket):
    signed_in(client, dataset, "curator")
    place = pasted(client, dataset)
    bucket.answer(NOBODY)
    away = client.get(place)
    assert (away.status_code, "does not answer" in away.text) == (503, True)
    sent = client.post(url("imports", dataset.slug), {"pasted": json.dumps(PAIRS)})
    assert (sent.status_code, "does not answer" in sent.text) == (503, True)

    bucket.answer()
    [found] = Import.objects.filter(state="choosing")
    bucket.delete(f"{found.stored_as}/first.jsonl")
    gone = client.get(place)
    assert (gone.status_code, "damaged or gone" in gone.text) == (409, True)


def test_many_refusals_are_counted_by_their_reasons(client, dataset):
    signed_in(client, dataset, "curator")
    rows = [{"Frage": "", "Antwort": "x"}] * 30 + [{"Frage": "Warum?", "Antwort": ""}] * 2
    place = pasted(client, dataset, json.dumps([*PAIRS[:2], *rows]))
    client.post(place, {**CHOSEN, "start": "1"})
    tasks.take_import(Import.objects.get().pk)

    page = client.get(place).text

    told = re.findall(r'nowrap">(.+?):</strong> <span dir="auto">(.+?)</span>', page)
    assert [count for count, _ in told] == ["30 rows", "2 rows"]
    assert told[0][1] != told[1][1]


def test_one_that_was_called_off_counts_nothing_and_leads_to_the_next(client, dataset):
    signed_in(client, dataset, "curator")
    place = pasted(client, dataset)
    client.post(f"{place}cancel/")

    page = client.get(place).text

    assert "Nothing was taken" in page and "Import another file" in page
    assert 'class="stats"' not in page

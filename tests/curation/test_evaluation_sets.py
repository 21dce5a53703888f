"""Evaluation sets: uploaded by an admin, compared with all texts, and forgotten again."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from curation.actions import evaluation_sets, rechecks
from curation.errors import NotAllowed
from curation.forms import checks as forms
from curation.models import EvaluationSet, Event, Finding, Message
from tests.curation.pages import signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory

pytestmark = pytest.mark.django_db
QUESTION = (
    "A baker sells seven loaves in the morning and twice as many after lunch, how many "
    "loaves does she sell on that day in all?"
)
EIGHT = "Seven loaves in the morning and twice as many is what my uncle eats."
State = Message.State


@pytest.fixture
def admin(client):
    return signed_in(client, is_staff=True)


def upload(client, *lines, name="GSM8K", file="set.jsonl", data=None, **fields):
    data = "\n".join(json.dumps(line) for line in lines).encode() if data is None else data
    sent = {"name": name, "file": SimpleUploadedFile(file, data), **fields}
    return client.post(url("evaluation-sets"), sent)


def check_all():
    rechecks.note_new(is_thorough=True)
    return rechecks.catch_up()


def names():
    return list(Finding.objects.values_list("check_name", flat=True))


def test_what_is_in_a_set_is_held_and_what_is_near_it_gets_a_hint(client, admin):
    inside = MessageFactory(text=f"Please: {QUESTION}")
    near = MessageFactory(text=EIGHT)
    fine = MessageFactory(text="How many loaves does one bake in a day?")
    check_all()
    assert names() == []

    assert upload(client, {"question": QUESTION, "answer": "21"}).status_code == 302
    check_all()

    for message in (inside, near, fine):
        message.refresh_from_db()
    assert (inside.state, near.state, fine.state) == ("held", "submitted", "submitted")
    assert inside.findings.get().check_name == "contamination.block"
    assert near.findings.get().check_name == "contamination.flag"
    assert not fine.findings.exists()


@pytest.mark.parametrize(
    ("treatment", "found", "state"),
    [("off", [], "submitted"), ("hint", ["contamination.block"], "submitted")],
)
def test_a_dataset_may_say_otherwise(client, admin, treatment, found, state):
    dataset = DatasetFactory(policy__checks={"contamination": treatment})
    message = MessageFactory(text=QUESTION, conversation__dataset=dataset)

    upload(client, {"question": QUESTION})
    check_all()

    message.refresh_from_db()
    assert (names(), message.state) == (found, state)


def test_when_a_set_goes_its_findings_go(client, admin):
    message = MessageFactory(text=EIGHT)
    upload(client, {"question": QUESTION})
    check_all()
    assert names() == ["contamination.flag"]
    there = EvaluationSet.objects.get()

    client.post(url("evaluation-set-remove", there.pk))
    check_all()

    assert names() == []
    assert not EvaluationSet.objects.exists()
    message.refresh_from_db()
    assert message.text == EIGHT
    kinds = Event.objects.filter(by=admin).values_list("kind", flat=True)
    assert list(kinds) == ["evaluation_set.added", "evaluation_set.removed"]


def test_a_passage_is_compared_too(client, admin):
    MessageFactory(text="What is meant by this?", context=QUESTION)
    upload(client, {"question": QUESTION})

    check_all()

    assert names() == ["context.contamination.block"]


def test_several_sets_are_compared_at_once(client, admin):
    MessageFactory(text=QUESTION)
    upload(client, {"q": "Nobody knows which of the four birds will come back to us."})
    upload(client, {"q": QUESTION}, name="Another")

    check_all()

    assert names() == ["contamination.block"]


def test_no_word_of_a_set_is_kept(client, admin):
    upload(client, {"question": QUESTION})

    there = EvaluationSet.objects.get()
    assert there.items == 1
    assert b"baker" not in bytes(there.packed)
    assert "baker" not in client.get(url("evaluation-sets")).text


def test_only_the_named_fields_are_read(client, admin):
    line = {"question": "What is it?", "why": QUESTION}

    response = upload(client, line, names="question, missing")
    assert response.status_code == 422
    assert "Line 1 has no field “missing”." in response.text
    assert upload(client, line, names="why").status_code == 302

    MessageFactory(text=QUESTION)
    check_all()
    assert names() == ["contamination.block"]


def test_plain_text_has_an_item_a_line(client, admin):
    upload(client, data=f"{QUESTION}\r\n\r\nAnd what of it then?".encode(), file="set.txt")

    assert EvaluationSet.objects.get().items == 2


@pytest.mark.parametrize(
    ("data", "file", "reason"),
    [
        (b"", "set.jsonl", "empty"),
        (b" \n\n ", "set.txt", "The file is empty."),
        (b'{"a": "b"}\n{"a": ', "set.jsonl", "Line 2 is not JSON."),
        (b"[" * 100_000, "set.jsonl", "Line 1 is not JSON."),
        (b'{"a": 7}', "set.jsonl", "Line 1 has no text in it."),
        (b"fine\n\xff\xfe", "set.txt", "Line 2 is not UTF-8"),
        (b"GIF89\0a", "set.txt", "This is no text file."),
    ],
)
def test_bad_files_are_refused_with_a_reason(client, admin, data, file, reason):
    response = upload(client, data=data, file=file)

    assert response.status_code == 422
    assert reason in response.text
    assert not EvaluationSet.objects.exists()


def test_large_files_are_refused(client, admin, monkeypatch):
    monkeypatch.setattr(forms, "MEGABYTES_AT_MOST", 0)

    response = upload(client, {"question": QUESTION})

    assert response.status_code == 422
    assert "larger than" in response.text


@pytest.mark.parametrize(
    ("line", "name", "reason"),
    [
        ({"q": "Why not?"}, "Short", "fewer than four words"),
        ({"q": QUESTION}, "There", "There is a set with this name already."),
        ({"question": QUESTION}, "Same", "The same items are there already, as"),
    ],
)
def test_what_makes_no_set_is_refused(client, admin, line, name, reason):
    other = {"q": "Nobody knows which of the four birds will come back to us."}
    first = {"q": QUESTION} if name == "Same" else other
    upload(client, first, name="There")

    response = upload(client, line, name=name)

    assert response.status_code == 409
    assert reason in response.text
    assert EvaluationSet.objects.count() == 1


def test_the_sets_are_the_admins(client):
    curator = signed_in(client, DatasetFactory(), "curator")

    assert client.get(url("evaluation-sets")).status_code == 404
    assert upload(client, {"question": QUESTION}).status_code == 404
    assert client.post(url("evaluation-set-remove", 1)).status_code == 404
    with pytest.raises(NotAllowed):
        evaluation_sets.add(name="X", texts=[QUESTION], by=curator)
    with pytest.raises(NotAllowed):
        evaluation_sets.remove(set_id=1, by=ContributorFactory())


def test_removing_twice_is_said_and_no_error(client, admin):
    upload(client, {"question": QUESTION})
    there = EvaluationSet.objects.get()

    for said in ("Removed.", "removed this set already"):
        page = client.post(url("evaluation-set-remove", there.pk), follow=True)
        assert said in page.text

"""Erasure of a person leaves no trace: every column of the database and every file."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from annotate.models import Draft, Submission
from curation import handoff, tasks
from curation.actions import (
    destruction,
    discussion,
    erasure,
    flags,
    lookalikes,
    messages,
    versions,
    withdrawals,
)
from curation.errors import CurationError, NotAllowed
from curation.models import (
    Contributor,
    Decision,
    Erasure,
    Event,
    Message,
    Notification,
    SavedView,
    Suspension,
    Tombstone,
)
from tests.annotate.work import claim, planned, submit
from tests.curation.pages import frozen, signed_in, url
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db
NAME, EMAIL = "Zephyrine Quillfeather", "zephyrine.quillfeather@example.org"
WORD = "xylophagous"  # in everything that they write
TRACES = ("zephyrine", "quillfeather", WORD)

TEXTUAL = """
SELECT c.table_name, c.column_name FROM information_schema.columns AS c
JOIN information_schema.tables AS t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
    AND c.data_type IN (
        'text', 'character varying', 'character', 'json', 'jsonb', 'ARRAY', 'tsvector',
        'USER-DEFINED', 'bytea'
    )
"""


def traces():
    """Every column that holds one of the words, as “table.column: word”."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(TEXTUAL)
        for table, column in cursor.fetchall():
            shown = f'"{column}"::text'
            for word in TRACES:
                cursor.execute(
                    f'SELECT count(*) FROM "{table}" WHERE {shown} ILIKE %s', [f"%{word}%"]
                )
                if cursor.fetchone()[0]:
                    found.append(f"{table}.{column}: {word}")
    for path in Path(settings.VAR_DIR).rglob("*"):
        if not path.is_file() or "postgres" in path.parts:
            continue
        content = path.read_bytes().lower()
        found += [f"{path}: {word}" for word in TRACES if word.encode() in content]
    return found


@pytest.fixture(autouse=True)
def files_of_its_own(settings, tmp_path):
    """Tests beside this one write the same words into theirs."""
    settings.VAR_DIR, settings.VERSIONS_DIR = tmp_path, tmp_path / "versions"


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def person(dataset):
    return ContributorFactory(member=dataset, name=NAME, email=EMAIL)


@pytest.fixture
def admin():
    return ContributorFactory(is_staff=True)


def live(dataset, person):
    """Everything that a person may leave behind: in texts, drafts, talk and judgements."""
    client = Client()
    client.force_login(person)
    other = ContributorFactory(member=dataset)
    version = frozen(dataset, count=2, author=person, text=f"A {WORD} answer.")
    frozen(dataset, count=1, author=other)
    question = planned(MessageFactory(conversation__dataset=dataset, accepted=True))
    submit(client, claim(client, kind="answer"), text=f"My {WORD} reply to it.")
    planned(MessageFactory(conversation__dataset=dataset, accepted=True))
    slot = claim(client, kind="answer")
    Draft.objects.create(person=person, assignment=slot, fields={"text": f"Half {WORD}"})
    first = MessageFactory(
        conversation__dataset=dataset,
        author=person,
        accepted=True,
        text=f"Which {WORD} beetles live in dead wood, and how do they find it?",
        context=f"On {WORD} life.",
    )
    lookalikes.catch_up()
    edited = ReplyFactory(parent=question, author=person, text=f"Some {WORD} draft.")
    messages.review(
        message_id=edited.pk, by=other, verdict="edit", edited_text=f"Good {WORD}."
    )
    messages.review(
        message_id=ReplyFactory(parent=first, author=other).pk,
        by=person,
        verdict="reject",
        reason="unclear",
        note=f"Too {WORD}.",
    )
    discussion.comment(message_id=question.pk, by=person, text=f"So {WORD}.")
    discussion.comment(message_id=question.pk, by=other, text=f"Ask @{NAME} of it.")
    search = {"name": f"All that is {WORD}", "query": f"q={WORD}"}
    SavedView.objects.create(dataset=dataset, owner=person, **search)
    why = f"Everything is {WORD} to them."
    Suspension.objects.create(person=person, dataset=dataset, reason=why, by=other)
    noted = {"action": "keep", "note": f"It says {WORD}.", "after": 0, "until": 0}
    Decision.objects.create(dataset=dataset, message=first, by=other, **noted)
    discussion.comment(message_id=first.pk, by=other, text=f"You write {WORD}?")
    flags.raise_flag(message_id=question.pk, by=person, reason="other", note=f"Hm, {WORD}.")
    handoff.files(version.pk)
    return version


def test_erasure_of_a_person_leaves_no_trace(dataset, person, admin, caplog):
    version = live(dataset, person)
    before = traces()
    assert {one.partition(":")[0].split(".")[0] for one in before} > {
        "curation_message", "curation_comment", "curation_review", "curation_contributor",
        "curation_event", "curation_notification", "annotate_draft", "annotate_submission",
    }  # fmt: skip
    assert any("jsonl" in one for one in before)

    erasure.erase(person_id=person.pk, by=admin)

    assert traces() == []
    handoff.files(version.pk)
    assert traces() == []
    assert not any(word in caplog.text.lower() for word in TRACES)


def test_what_others_wrote_stays_and_the_record_still_adds_up(dataset, person, admin):
    version = live(dataset, person)
    others = Message.objects.exclude(author=person).exclude(revises__author=person)
    before = dict(others.values_list("pk", "text"))

    erasure.erase(person_id=person.pk, by=admin)

    assert dict(Message.objects.filter(pk__in=before).values_list("pk", "text")) == before
    assert version.items.count() == 2  # tombstones
    assert Tombstone.objects.filter(message__frozen_in__version=version).count() == 2
    later = versions.freeze(dataset_id=dataset.pk, by=version.frozen_by)
    assert not later.items.filter(reply__author=person).exists()
    folder = handoff.files(version.pk)
    assert (folder / "train.jsonl").read_text() == ""


def test_the_account_has_no_name_and_nobody_signs_in_with_it(dataset, person, admin):
    client = Client()
    client.force_login(person)
    erasure.erase(person_id=person.pk, by=admin)

    person.refresh_from_db()
    assert person.email.startswith("erased-") and person.email.endswith("@invalid")
    assert (person.name, person.is_active) == ("", False)
    assert not person.has_usable_password()
    assert not person.memberships.exists()
    assert client.get("/", follow=False).status_code == 302
    ContributorFactory(email=EMAIL)  # the address is free again


def test_erasing_again_changes_nothing(dataset, person, admin):
    live(dataset, person)
    first = erasure.erase(person_id=person.pk, by=admin)
    again = erasure.erase(person_id=person.pk, by=admin)

    assert (again.pk, again.texts) == (first.pk, first.texts)
    assert traces() == []


def test_history_lets_go_of_words_only_while_somebody_is_erased(dataset, person, admin):
    live(dataset, person)
    lines = Event.objects.count()

    erasure.erase(person_id=person.pk, by=admin)

    assert Event.objects.count() > lines
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Event.objects.filter(by=person).update(data={})
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        connection.cursor().execute("SET LOCAL winnow.erasing = 'on'")
        Event.objects.filter(by=person).update(kind="other")


def test_only_an_admin_erases_and_not_themselves(person, admin):
    with pytest.raises(NotAllowed):
        erasure.erase(person_id=admin.pk, by=person)
    with pytest.raises(CurationError, match="another admin"):
        erasure.erase(person_id=admin.pk, by=admin)


def test_a_person_asks_for_it_and_their_texts_go_at_once(client, dataset):
    me = signed_in(client, dataset)
    text = MessageFactory(conversation__dataset=dataset, author=me, accepted=True)

    assert "Be erased?" in client.get(url("erase-me")).text
    page = client.post(url("erase-me"), follow=True).text

    assert "You asked for it on" in page
    text.refresh_from_db()
    assert text.state == Message.State.WITHDRAWN
    client.post(url("erase-me"))
    assert Erasure.objects.count() == 1


def test_an_admin_types_the_address_before_anything_is_destroyed(client, person, admin):
    client.force_login(admin)
    assert url("erase", person.pk) in client.get(url("instance")).text

    wrong = client.post(url("erase", person.pk), {"email": "somebody@example.org"})
    assert wrong.status_code == 422 and Contributor.objects.filter(email=EMAIL).exists()

    assert client.post(url("erase", person.pk), {"email": EMAIL}).status_code == 302
    assert "Being erased" in client.get(url("erase", person.pk)).text
    assert "Being erased" in client.get(url("instance")).text
    tasks.carry_on_erasures()

    assert not Contributor.objects.filter(email=EMAIL).exists()
    assert "the account has no name any more" in client.get(url("erase", person.pk)).text
    # Once more is no more.
    assert client.post(url("erase", person.pk), {"email": EMAIL}).status_code == 200


def test_capitals_in_an_address_are_no_hindrance(client, dataset):
    signed_in(client, is_staff=True)
    person = ContributorFactory(member=dataset, email="Zoe.Q@Example.org")

    client.post(url("erase", person.pk), {"email": " zoe.q@example.org"})

    assert Erasure.objects.get(person=person).ordered_at is not None


def test_nobody_else_opens_that_page(client, dataset, person):
    signed_in(client, dataset, "curator")

    assert client.get(url("erase", person.pk)).status_code == 404


def test_the_command_says_what_it_did(person, admin, capsys):
    MessageFactory(author=person)

    call_command("erase_person", EMAIL, "--by", admin.email)

    assert "Erased: 1 texts" in capsys.readouterr().out


def test_a_withdrawal_that_waits_is_finished_first(dataset, person, admin, monkeypatch):
    monkeypatch.setattr(withdrawals, "AT_ONCE", 2)
    for _ in range(5):
        MessageFactory(conversation__dataset=dataset, author=person, text=WORD)
    withdrawals.take_back_all(person=person, dataset=None, by=person)

    erasure.erase(person_id=person.pk, by=admin)

    assert traces() == []
    assert Tombstone.objects.count() == 5
    assert not Submission.objects.filter(person=person).exclude(fields={}).exists()
    assert not Notification.objects.filter(person=person).exists()


def test_the_order_stands_when_who_gave_it_is_no_admin_any_more(dataset, person, admin):
    MessageFactory(conversation__dataset=dataset, author=person, text=WORD)
    asked = erasure.order(person_id=person.pk, by=admin)
    Contributor.objects.filter(pk=admin.pk).update(is_staff=False)

    tasks.carry_on_erasures()

    asked.refresh_from_db()
    assert asked.done_at is not None
    assert traces() == []


def test_one_erasure_that_fails_does_not_keep_others_waiting(
    dataset, person, admin, monkeypatch, caplog
):
    other = ContributorFactory(member=dataset)
    stuck = erasure.order(person_id=other.pk, by=admin)
    fine = erasure.order(person_id=person.pk, by=admin)
    take_off = destruction.take_off_name

    def fails(person):
        if person == other:
            raise ValueError
        take_off(person)

    monkeypatch.setattr(destruction, "take_off_name", fails)

    tasks.carry_on_erasures()

    stuck.refresh_from_db(), fine.refresh_from_db()
    assert (stuck.done_at, fine.done_at is None) == (None, False)
    assert f"Erasure {stuck.pk} could not be carried on" in caplog.text


def test_a_long_erasure_lets_others_work_in_between(dataset, person, admin, monkeypatch):
    monkeypatch.setattr(erasure, "AT_ONCE", 2)
    MessageFactory.create_batch(6, conversation__dataset=dataset, author=person)
    asked = erasure.order(person_id=person.pk, by=admin)
    monkeypatch.setattr(tasks, "CARRYING_SECONDS", 0)

    turns = 0
    while asked.done_at is None:
        tasks.carry_on_erasures()
        turns += 1
        assert Tombstone.objects.count() <= 2 * turns
        asked.refresh_from_db()

    assert turns > 3
    assert traces() == []


def test_a_long_withdrawal_lets_others_work_in_between(dataset, person, monkeypatch):
    monkeypatch.setattr(withdrawals, "AT_ONCE", 2)
    monkeypatch.setattr(tasks, "CARRYING_SECONDS", 0)
    MessageFactory.create_batch(5, conversation__dataset=dataset, author=person)
    withdrawals.take_back_all(person=person, dataset=None, by=person)
    left = Message.objects.written_by(person).exclude(state=Message.State.WITHDRAWN)

    seen = [left.count()]
    for _ in range(3):
        tasks.carry_on_withdrawals()
        seen.append(left.count())

    assert seen == [5, 3, 1, 0]

"""Looking at all texts again fails in parts, stops, goes on, and is shared by workers."""

# ruff: noqa: F401 (fixtures are imported, then named as arguments)
from __future__ import annotations

import threading
import time
from datetime import timedelta
from threading import Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils.timezone import now

from curation import tasks
from curation.actions import conversations, inspections, rechecks
from curation.actions.inspections import DETECTED
from curation.clean import checks
from curation.clean.check import Check, Unavailable
from curation.models import Inspection, Inspector, Message
from tests.curation.slow_checks import broken, check_all, found, own_registry, shout
from tests.factories import DatasetFactory, MessageFactory
from tests.races import together

pytestmark = pytest.mark.django_db
State = Message.State


# ---- failing, stopping, going on -------------------------------------------------------
def test_a_check_that_cannot_look_is_asked_again_after_a_while():
    broken()
    asked = shout()
    MessageFactory(text="HELLO THERE")
    check_all()
    assert found() == [("shout", 1)]
    assert check_all().looked_at == 0  # left alone for now
    assert rechecks.waiting() == 1

    Inspection.objects.update(tried_at=now() - timedelta(minutes=11))
    checks.CHECKS.pop("closed")
    checks.register(Check(name="closed", version=1, label="", see=lambda reading: []))

    assert check_all().looked_at == 1
    assert rechecks.waiting() == 0
    assert len(asked) == 1  # who had looked was not asked again


def test_a_check_that_fails_again_and_again_is_left_alone_in_this_run():
    asked = []

    def see(reading):
        asked.append(reading)
        raise Unavailable("it is closed on Sundays")

    checks.register(Check(name="closed", version=1, label="", see=see))
    for _ in range(9):
        MessageFactory()

    run = check_all()

    assert (run.looked_at, run.tired, len(asked)) == (9, {"closed"}, rechecks.TIRED_AFTER)


def test_findings_of_a_check_that_cannot_look_stay():
    shout()
    MessageFactory(text="HELLO THERE")
    check_all()
    checks.CHECKS.pop("shout")

    def see(reading):
        raise Unavailable("it is closed on Sundays")

    checks.register(Check(name="shout", version=2, label="", see=see))

    check_all()

    assert found() == [("shout", 1)]


def test_a_run_stops_when_it_is_enough_and_the_next_goes_on(monkeypatch):
    monkeypatch.setattr(rechecks, "AT_ONCE", 2)
    dataset = DatasetFactory()
    for _ in range(5):
        MessageFactory(conversation__dataset=dataset)

    assert check_all(at_most=3).looked_at == 4  # in whole batches
    assert check_all(at_most=3).looked_at == 1


def test_what_is_new_comes_before_what_older_checks_have_seen(monkeypatch):
    monkeypatch.setattr(rechecks, "AT_ONCE", 1)
    old = DatasetFactory()
    for _ in range(3):
        MessageFactory(conversation__dataset=old)
    check_all()
    new = MessageFactory(text="It is new.")
    asked = shout()

    check_all(at_most=1)

    assert asked == [new.text]


def test_datasets_take_turns(monkeypatch):
    monkeypatch.setattr(rechecks, "AT_ONCE", 1)
    one, other = DatasetFactory(), DatasetFactory()
    for number in range(3):
        MessageFactory(conversation__dataset=one, text=f"One {number}.")
    for number in range(2):
        MessageFactory(conversation__dataset=other, text=f"Other {number}.")
    asked = shout()
    in_turns = ["One 0.", "Other 0.", "One 1.", "Other 1.", "One 2."]

    check_all()
    assert asked == in_turns
    asked = shout(version=2)
    check_all()
    assert asked == in_turns


def test_a_walk_only_goes_forwards(monkeypatch):
    monkeypatch.setattr(rechecks, "AT_ONCE", 2)
    dataset = DatasetFactory()
    for _ in range(3):
        MessageFactory(conversation__dataset=dataset)
    rechecks.note_new(is_thorough=True)
    wanted = inspections.wanted_by(dataset.policy.checks, None)
    walk = rechecks.Walk(dataset, wanted, rechecks.NEW)

    first = walk.take()
    Inspection.objects.update(tried_at=None)
    second = walk.take()

    assert [len(first), len(second)] == [2, 1]
    assert not {row.pk for row in first} & {row.pk for row in second}


@pytest.mark.django_db(transaction=True)
def test_nobody_who_reviews_meanwhile_is_thrown_out():
    """Who holds a conversation has locked one of its rows, and wants the other."""
    first = MessageFactory(text="HELLO THERE")
    last = MessageFactory(text="GOOD DAY", conversation=first.conversation, parent=first)
    rechecks.note_new(is_thorough=True)
    shout()
    begun = threading.Event()

    def review():
        with transaction.atomic():
            conversations.lock(first.conversation_id)
            for message in (last, first):
                Message.objects.filter(pk=message.pk).update(
                    state=State.ACCEPTED, decided_at=now()
                )
                begun.set()
                time.sleep(1)

    def look():
        begun.wait()
        return rechecks.catch_up().changed

    assert 2 in together(review, look)
    connection.close()


def test_what_is_withdrawn_is_not_looked_at():
    asked = shout()
    MessageFactory(state=State.WITHDRAWN, decided_at=now())

    assert (check_all().looked_at, asked) == (0, [])


def test_texts_older_than_the_newest_are_found_by_the_thorough_look():
    old = MessageFactory()
    Inspection.objects.create(
        message=MessageFactory(pk=old.pk + rechecks.SLACK + 10),
        dataset=old.conversation.dataset,
    )

    rechecks.note_new()
    assert not Inspection.objects.filter(message=old).exists()
    tasks.find_unchecked_texts()
    assert Inspection.objects.filter(message=old).exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_not_look_at_the_same_texts():
    for _ in range(3):
        MessageFactory()
    rechecks.note_new(is_thorough=True)
    runs = []

    def other():
        runs.append(rechecks.catch_up().looked_at)
        connection.close()

    with transaction.atomic():
        first = Inspection.objects.order_by("pk").first()
        Inspection.objects.select_for_update().get(pk=first.pk)
        worker = Thread(target=other)
        worker.start()
        worker.join()
    assert runs == [2]


def test_versions_are_kept_once_for_all_texts():
    for _ in range(3):
        MessageFactory()

    check_all()

    assert Inspector.objects.count() == 1
    assert Inspector.objects.get().versions.keys() >= {"secret", DETECTED}


# ---- the command -----------------------------------------------------------------------
def test_the_command_says_what_it_did(capsys):
    shout()
    dataset = MessageFactory(text="HELLO THERE").conversation.dataset
    MessageFactory()

    call_command("recheck", dataset.slug)

    out, progress = capsys.readouterr()
    assert "1 texts looked at: findings of 1 changed, 0 set aside, 0 left." in out
    assert "1 of 1 texts" in progress
    assert Inspection.objects.exclude(digest="").count() == 1


def test_the_command_refuses_a_dataset_that_there_is_not():
    with pytest.raises(CommandError, match="no dataset nowhere"):
        call_command("recheck", "nowhere")


@pytest.mark.parametrize("count", [10, 40])
def test_a_batch_takes_as_many_queries_however_large_it_is(
    count, django_assert_max_num_queries
):
    dataset = DatasetFactory()
    for _ in range(count):
        MessageFactory(conversation__dataset=dataset)
    rechecks.note_new(is_thorough=True)

    # sets, datasets; take and mark; texts, findings, versions; what a digest stands for;
    # write; nothing more to take; and the savepoints of a test
    with django_assert_max_num_queries(22):
        assert rechecks.catch_up().looked_at == count

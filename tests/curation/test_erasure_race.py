"""Erasure beside people who go on working, and after workers that died, on PostgreSQL."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils.timezone import now

from annotate.models import Assignment, Draft
from curation import tasks
from curation.actions import (
    conversations,
    destruction,
    discussion,
    erasure,
    revisions,
    withdrawals,
)
from curation.models import (
    Comment,
    Contributor,
    Erasure,
    Event,
    Flag,
    Message,
    Tombstone,
    Withdrawal,
)
from tests.annotate.work import claim, planned, submit
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.races import together

pytestmark = pytest.mark.django_db(transaction=True)
WORD = "xylophagous"


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def person(dataset):
    return ContributorFactory(member=dataset, email=f"{WORD}@example.org", name="Zeph Q.")


@pytest.fixture
def admin():
    return ContributorFactory(is_staff=True)


def written(dataset, person, count):
    return [
        MessageFactory(
            conversation__dataset=dataset, author=person, accepted=True, text=f"{WORD} {n}"
        )
        for n in range(count)
    ]


def look_after():
    """The second look, when its hour is over."""
    late = now() - Erasure.LATE - timedelta(minutes=1)
    Erasure.objects.update(done_at=late)
    tasks.carry_on_erasures()


def is_gone():
    return not (
        Message.objects.filter(text__contains=WORD).exists()
        or Contributor.objects.filter(email__contains=WORD).exists()
        or Draft.objects.filter(fields__icontains=WORD).exists()
        or Comment.objects.filter(text__contains=WORD).exists()
    )


def test_erasing_beside_texts_that_are_being_sent(dataset, person, admin):
    """By the task pages, with their own sign-in: an answer that lands is found later."""
    written(dataset, person, 3)
    for _ in range(4):
        planned(MessageFactory(conversation__dataset=dataset, accepted=True))
    clients = [Client() for _ in range(2)]
    for client in clients:
        client.force_login(person)
    slots = [claim(client, kind="answer") for client in clients]
    edited = written(dataset, person, 1)[0]
    loaded = Contributor.objects.get(pk=person.pk)  # a request that is under way

    def send(client, slot):
        return submit(client, slot, text=f"A late {WORD}.").status_code

    done = together(
        lambda: send(clients[0], slots[0]),
        lambda: send(clients[1], slots[1]),
        lambda: revisions.amend(message_id=edited.pk, by=loaded, text=f"Anew {WORD}."),
        lambda: discussion.comment(message_id=edited.pk, by=loaded, text=f"My {WORD}."),
        lambda: conversations.write_prompt(dataset=dataset, by=loaded, text=f"{WORD}!"),
        lambda: erasure.erase(person_id=person.pk, by=admin),
    )

    assert len(done) == 6 and 500 not in done
    tasks.carry_on_erasures()
    assert Erasure.objects.get().done_at is not None
    look_after()
    assert is_gone()
    assert Erasure.objects.get().swept_at is not None
    assert not Assignment.objects.filter(person=person, state="leased").exists()


def test_two_workers_and_the_clock_erase_once(dataset, person, admin):
    written(dataset, person, 12)
    asked = erasure.order(person_id=person.pk, by=admin)

    together(
        lambda: erasure.carry_on(asked.pk),
        lambda: erasure.carry_on(asked.pk),
        tasks.carry_on_erasures,
        lambda: erasure.order(person_id=person.pk, by=admin).pk,
    )
    tasks.carry_on_erasures()

    assert is_gone()
    assert Tombstone.objects.count() == 12
    assert Event.objects.filter(kind="person.erased").count() == 1
    assert Event.objects.filter(kind="erasure.ordered").count() == 1


@pytest.mark.parametrize(
    "step", ["destroy_texts", "destroy_talk", "take_off_name", "destroy_files"]
)
def test_what_a_lost_worker_left_the_next_one_finishes(
    dataset, person, admin, monkeypatch, step
):
    """Cut short in any step: what was done stays, what was half done is not there."""
    monkeypatch.setattr(erasure, "AT_ONCE", 2)
    written(dataset, person, 5)
    whole, calls = getattr(destruction, step), []

    def dies(*args, **kwargs):
        whole(*args, **kwargs)
        calls.append(step)
        if len(calls) == (2 if step == "destroy_texts" else 1):
            raise KeyboardInterrupt  # after its work, before the commit

    monkeypatch.setattr(destruction, step, dies)
    asked = erasure.order(person_id=person.pk, by=admin)
    with pytest.raises(KeyboardInterrupt):
        tasks.carry_on_erasures()
    there = Erasure.objects.get()
    assert there.ordered_at is not None and there.done_at is None
    done = Tombstone.objects.count()
    assert done == (2 if step == "destroy_texts" else 5)

    monkeypatch.setattr(destruction, step, whole)
    tasks.carry_on_erasures()

    assert is_gone()
    asked.refresh_from_db()
    assert asked.done_at is not None
    assert Tombstone.objects.count() == 5


def test_a_withdrawal_that_another_worker_is_at_is_waited_for(
    dataset, person, admin, monkeypatch
):
    monkeypatch.setattr(withdrawals, "AT_ONCE", 1)
    written(dataset, person, 3)
    withdrawals.take_back_all(person=person, dataset=None, by=person)
    held, free = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            Withdrawal.objects.select_for_update().get()
            held.set()
            free.wait(20)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(20)
    asked = erasure.order(person_id=person.pk, by=admin)
    erasure.carry_on(asked.pk)
    asked.refresh_from_db()
    assert asked.ordered_at is not None and asked.done_at is None

    free.set()
    thread.join()
    tasks.carry_on_erasures()
    assert is_gone()


def test_nobody_works_with_the_account_from_the_order_on(dataset, person, admin):
    client = Client()
    client.force_login(person)
    assert client.get("/").status_code == 200

    erasure.order(person_id=person.pk, by=admin)

    assert client.get("/").status_code == 302


def test_a_second_look_asks_curators_nothing_twice(dataset, person, admin):
    (prompt,) = written(dataset, person, 1)
    ReplyFactory(parent=prompt, accepted=True, author=ContributorFactory())
    erasure.erase(person_id=person.pk, by=admin)
    Flag.objects.update(resolved_at=now(), resolved_by=admin, outcome="dismissed")

    look_after()

    assert Flag.objects.count() == 1

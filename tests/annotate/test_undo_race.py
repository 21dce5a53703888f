"""Threads on a real PostgreSQL: undoing and sending at the same moment as others."""

from __future__ import annotations

import threading
import uuid
from functools import partial

import pytest
from django.db import OperationalError, connection, transaction
from django.urls import reverse

from annotate import actions, ahead, leases, undo
from annotate.errors import Busy, SlotGone
from annotate.models import Assignment, Draft, Submission
from curation.actions import messages
from curation.models import Review
from tests.annotate.work import planned, slots
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.races import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dataset():
    return DatasetFactory(policy__replies_wanted=2)


@pytest.fixture
def person(dataset):
    return ContributorFactory(member=dataset)


def waiting(message):
    with transaction.atomic():
        return planned(message)


def accept(slot, by):
    return messages.review(
        message_id=slot.message_id, by=by, verdict="accept", held=slot.conversation
    )


def send(slot, by, apply, key=None, **fields):
    actions.submit(
        assignment_id=slot.pk, by=by, key=key or uuid.uuid4(), fields=fields, apply=apply
    )


def elsewhere(work):
    """Run it on a connection of its own, to the end."""

    def run():
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_of_two_tabs_that_send_at_once_each_is_undone_alone(dataset, person, monkeypatch):
    first = ReplyFactory(parent__conversation__dataset=dataset)
    second = waiting(ReplyFactory(parent=first.parent))
    one, two = (
        slots(message=text, kind="review", state="open").get() for text in (first, second)
    )
    with transaction.atomic():
        for slot in (one, two):
            leases.lease(leases.locked_alone(slot.pk), person)
    inside, on_its_way, key = threading.Event(), threading.Event(), uuid.uuid4()
    locked = leases.locked

    def arriving(pk):
        if pk == two.pk:
            on_its_way.set()
        return locked(pk)

    def slowly(slot):
        inside.set()
        assert on_its_way.wait(10)
        accept(slot, person)

    monkeypatch.setattr(leases, "locked", arriving)
    ahead_of_it = elsewhere(partial(send, one, person, slowly))
    assert inside.wait(10)
    behind = elsewhere(partial(send, two, person, lambda slot: accept(slot, person), key))
    ahead_of_it.join()
    behind.join()
    assert Review.objects.count() == 2

    undo.take_back(key=key, by=person)

    assert Review.objects.get().message == first


def test_nobody_begins_what_is_being_taken_back(dataset, person, monkeypatch):
    prompt = waiting(MessageFactory(conversation__dataset=dataset, accepted=True))
    other, key = ContributorFactory(member=dataset), uuid.uuid4()
    write = partial(messages.reply, parent_id=prompt.pk, by=person, text="It is.")
    slot = actions.claim(by=person, kind="answer")
    send(slot, person, lambda slot: write(held=slot.conversation), key, text="It is.")
    reverse_it = undo._reverse

    def while_somebody_claims(*given):
        elsewhere(lambda: actions.claim(by=other, kind="review")).join()
        reverse_it(*given)

    monkeypatch.setattr(undo, "_reverse", while_somebody_claims)
    undo.take_back(key=key, by=person)

    assert not Assignment.objects.held_by(other).exists()
    assert prompt.replies.get().state == "withdrawn"


def test_two_calls_at_once_take_one_ahead(dataset, person):
    for _ in range(6):
        waiting(MessageFactory(conversation__dataset=dataset))
    current = actions.claim(by=person, kind="review")

    taken = together(*[lambda: ahead.take(assignment_id=current.pk, by=person)] * 4)

    assert len(set(taken)) == 1
    assert slots(person=person, is_ahead=True).count() == 1


def given_away(monkeypatch, slot):
    """Somebody else gets the slot between the look at it and what is done then."""
    covers = actions.queue.covers

    def and_then(person, seen):
        leases.hand_back(slots(pk=slot.pk))
        return covers(person, seen)

    monkeypatch.setattr(actions.queue, "covers", and_then)


def test_a_page_that_was_just_given_away_leads_home(client, dataset, person, monkeypatch):
    for _ in range(2):
        waiting(MessageFactory(conversation__dataset=dataset))
    client.force_login(person)
    current = actions.claim(by=person, kind="review")
    taken = ahead.take(assignment_id=current.pk, by=person)
    given_away(monkeypatch, taken)

    response = client.get(reverse("annotate:task", args=[taken.pk]))

    assert response.url == reverse("annotate:home")


def test_nobody_is_told_that_a_task_is_theirs_that_was_given_away(
    dataset, person, monkeypatch
):
    waiting(MessageFactory(conversation__dataset=dataset))
    slot = actions.claim(by=person, kind="review")
    given_away(monkeypatch, slot)

    with pytest.raises(SlotGone):
        actions.beat(assignment_id=slot.pk, by=person)


def deadlocked(times, apply):
    """As PostgreSQL refuses one of two that wait for each other."""
    left = [times]

    def run(slot):
        if left[0]:
            left[0] -= 1
            with connection.cursor() as cursor:
                cursor.execute(
                    "DO $$ BEGIN RAISE 'waits' USING ERRCODE = 'deadlock_detected'; END $$"
                )
        return apply(slot)

    return run


def test_a_deadlock_is_tried_again_and_counts_once(dataset, person):
    waiting(MessageFactory(conversation__dataset=dataset))
    slot = actions.claim(by=person, kind="review")

    send(slot, person, deadlocked(1, lambda slot: accept(slot, person)), verdict="accept")

    assert Review.objects.count() == 1
    assert Submission.objects.count() == 1


def test_after_two_deadlocks_the_words_are_kept_and_nothing_is_half_done(dataset, person):
    waiting(MessageFactory(conversation__dataset=dataset))
    slot = actions.claim(by=person, kind="review")

    with pytest.raises(Busy) as refusal:
        send(slot, person, deadlocked(2, lambda slot: accept(slot, person)), note="Fine.")

    assert isinstance(refusal.value.__cause__, OperationalError)
    assert Draft.objects.get().fields == {"note": "Fine."}
    assert not Submission.objects.exists()
    assert Assignment.objects.held_by(person).get() == slot


def test_expiring_does_not_wait_for_a_task_that_is_being_sent(dataset, person):
    waiting(MessageFactory(conversation__dataset=dataset))
    slot = actions.claim(by=person, kind="review")
    slots(pk=slot.pk).update(lease_until=slot.created_at)
    counted = []

    def send_it(locked):
        thread = elsewhere(lambda: counted.append(actions.expire_leases()))
        thread.join(10)
        assert not thread.is_alive()
        return accept(locked, person)

    send(slot, person, send_it, verdict="accept")

    assert counted == [0]
    slot.refresh_from_db()
    assert slot.state == "done"

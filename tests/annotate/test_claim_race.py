"""Threads on a real PostgreSQL: what the locks and constraints are for."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils.timezone import now

from annotate import actions, planner
from annotate.models import Assignment
from curation.actions import conversations, messages
from curation.models import Review
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory
from tests.races import together

pytestmark = pytest.mark.django_db(transaction=True)


def planned_prompts(dataset, count, authors):
    for number in range(count):
        author = authors[number % len(authors)]
        prompt = MessageFactory(conversation__dataset=dataset, author=author)
        conversations.advance(prompt.conversation)
        planner.plan(prompt.conversation_id)


def test_many_people_claim_at_once_and_nobody_gets_anothers_slot_or_their_own_text():
    dataset = DatasetFactory(policy__reviews_wanted=3, policy__approvals_needed=2)
    people = ContributorFactory.create_batch(12, member=dataset)
    planned_prompts(dataset, 20, people)
    given = []

    def work_through(person):
        while (slot := actions.claim(by=person, kind="review")) is not None:
            given.append((slot.pk, slot.message_id, person.pk, slot.message.author_id))
            Assignment.objects.filter(pk=slot.pk).update(
                state="done", lease_until=None, done_at=slot.created_at
            )

    together(*(lambda p=p: work_through(p) for p in people))

    assert len(given) == 60  # each of 20 prompts three times, no slot left
    assert max(Counter(pk for pk, *_ in given).values()) == 1
    assert max(Counter((message, person) for _, message, person, _ in given).values()) == 1
    assert all(person != author for *_, person, author in given)


def test_one_person_in_many_tabs_holds_an_item_once():
    dataset = DatasetFactory(policy__reviews_wanted=3, policy__approvals_needed=2)
    planned_prompts(dataset, 1, [ContributorFactory()])
    person = ContributorFactory(member=dataset)

    together(*(lambda: actions.claim(by=person, kind="review") for _ in range(8)))

    held = Assignment.objects.held_by(person).values("message").annotate(n=Count("pk"))
    assert [row["n"] for row in held] == [1]


def test_the_database_itself_refuses_a_slot_to_the_author():
    dataset = DatasetFactory()
    author = ContributorFactory(member=dataset)
    planned_prompts(dataset, 1, [author])
    slot = Assignment.objects.get(kind="review")

    with (
        pytest.raises(IntegrityError, match="assignment_never_of_own_text"),
        transaction.atomic(),
    ):
        Assignment.objects.filter(pk=slot.pk).update(
            state="leased", person=author, lease_until=slot.created_at
        )


def test_a_form_sent_twice_at_the_same_moment_counts_once():
    dataset = DatasetFactory(policy__reviews_wanted=2, policy__approvals_needed=2)
    planned_prompts(dataset, 1, [ContributorFactory()])
    person = ContributorFactory(member=dataset)
    slot = actions.claim(by=person, kind="review")
    key = "5f3f8a2e-58f5-4a0f-9f0e-1c2d3e4f5a6b"

    def send():
        actions.submit(
            assignment_id=slot.pk,
            by=person,
            key=key,
            fields={"verdict": "accept"},
            apply=lambda s: messages.review(
                message_id=s.message_id, by=person, verdict="accept"
            ),
        )

    together(*(send for _ in range(6)))

    assert Review.objects.filter(reviewer=person).count() == 1


def test_late_submits_and_planning_at_once_do_not_lock_each_other_out():
    dataset = DatasetFactory(policy__replies_wanted=12)
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    for _ in range(10):
        ReplyFactory(parent=prompt, conversation=prompt.conversation)
    conversations.advance(prompt.conversation)
    planner.plan(prompt.conversation_id)
    people = ContributorFactory.create_batch(10, member=dataset)
    slots = {person: actions.claim(by=person, kind="review") for person in people}
    # All leases ran out: each submit takes its slot again, while each plan, after each
    # review, gives the open slots of the conversation another priority.
    past = now() - timedelta(hours=1)
    Assignment.objects.filter(state="leased").update(lease_until=past)
    actions.expire_leases()

    def send(person):
        actions.submit(
            assignment_id=slots[person].pk,
            by=person,
            key=f"00000000-0000-4000-8000-{person.pk:012d}",
            fields={"verdict": "accept"},
            apply=lambda s: messages.review(
                message_id=s.message_id, by=person, verdict="accept"
            ),
        )

    def plan():
        for _ in range(15):
            planner.plan(prompt.conversation_id)

    together(*(lambda p=p: send(p) for p in people), *[plan] * 4)

    assert Review.objects.count() == 10
    assert Assignment.objects.filter(kind="review", state="done").count() == 10

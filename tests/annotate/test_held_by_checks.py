"""A text that a check holds is sent like any other; nobody is asked to judge it."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotate import planner, undo
from annotate.models import Assignment
from curation.actions import rechecks
from curation.models import Conversation, Message, Notification
from tests.annotate.work import claim, slots, submit
from tests.factories import CategoryFactory, ContributorFactory, DatasetFactory

pytestmark = pytest.mark.django_db
LEAK = "Write to ada@analytical.de, she knows."
FINE = "Ask Ada, she knows."
State = Message.State


@pytest.fixture
def dataset():
    dataset = DatasetFactory(pairs=True, policy__checks={"personal_data": "hold"})
    CategoryFactory(dataset=dataset)
    return dataset


@pytest.fixture
def person(client, dataset):
    person = ContributorFactory(member=dataset)
    client.force_login(person)
    return person


def claimed(client, dataset):
    planner.plan_changed()
    return claim(client, kind=Assignment.Kind.WRITE_PAIR)


def sent(client, slot, key=None, **fields):
    given = {"prompt": "Whom do I ask?", "reply": FINE, **fields}
    return submit(client, slot, key=key, **given)


def statements(client, dataset, **fields):
    slot = claimed(client, dataset)
    with CaptureQueriesContext(connection) as taken:
        assert sent(client, slot, **fields).status_code == 302
    return len(taken)


def test_what_is_held_wants_no_reviews(client, dataset, person):
    assert sent(client, claimed(client, dataset), reply=LEAK).status_code == 302

    conversation = Conversation.objects.get()
    assert conversation.state == Conversation.State.HELD
    assert not slots(conversation=conversation, state="open").exists()


def test_what_is_not_held_costs_nothing_more_where_a_policy_holds(client, dataset, person):
    sent(client, claimed(client, dataset))  # what is prepared once
    with_holds = statements(client, dataset, prompt="Who knows of it?")
    policy = dataset.policy
    policy.checks = {}
    policy.save()

    assert statements(client, dataset, prompt="Who can tell me?") == with_holds


def test_a_held_text_can_be_taken_back(client, dataset, person):
    key = uuid.uuid4()
    sent(client, claimed(client, dataset), key=key, reply=LEAK)

    slot = undo.take_back(key=key, by=person)

    assert {one.state for one in Message.objects.all()} == {State.WITHDRAWN}
    assert not Notification.objects.exists()
    assert slot.drafts.get().fields["reply"] == LEAK


def test_what_a_worker_held_since_can_be_taken_back(client, dataset, person):
    policy = dataset.policy
    policy.checks = {"personal_data": "off"}
    policy.save()
    key = uuid.uuid4()
    sent(client, claimed(client, dataset), key=key, reply=LEAK)
    policy.checks = {"personal_data": "hold"}
    policy.save()
    rechecks.note_new()
    assert rechecks.catch_up().held == 1

    undo.take_back(key=key, by=person)

    assert {one.state for one in Message.objects.all()} == {State.WITHDRAWN}


def test_the_coach_says_nothing_of_what_is_not_looked_for(client, dataset, person):
    slot = claimed(client, dataset)
    fields = {"prompt": "Whom do I ask?", "reply": LEAK}
    there = reverse("annotate:coach", args=[slot.pk])
    assert "ada@analytical.de" in client.post(there, fields).text

    policy = dataset.policy
    policy.checks = {"personal_data": "off"}
    policy.save()

    assert "ada@analytical.de" not in client.post(there, fields).text

"""With nothing left, the page says why, and what would change it."""

from __future__ import annotations

import pytest

from annotate import actions, leases, planner, shortage
from annotate.models import Assignment
from curation.actions import gold
from curation.models import Conversation, Profile
from tests.annotate.work import planned, slots
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__open_conversations=1)


@pytest.fixture
def person(dataset):
    return ContributorFactory(member=dataset)


def said(person):
    return " ".join(shortage.reasons(person))


def test_own_words_wait_for_a_colleague(dataset, person):
    planned(MessageFactory(conversation__dataset=dataset, author=person))
    assert "1 task is about your own words" in said(person)


def test_other_languages_are_named(dataset, person):
    german = MessageFactory(conversation__dataset=dataset, conversation__language="de")
    planned(german)
    Profile.objects.create(contributor=person, languages=["en"])
    assert "1 task is in a language that is not among yours" in said(person)
    assert actions.claim(by=person) is None

    Profile.objects.filter(pk=person.pk).update(languages=["en", "de"])
    assert actions.claim(by=person).message == german


def test_what_was_skipped_waits_for_somebody_else(dataset, person):
    planned(MessageFactory(conversation__dataset=dataset))
    slot = actions.claim(by=person)
    actions.skip(assignment_id=slot.pk, by=person)
    assert "You skipped 1 task" in said(person)


def test_what_colleagues_work_on_may_come_back(dataset, person):
    planned(MessageFactory(conversation__dataset=dataset))
    actions.claim(by=ContributorFactory(member=dataset))
    assert "working on 1 task at this moment" in said(person)


def test_work_for_another_role_is_named(dataset):
    writer = ContributorFactory(member=dataset, member__roles=["writer"])
    planned(MessageFactory(conversation__dataset=dataset))
    assert "1 task waits for the role “Reviewer”" in said(writer)


def test_a_full_dataset_says_when_it_wants_new_prompts(dataset, person):
    planned(MessageFactory(conversation__dataset=dataset))
    planner.plan_writing(dataset)
    assert Conversation.objects.unfinished().count() == 1
    assert f"{dataset} has 1 conversations under way" in said(person) or (
        f"{dataset} has 1 conversation under way" in said(person)
    )


def test_known_items_of_colleagues_are_not_told(dataset, person):
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    gold.make(message_id=prompt.pk, by=curator, verdict="accept", why="It is clear.")
    before = said(person)
    slot = Assignment.objects.create(
        kind="review", dataset=dataset, message=prompt, number=1, is_gold=True,
        reserved_for=ContributorFactory(member=dataset),
    )  # fmt: skip
    assert said(person) == before

    leases.lease(slot, slot.reserved_for)
    assert said(person) == before


def test_each_task_is_counted_under_one_reason(dataset, person):
    mine = MessageFactory(
        conversation__dataset=dataset, author=person, conversation__language="de"
    )
    planned(mine)
    Profile.objects.create(contributor=person, languages=["en"])
    assert slots(state="open").count() == 1
    assert "in a language" not in said(person)

"""The guideline beside the work: which version, and what changed since one last worked."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotate.guidelines import panel
from curation.models import Guideline, Message, Review
from tests.annotate.work import claim, planned
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory

pytestmark = pytest.mark.django_db

FIRST = "Be kind. Answer in one sentence. Name your sources."
SECOND = "Be kind. Answer in two sentences. Name your sources."


@pytest.fixture
def dataset():
    dataset = DatasetFactory()  # with a version 1 of its own
    changed(dataset, FIRST)
    return dataset


@pytest.fixture
def person(client, dataset):
    person = ContributorFactory(member=dataset)
    client.force_login(person)
    return person


def changed(dataset, text=SECOND):
    number = dataset.guidelines.count() + 1
    return Guideline.objects.create(dataset=dataset, number=number, text=text)


def page(client, dataset):
    planned(MessageFactory(conversation__dataset=dataset))
    slot = claim(client, kind="review")
    return client.get(reverse("annotate:task", args=[slot.pk])).text


def test_the_page_has_the_version_in_force_once(client, dataset, person):
    html = page(client, dataset)

    assert html.count('id="guideline"') == 1
    assert '<span class="badge badge--plain">2</span>' in html
    assert FIRST in html
    assert "Changed since" not in html


def test_somebody_new_is_told_of_no_change(dataset, person):
    changed(dataset)

    assert panel(dataset, person).before is None


@pytest.mark.parametrize("kind", ["message", "review"])
def test_who_worked_under_an_older_version_sees_what_changed(client, dataset, person, kind):
    old = dataset.guideline_in_force()
    message = MessageFactory(conversation__dataset=dataset)
    if kind == "message":
        Message.objects.filter(pk=message.pk).update(author=person, guideline=old)
    else:
        Review.objects.create(
            message=message, reviewer=person, verdict="accept", guideline=old
        )
    changed(dataset)

    html = page(client, dataset)

    assert "guideline 2 became 3" in html
    assert (
        '<del class="diff">one sentence</del><ins class="diff">two sentences</ins>' in html
    )


def test_the_change_is_said_until_somebody_works_under_it(dataset, person):
    first = dataset.guideline_in_force()
    MessageFactory(conversation__dataset=dataset, author=person, guideline=first)
    second = changed(dataset)
    assert panel(dataset, person).before == first

    MessageFactory(conversation__dataset=dataset, author=person, guideline=second)

    assert panel(dataset, person).before is None


def test_work_in_another_dataset_does_not_count(dataset, person):
    elsewhere = DatasetFactory()
    MessageFactory(author=person, guideline=elsewhere.guidelines.get())
    changed(dataset)

    assert panel(dataset, person).before is None


def test_of_what_stayed_only_the_words_around_a_change_are_shown(dataset, person):
    long = "The first rule is long and stays as it is for everybody. "
    old = changed(dataset, long * 5 + FIRST)
    MessageFactory(conversation__dataset=dataset, author=person, guideline=old)
    changed(dataset, long * 5 + SECOND)

    parts = panel(dataset, person).changes

    assert sum(len(text) for _, text in parts) < 120
    assert ("insert", "two sentences") in parts


def test_who_closed_it_finds_it_closed(client, dataset, person):
    assert 'id="guideline" open' in page(client, dataset)

    client.cookies["guideline"] = "closed"

    assert 'id="guideline">' in page(client, dataset)


def test_the_first_version_costs_one_query(django_assert_num_queries):
    dataset, person = DatasetFactory(), ContributorFactory()

    with django_assert_num_queries(1):
        panel(dataset, person)

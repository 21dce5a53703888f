from __future__ import annotations

import pytest
from django.urls import reverse

from annotate import planner
from tests.annotate.work import claim, planned
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
)

pytestmark = pytest.mark.django_db
HOME = "/"


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def person(client, dataset):
    person = ContributorFactory(member=dataset)
    client.force_login(person)
    return person


def test_it_asks_a_stranger_to_sign_in(client):
    response = client.get(HOME)

    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


def test_it_offers_one_thing_to_do_next(client, person, dataset):
    planned(MessageFactory(conversation__dataset=dataset))

    page = client.get(HOME)

    assert "What to do next" in page.text
    assert "Review" in page.text


def test_it_shows_no_work_on_own_text_and_says_why(client, person, dataset):
    dataset.policy.open_conversations = 1
    dataset.policy.save()
    planned(MessageFactory(conversation__dataset=dataset, author=person))

    page = client.get(HOME)

    assert "Nothing waits for you at the moment" in page.text


def test_looking_at_it_writes_nothing(client, person, dataset, django_assert_num_queries):
    planned(MessageFactory(conversation__dataset=dataset))

    # Expect 14 queries: the session, the user, what they hold, their datasets as writer,
    # as reviewer and as curator, their profile, offers, own texts, own reviews, own
    # ballots, the next slot, kept texts, and categories to write in
    with django_assert_num_queries(14) as captured:
        client.get(HOME)

    verbs = {query["sql"].split()[0] for query in captured.captured_queries}
    assert verbs == {"SELECT"}


def test_it_costs_the_same_however_much_waits(
    client, person, dataset, django_assert_num_queries
):
    for _ in range(15):
        planned(MessageFactory(conversation__dataset=dataset))

    with django_assert_num_queries(14):
        client.get(HOME)


def test_a_category_can_be_chosen(client, person):
    pairs = DatasetFactory(pairs=True)
    client.force_login(ContributorFactory(member=pairs))
    CategoryFactory(dataset=pairs)
    notes = CategoryFactory(dataset=pairs, name="Thank-you notes")
    planner.plan_writing(pairs)

    assert "Thank-you notes" in client.get(HOME).text
    slot = claim(client, kind="write_pair", dataset=pairs.slug, category=notes.slug)

    assert slot.category == notes


def test_what_was_begun_comes_before_anything_new(client, person, dataset):
    planned(MessageFactory(conversation__dataset=dataset))
    planned(MessageFactory(conversation__dataset=dataset))
    first = claim(client)

    assert "You had begun" in client.get(HOME).text
    assert claim(client) == first

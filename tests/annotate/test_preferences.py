"""What a person says of themselves steers which work they are offered."""

from __future__ import annotations

import pytest

from annotate import planner
from curation.actions import profiles
from tests.annotate.work import claim, planned
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(languages=["en", "de"], policy__open_conversations=1)


@pytest.fixture
def person(client, dataset):
    person = ContributorFactory(member=dataset, member__roles=["reviewer"])
    client.force_login(person)
    return person


def waiting(dataset, **fields):
    conversation = {f"conversation__{name}": value for name, value in fields.items()}
    return planned(MessageFactory(conversation__dataset=dataset, **conversation))


def test_work_in_other_languages_is_not_offered(client, person, dataset):
    waiting(dataset, language="en")
    german = waiting(dataset, language="de")
    profiles.save(by=person, fields={"languages": ["de"]})

    assert claim(client).message == german


def test_without_languages_in_the_profile_every_language_is_offered(
    client, person, dataset
):
    profiles.save(by=person, fields={"languages": []})
    english = waiting(dataset, language="en")

    assert claim(client).message == english


def test_new_texts_can_be_written_whatever_languages_one_reads(client):
    pairs = DatasetFactory(pairs=True)
    writer = ContributorFactory(member=pairs)
    client.force_login(writer)
    CategoryFactory(dataset=pairs)
    planner.plan_writing(pairs)
    profiles.save(by=writer, fields={"languages": ["fr"]})

    assert claim(client).kind == "write_pair"


def test_chosen_categories_come_first_and_the_others_after_them(client, person, dataset):
    older = waiting(dataset, category=CategoryFactory(dataset=dataset))
    liked = CategoryFactory(dataset=dataset)
    newer = waiting(dataset, category=liked)
    profiles.save(by=person, fields={"categories": [liked]})

    first = claim(client)
    assert first.message == newer
    first.state, first.lease_until = "dropped", None
    first.person = None
    first.save()

    assert claim(client).message == older


def test_categories_on_a_chosen_topic_come_first(client, person, dataset):
    waiting(dataset, category=CategoryFactory(dataset=dataset, topics=["law"]))
    boats = waiting(dataset, category=CategoryFactory(dataset=dataset, topics=["boats"]))
    profiles.save(by=person, fields={"topics": ["boats"]})

    assert claim(client).message == boats

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from curation.models import Conversation, Dataset, Event, Message
from tests.curation.pages import held, queries, signed_in, url
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    ConversationFactory,
    DatasetFactory,
    MessageFactory,
)

pytestmark = pytest.mark.django_db
NEW = {
    "title": "Support answers",
    "slug": "support",
    "description": "What our help desk says.",
    "shape": "pairs",
    "languages": "en, de",
    "licence": "CC-BY-4.0",
    "guideline": "Be kind.",
    "reviews_wanted": "2",
    "approvals_needed": "1",
    "rankings_wanted": "1",
    "replies_wanted": "3",
    "max_depth": "4",
    "open_conversations": "20",
    "lease_minutes": "30",
    "held_out_percent": "10",
}


@pytest.fixture
def dataset():
    return DatasetFactory()


def test_the_list_shows_what_a_person_is_a_member_of(client, dataset):
    other = DatasetFactory()
    signed_in(client, dataset)

    page = client.get(url("datasets"))

    assert dataset.title in page.text
    assert other.title not in page.text
    assert "New dataset" not in page.text


def test_the_list_says_what_to_do_when_it_is_empty(client):
    person = signed_in(client)

    page = client.get(url("datasets"))

    assert "You are not in a dataset yet" in page.text
    assert person.email in page.text


def test_an_admin_is_offered_to_start_the_first_dataset(client):
    signed_in(client, is_staff=True)

    assert url("dataset-new") in client.get(url("datasets")).text


def test_the_list_costs_the_same_however_many_there_are(client, django_assert_num_queries):
    signed_in(client, is_staff=True)
    for dataset in DatasetFactory.create_batch(9):
        CategoryFactory(dataset=dataset)
        ConversationFactory.create_batch(2, dataset=dataset)

    # Expect 4 queries: the session, how many there are, those of this page, the
    # bell
    with django_assert_num_queries(4):
        client.get(url("datasets"))


def test_its_sums_do_not_multiply(client, dataset):
    CategoryFactory.create_batch(3, dataset=dataset, target=10)
    ConversationFactory.create_batch(4, dataset=dataset)

    found = Dataset.objects.for_listing().get()

    assert (found.conversation_count, found.complete_count, found.target) == (4, 0, 30)
    assert found.version_count == 0


def test_an_admin_starts_a_dataset(client):
    admin = signed_in(client, is_staff=True)

    response = client.post(url("dataset-new"), NEW)

    assert response.url == url("people", "support")
    dataset = Dataset.objects.get()
    assert dataset.languages == ["en", "de"]
    assert dataset.policy.reviews_wanted == 2
    assert dataset.guideline_in_force().text == "Be kind."
    assert Event.objects.filter(kind="dataset.created", by=admin).exists()


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("slug", "new", "is taken by this page"),
        ("slug", "no spaces", "valid"),
        ("languages", "english", "is not a language code"),
        ("languages", "", "This field is required"),
        ("approvals_needed", "3", "more of these than reviews"),
        ("replies_wanted", "0", "greater than or equal to 1"),
        ("held_out_percent", "60", "less than or equal to 50"),
        ("title", "nul \0 here", "Null characters"),
    ],
)
def test_what_is_wrong_with_a_new_dataset_is_said_at_the_field(client, field, value, error):
    signed_in(client, is_staff=True)

    response = client.post(url("dataset-new"), {**NEW, field: value})

    assert response.status_code == 422
    assert error in response.text
    assert "What our help desk says." in response.text
    assert not Dataset.objects.exists()


def test_a_taken_name_is_refused_with_what_was_typed(client, dataset):
    signed_in(client, is_staff=True)

    response = client.post(url("dataset-new"), {**NEW, "slug": dataset.slug})

    assert response.status_code == 422
    assert "Another dataset has this short name." in response.text


def test_only_an_admin_starts_datasets(client, dataset):
    signed_in(client, dataset, "curator")

    assert client.get(url("dataset-new")).status_code == 404
    assert client.post(url("dataset-new"), NEW).status_code == 404


def test_the_overview_says_how_it_goes(client, dataset):
    category = CategoryFactory(dataset=dataset, target=7)
    MessageFactory(conversation__dataset=dataset, conversation__category=category)
    held(dataset)
    signed_in(client, dataset)

    page = client.get(url("dataset", dataset.slug))

    assert "0 of 7" in page.text
    assert "Be kind." in page.text
    assert "Texts to review" in page.text
    assert "Held for a curator" in page.text
    assert url("rules", dataset.slug) not in page.text


@pytest.mark.parametrize("name", ["dataset", "guideline", "people", "versions", "rules"])
def test_other_peoples_datasets_do_not_exist(client, dataset, name):
    signed_in(client, DatasetFactory(), "curator")

    assert client.get(url(name, dataset.slug)).status_code == 404
    assert client.post(url(name, dataset.slug)).status_code in (404, 405)


@pytest.mark.parametrize("name", ["datasets", "dataset-new", "me", "instance"])
def test_strangers_are_asked_to_sign_in(client, name):
    assert client.get(url(name)).status_code == 302


def test_the_list_of_conversations_is_filtered(client, dataset):
    category = CategoryFactory(dataset=dataset)
    old = MessageFactory(conversation__dataset=dataset, text="The first")
    MessageFactory(
        conversation__dataset=dataset, conversation__category=category, text="Two"
    )
    old.conversation.state = Conversation.State.GROWING
    old.conversation.save()
    signed_in(client, dataset)

    growing = client.get(url("dataset", dataset.slug), {"state": "growing"}).text
    of_category = client.get(url("dataset", dataset.slug), {"category": category.slug}).text

    assert "The first" in growing
    assert "Two" not in growing
    assert "Two" in of_category
    assert "The first" not in of_category


@pytest.mark.parametrize("value", ["nonsense", "\0", "'; drop table", "x" * 5000])
def test_an_unknown_filter_is_no_filter(client, dataset, value):
    MessageFactory(conversation__dataset=dataset, text="The first")
    signed_in(client, dataset)

    asked = {"state": value, "category": value, "page": value}
    page = client.get(url("dataset", dataset.slug), asked)

    assert page.status_code == 200
    assert "The first" in page.text


def test_a_held_prompt_is_listed_without_its_words_for_all_but_curators(client, dataset):
    prompt = MessageFactory(conversation__dataset=dataset, text="A secret name")
    prompt.state, prompt.decided_at = Message.State.HELD, prompt.created_at
    prompt.save()
    signed_in(client, dataset, "reviewer")
    path = url("dataset", dataset.slug)

    assert "A secret name" not in client.get(path).text

    signed_in(client, dataset, "curator")
    assert "A secret name" in client.get(path).text


def test_the_overview_costs_the_same_however_much_there_is(client, dataset):
    def make_more():
        for _ in range(5):
            category = CategoryFactory(dataset=dataset)
            MessageFactory(conversation__dataset=dataset, conversation__category=category)
            ContributorFactory(member=dataset)

    signed_in(client, dataset, "curator")
    make_more()
    before = queries(client, url("dataset", dataset.slug))
    make_more()

    # Expect 13 queries: the session, the dataset, the role, the categories, how
    # many conversations, those of this page, their prompts, the guideline, the members,
    # the states, what waits, what is flagged, the bell
    assert (before, queries(client, url("dataset", dataset.slug))) == (13, 13)


@pytest.mark.parametrize(
    "name",
    ["dataset", "people", "flags", "gold", "rules", "agreement", "imports", "given"],
)
def test_where_one_is_is_a_tab_and_the_rest_is_under_more(client, dataset, name):
    signed_in(client, dataset, "curator")
    here = (
        reverse("annotate:allotments", args=[dataset.slug])
        if name == "given"
        else url(name, dataset.slug)
    )

    page = client.get(here).text

    tabs, more = page.split('<nav class="tabs', 1)[1].split("<details", 1)
    assert re.findall(r'href="([^"]+)" aria-current="page"', tabs) == [here]
    leads = re.findall(r'href="([^"]+)"', more.split("</details>", 1)[0])
    assert here not in leads
    assert len(re.findall("href=", tabs)) + len(leads) == 12


def test_only_curators_have_more_than_fits_in_a_line(client, dataset):
    signed_in(client, dataset, "reviewer")

    page = client.get(url("dataset", dataset.slug)).text

    tabs = page.split('<nav class="tabs', 1)[1].split("</nav>", 1)[0]
    assert len(re.findall("href=", tabs)) == 6
    assert "<details" not in tabs

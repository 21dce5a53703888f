from __future__ import annotations

import pytest

from curation.models import Category, Event, Policy
from tests.curation.pages import queries, signed_in, url
from tests.factories import CategoryFactory, DatasetFactory

pytestmark = pytest.mark.django_db
RULES = {
    "reviews_wanted": "3",
    "approvals_needed": "2",
    "rankings_wanted": "1",
    "replies_wanted": "3",
    "max_depth": "4",
    "open_conversations": "20",
    "lease_minutes": "30",
    "held_out_percent": "10",
}
CATEGORY = {"name": "Open questions", "slug": "open", "brief": "Ask away.", "target": "40"}


@pytest.fixture
def dataset():
    return DatasetFactory()


def test_a_curator_sets_the_rules(client, dataset):
    curator = signed_in(client, dataset, "curator")

    assert client.post(url("rules", dataset.slug), RULES).status_code == 302

    policy = Policy.objects.get(dataset=dataset)
    assert (policy.reviews_wanted, policy.approvals_needed) == (3, 2)
    event = Event.objects.get(kind="policy.changed", by=curator)
    assert event.data["before"]["reviews_wanted"] == 1


@pytest.mark.parametrize(
    "wrong",
    [{"reviews_wanted": "0"}, {"approvals_needed": "4"}, {"max_depth": ""},
     {"lease_minutes": "x"}, {"held_out_percent": "51"}, {"replies_wanted": "9" * 30}],
)  # fmt: skip
def test_rules_that_cannot_be_are_refused_at_their_field(client, dataset, wrong):
    signed_in(client, dataset, "curator")

    response = client.post(url("rules", dataset.slug), {**RULES, **wrong})

    assert response.status_code == 422
    assert "field__error" in response.text or "errorlist" in response.text
    assert Policy.objects.get(dataset=dataset).reviews_wanted == 1


@pytest.mark.parametrize("roles", [["writer"], ["reviewer"]])
def test_the_rules_are_the_curators(client, dataset, roles):
    category = CategoryFactory(dataset=dataset)
    signed_in(client, dataset, *roles)

    assert client.get(url("rules", dataset.slug)).status_code == 404
    assert client.post(url("rules", dataset.slug), RULES).status_code == 404
    assert client.get(url("category-new", dataset.slug)).status_code == 404
    assert client.post(url("category", dataset.slug, category.pk), {}).status_code == 404


def test_a_curator_adds_a_category(client, dataset):
    curator = signed_in(client, dataset, "curator")

    assert client.get(url("category-new", dataset.slug)).status_code == 200
    response = client.post(url("category-new", dataset.slug), CATEGORY)

    assert response.url == url("rules", dataset.slug)
    category = Category.objects.get(dataset=dataset)
    assert (category.slug, category.target, category.needs_context) == ("open", 40, False)
    assert Event.objects.filter(kind="category.added", by=curator).exists()
    assert "Open questions" in client.get(url("rules", dataset.slug)).text


def test_two_categories_cannot_have_one_name(client, dataset):
    CategoryFactory(dataset=dataset, slug="open")
    signed_in(client, dataset, "curator")

    response = client.post(url("category-new", dataset.slug), CATEGORY)

    assert response.status_code == 422
    assert "A category of this dataset has this short name." in response.text
    assert "Ask away." in response.text


def test_a_curator_raises_a_target(client, dataset):
    category = CategoryFactory(dataset=dataset, slug="open", target=10)
    curator = signed_in(client, dataset, "curator")

    response = client.post(url("category", dataset.slug, category.pk), CATEGORY)

    assert response.status_code == 302
    category.refresh_from_db()
    assert (category.target, category.slug) == (40, "open")
    event = Event.objects.get(kind="category.changed", by=curator)
    assert (event.data["before"]["target"], event.data["after"]["target"]) == (10, 40)


def test_a_category_is_changed_only_in_its_own_dataset(client, dataset):
    elsewhere = CategoryFactory()
    signed_in(client, dataset, "curator")

    path = url("category", dataset.slug, elsewhere.pk)
    assert client.post(path, CATEGORY).status_code == 404


def test_they_cost_the_same_however_many_categories_there_are(client, dataset):
    CategoryFactory(dataset=dataset)
    signed_in(client, dataset, "curator")
    before = queries(client, url("rules", dataset.slug))
    CategoryFactory.create_batch(9, dataset=dataset)

    # Expect 6 queries: the session, the dataset, the role, the categories, what
    # is flagged, the bell
    assert (before, queries(client, url("rules", dataset.slug))) == (6, 6)


def test_what_is_left_empty_is_none_or_as_usual(client, dataset):
    signed_in(client, dataset, "curator")

    sent = {**RULES, "rankings_wanted": "7", "gold_every": "", "weekly_goal": "40"}
    assert client.post(url("rules", dataset.slug), sent).status_code == 302

    policy = Policy.objects.get(dataset=dataset)
    assert (policy.rankings_at_most, policy.gold_every, policy.weekly_goal) == (7, 0, 40)
    assert (policy.adjudicates, policy.improve_below) == (False, 0)


@pytest.mark.parametrize(
    "wrong", [{"rankings_wanted": "3", "rankings_at_most": "2"},
              {"rankings_at_most": "10"}, {"improve_below": "6"}, {"gold_every": "-1"}],
)  # fmt: skip
def test_rules_that_contradict_each_other_are_refused(client, dataset, wrong):
    signed_in(client, dataset, "curator")

    response = client.post(url("rules", dataset.slug), {**RULES, **wrong})

    assert response.status_code == 422
    assert Policy.objects.get(dataset=dataset).reviews_wanted == 1


def test_topics_are_told_apart_by_commas(client, dataset):
    category = CategoryFactory(dataset=dataset, topics=["old"])
    signed_in(client, dataset, "curator")
    path = url("category", dataset.slug, category.pk)
    assert 'value="old"' in client.get(path).text

    client.post(path, {**CATEGORY, "topics": " sea, birds ,, sea"})
    refused = client.post(path, {**CATEGORY, "topics": "x" * 41})

    category.refresh_from_db()
    assert category.topics == ["sea", "birds"]
    assert refused.status_code == 422

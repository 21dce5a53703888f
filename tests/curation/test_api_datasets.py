from __future__ import annotations

import pytest
from django.urls import reverse

from tests.curation.pages import frozen, queries, signed_in
from tests.factories import CategoryFactory, DatasetFactory, MessageFactory

pytestmark = pytest.mark.django_db
LIST = "/api/v1/datasets/"


@pytest.fixture
def dataset():
    return DatasetFactory()


def test_it_has_a_name():
    assert reverse("api:dataset-list") == LIST


def test_strangers_are_refused(client, dataset):
    assert client.get(LIST).status_code == 401
    assert client.get(f"{LIST}{dataset.slug}/").status_code == 401


def test_a_member_lists_their_datasets(client, dataset):
    DatasetFactory()
    CategoryFactory(dataset=dataset, target=7)
    MessageFactory(conversation__dataset=dataset)
    signed_in(client, dataset)

    (found,) = client.get(LIST).json()["results"]

    assert found["slug"] == dataset.slug
    assert (found["conversation_count"], found["target"]) == (1, 7)
    assert set(found) == {
        "slug", "title", "description", "shape", "languages", "licence", "created_at",
        "archived_at", "conversation_count", "complete_count", "version_count", "target",
    }  # fmt: skip


def test_a_member_reads_one(client, dataset):
    signed_in(client, dataset)

    assert client.get(f"{LIST}{dataset.slug}/").json()["title"] == dataset.title


def test_other_peoples_datasets_do_not_exist(client, dataset):
    signed_in(client, DatasetFactory(), "curator")

    assert client.get(f"{LIST}{dataset.slug}/").status_code == 404


@pytest.mark.parametrize("method", ["put", "delete"])
def test_nothing_is_replaced_or_deleted_here(client, dataset, method):
    signed_in(client, is_staff=True)
    send = getattr(client, method)

    path = f"{LIST}{dataset.slug}/"
    assert send(path, {}, content_type="application/json").status_code == 405


@pytest.mark.parametrize("slug", ["%00", "a%00b", "x" * 3000, "..", "%ff"])
def test_a_name_that_cannot_be_is_a_404(client, slug):
    signed_in(client, is_staff=True)

    assert client.get(f"{LIST}{slug}/").status_code == 404


@pytest.mark.parametrize(
    "cursor", ["%00", "x", "cD0AAA==", "cD0lMDA=", "bz05OTk5OTk5OTk5OTk5"]
)
def test_a_cursor_that_somebody_made_up_is_a_404(client, dataset, cursor):
    signed_in(client, dataset)

    assert client.get(f"{LIST}?cursor={cursor}").status_code in (200, 404)


def test_long_lists_come_in_pages(client):
    signed_in(client, is_staff=True)
    slugs = sorted(dataset.slug for dataset in DatasetFactory.create_batch(120))

    first = client.get(LIST).json()
    second = client.get(first["next"]).json()

    assert [d["slug"] for d in first["results"] + second["results"]] == slugs
    assert second["next"] is None


def test_it_costs_the_same_however_many_there_are(client, dataset):
    signed_in(client, is_staff=True)
    frozen(dataset)
    before = queries(client, LIST)
    for other in DatasetFactory.create_batch(5):
        frozen(other)

    # Expect 2 queries: the session, the datasets
    assert (before, queries(client, LIST)) == (2, 2)

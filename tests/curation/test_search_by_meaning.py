"""Texts are found by what they mean, whatever their words."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import pytest

from curation.models import Message
from tests.curation.meanings import (
    BREAD,
    CAR,
    WAGEN,
    dataset,
    embed_all,
    nothing_kept,
    wrote,
)
from tests.curation.pages import signed_in, url
from tests.factories import DatasetFactory

pytestmark = pytest.mark.django_db


# ---- searching by meaning ----------------------------------------------------------
def browse(client, query):
    return client.get(f"{url('browse', 'd')}?{query}")


def texts(page):
    return [one.excerpt for one in page.context["found"]]


@pytest.fixture
def shelf(embedder, dataset):
    for text in (BREAD, WAGEN, "Where do owls sleep?"):
        wrote(dataset, text)
    wrote(dataset, CAR, accepted=True)
    embed_all()
    return dataset


def test_words_are_searched_for_by_what_they_mean(client, embedder, shelf):
    signed_in(client, shelf, "writer")
    page = browse(client, "q=fix+a+car&by=meaning")

    assert set(texts(page)[:2]) == {CAR, WAGEN}
    assert len(texts(page)) == 4, "the nearest first, and then the others"
    assert 'value="meaning" checked' in page.content.decode()
    assert texts(browse(client, "q=fix+a+car")) == []


def test_a_search_is_sent_to_the_embedder_once_for_all_its_pages(client, embedder, shelf):
    signed_in(client, shelf, "writer")
    before = len(embedder.asked)

    browse(client, "q=fix+a+car&by=meaning")
    browse(client, "q=fix+a+car&by=meaning&state=accepted")

    assert len(embedder.asked) == before + 1
    assert embedder.texts[-1] == "fix a car"


def test_filters_narrow_it_and_keep_how_it_searches(client, embedder, shelf):
    signed_in(client, shelf, "writer")
    page = browse(client, "q=fix+a+car&by=meaning&state=accepted")

    assert texts(page) == [CAR]
    assert all(
        "by=meaning" in option.address
        for group in page.context["groups"]
        for option in group.options
    )
    assert "by=" not in page.context["everything"]


def test_it_turns_pages_from_the_nearest_on(client, embedder, shelf):
    for n in range(40):
        wrote(shelf, f"Owls and kites, part {n}")
    embed_all()
    signed_in(client, shelf, "writer")
    first = browse(client, "q=fix+a+car&by=meaning")
    second = browse(client, first.context["following"])

    assert (len(texts(first)), len(texts(second))) == (25, 19)
    assert not set(texts(first)) & set(texts(second))


def test_while_the_embedder_is_silent_nothing_else_is_passed_off_as_found(
    client, embedder, shelf
):
    embedder.status = 500
    signed_in(client, shelf, "curator")
    page = browse(client, "q=car&by=meaning")

    assert texts(page) == []
    assert "does not work at the moment" in page.content.decode()
    assert page.context["by_words"] == "q=car"

    sent = {"verb": "hold", "scope": "all", "why": "All of them."}
    done = client.post(f"{url('browse-do', 'd')}?q=car&by=meaning", sent)
    assert done.status_code == 422
    assert not Message.objects.filter(state=Message.State.HELD).exists()


def test_other_datasets_are_not_searched(client, embedder, shelf):
    wrote(DatasetFactory(), CAR)
    embed_all()
    signed_in(client, shelf, "writer")

    assert len(texts(browse(client, "q=fix+a+car&by=meaning"))) == 4


@pytest.mark.parametrize("query", ["by=meaning", "by=meaning&q=", "by=nonsense&q=car"])
def test_an_odd_address_is_an_ordinary_search(client, embedder, shelf, query):
    signed_in(client, shelf, "writer")
    before = len(embedder.asked)

    assert browse(client, query).status_code == 200
    assert len(embedder.asked) == before

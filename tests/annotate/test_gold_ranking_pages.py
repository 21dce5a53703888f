"""Curators make known rankings from a conversation, and see how people did."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import pytest

from curation.actions import gold_rankings
from curation.errors import CurationError, NotAllowed
from curation.models import GoldRanking, Settlement
from tests.annotate.known_rankings import (
    answered,
    answers_of,
    curator,
    dataset,
    given,
    known,
    reviewer,
)
from tests.curation.pages import url
from tests.factories import ContributorFactory, MessageFactory

pytestmark = pytest.mark.django_db


# ---- made from the page ----------------------------------------------------------------
def test_a_curator_makes_one_from_a_conversation_and_sees_how_people_did(
    client, dataset, curator, reviewer
):
    prompt = answered(dataset)
    client.force_login(curator)
    page = client.get(url("conversation", dataset.slug, prompt.conversation_id)).text
    assert "Use the order of its answers as a known item" in page
    first, second, third = answers_of(prompt)

    places = {f"place_{first}": "2", f"place_{second}": "1", f"place_{third}": "2"}
    path = url("gold-ranking-make", dataset.slug, prompt.pk)
    response = client.post(path, {**places, "why": "The second is right."})

    assert response.status_code == 302
    item = GoldRanking.objects.get()
    assert (item.order, item.made_by) == ([[second], [first, third]], curator)
    given(item, reviewer, 2, 1, 3)
    page = client.get(url("gold", dataset.slug)).text
    assert "The second is right." in page
    assert "1 of 1 person ordered so." in page
    assert "Rex R" in page
    retire = url("gold-ranking-retire", dataset.slug, item.pk)
    assert "Retired" in client.post(retire, follow=True).text
    item.refresh_from_db()
    assert item.retired_at is not None
    page = client.get(url("conversation", dataset.slug, prompt.conversation_id)).text
    assert "Use the order of its answers as a known item" in page


def test_what_people_agreed_on_is_suggested(client, dataset, curator):
    prompt = answered(dataset)
    first, second, third = answers_of(prompt)
    Settlement.objects.create(
        prompt=prompt, order=[[second], [first], [third]], ballots=3, agreement=0.9,
        status="consensus",
    )  # fmt: skip
    client.force_login(curator)

    [(asked, answers, form)] = client.get(url("gold", dataset.slug)).context[
        "suggested_rankings"
    ]

    assert (asked, len(answers)) == (prompt, 3)
    assert form[f"place_{second}"].initial == 1
    assert form[f"place_{third}"].initial == 3


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"why": ""}, 422, "A known ranking"),
        ({"first": "9"}, 422, "A known ranking"),
        ({"first": "1", "second": "1", "third": "1"}, 409, "which answer is better"),
    ],
)
def test_what_makes_no_sense_is_refused(client, dataset, curator, change, status, said):
    prompt = answered(dataset)
    client.force_login(curator)
    sent = {"first": "1", "second": "2", "third": "3", "why": "So.", **change}
    named = zip(answers_of(prompt), ("first", "second", "third"), strict=True)
    fields = {f"place_{pk}": sent[name] for pk, name in named}

    path = url("gold-ranking-make", dataset.slug, prompt.pk)
    response = client.post(path, {**fields, "why": sent["why"]})

    assert response.status_code == status
    assert said in response.text
    assert not GoldRanking.objects.exists()


def test_the_record_refuses_what_cannot_be_ranked(dataset, curator):
    undecided = MessageFactory(conversation__dataset=dataset)
    with pytest.raises(CurationError):
        gold_rankings.make(prompt_id=undecided.pk, by=curator, placed={}, why="So.")
    lone = answered(dataset, 1)
    with pytest.raises(CurationError, match="two to 9 answers"):
        gold_rankings.make(
            prompt_id=lone.pk, by=curator, placed={answers_of(lone)[0]: 1}, why="So."
        )
    prompt = answered(dataset)
    with pytest.raises(CurationError, match="have changed"):
        some = dict.fromkeys(answers_of(prompt)[:2], 1)
        gold_rankings.make(prompt_id=prompt.pk, by=curator, placed=some, why="So.")
    with pytest.raises(NotAllowed):
        known(dataset, ContributorFactory(member=dataset))


def test_known_rankings_are_the_curators(client, dataset, curator, reviewer):
    item = known(dataset, curator)

    path = url("gold-ranking-make", dataset.slug, item.prompt_id)
    assert client.post(path, {"why": "So."}).status_code == 404
    path = url("gold-ranking-retire", dataset.slug, item.pk)
    assert client.post(path).status_code == 404
    page = client.get(url("conversation", dataset.slug, item.prompt.conversation_id))
    assert "nown item" not in page.text

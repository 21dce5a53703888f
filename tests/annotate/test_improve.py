"""An answer that people found lacking is written anew, beside the original."""

from __future__ import annotations

import pytest
from django.urls import reverse

from curation.models import Ballot, Label, Message, Review
from tests.annotate.work import claim, planned, submit
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(
        policy__replies_wanted=1, policy__max_depth=2, policy__improve_below=2
    )


@pytest.fixture
def poor(dataset):
    """An accepted answer that a reviewer rated 2 of 5."""
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    answer = ReplyFactory(parent=prompt, accepted=True, text="It just is.")
    reviewer = ContributorFactory(member=dataset)
    review = Review.objects.create(message=answer, reviewer=reviewer, verdict="accept")
    Label.objects.create(review=review, name="quality", value=2)
    return planned(answer)


@pytest.fixture
def writer(client, dataset):
    writer = ContributorFactory(member=dataset, member__roles=["writer"])
    client.force_login(writer)
    return writer


def test_the_page_begins_with_the_original_and_says_why(client, poor, writer):
    slot = claim(client, kind="improve")

    html = client.get(reverse("annotate:task", args=[slot.pk])).text

    assert poor.parent.text in html
    assert "It just is.</textarea>" in html
    assert "One reviewer rated its quality 2.0 of 5." in html
    assert 'data-original="It just is."' in html


def test_it_says_when_people_found_none_good(client, dataset, poor, writer):
    Ballot.objects.create(
        prompt=poor.parent,
        ranker=ContributorFactory(),
        outcome="none_good",
        protocol="ranking",
    )
    slot = claim(client, kind="improve")

    html = client.get(reverse("annotate:task", args=[slot.pk])).text

    assert "One person who compared the answers said that none is good." in html


def test_the_rewrite_stands_beside_the_original_and_goes_to_review(client, poor, writer):
    slot = claim(client, kind="improve")

    response = submit(client, slot, text="It is so because light scatters.")

    assert response.status_code == 302
    rewrite = Message.objects.get(revises=poor)
    assert (rewrite.parent, rewrite.author, rewrite.state) == (
        poor.parent,
        writer,
        "submitted",
    )
    poor.refresh_from_db()
    assert (poor.state, poor.text) == ("accepted", "It just is.")


@pytest.mark.parametrize("text", ["It just is.", "  It just is.\r\n"])
def test_the_same_text_is_refused_with_a_reason(client, poor, writer, text):
    slot = claim(client, kind="improve")

    response = submit(client, slot, text=text)

    assert response.status_code == 422
    assert "the same text as before" in response.text
    assert not Message.objects.filter(revises=poor).exists()


def test_nobody_improves_their_own_answer(client, poor):
    client.force_login(poor.author)

    assert claim(client, kind="improve") is None

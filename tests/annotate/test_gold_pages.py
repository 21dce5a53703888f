"""What curators see of known items, and how they make them."""

from __future__ import annotations

import pytest

from curation.actions import (
    conversations,
    gold,
    gold_rankings,
    messages,
    withdrawals,
)
from curation.models import Event, Review
from tests.annotate.known_items import known
from tests.curation.pages import url
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__gold_every=3, policy__open_conversations=50)


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


@pytest.fixture
def reviewer(client, dataset):
    reviewer = ContributorFactory(member=dataset, member__roles=["reviewer"])
    client.force_login(reviewer)
    return reviewer


def test_a_curator_adds_one_from_a_decided_text_and_sees_how_people_did(client, dataset):
    curator = ContributorFactory(member=dataset, member__roles=["curator"], name="Cora")
    reviewer = ContributorFactory(member=dataset, name="Rex Reviewer")
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    client.force_login(curator)
    page = client.get(url("conversation", dataset.slug, prompt.conversation_id)).text
    assert "Use as a known item" in page

    sent = {"verdict": "accept", "why": "Plain and right."}
    response = client.post(url("gold-make", dataset.slug, prompt.pk), sent)

    assert response.status_code == 302
    gold.answer(message_id=prompt.pk, by=reviewer, verdict="reject", reason="wrong")
    page = client.get(url("gold", dataset.slug)).text
    assert "Plain and right." in page
    assert "Rex Reviewer" in page
    assert "0 of 1 person decided so." in page


def test_undecided_texts_are_refused(client, dataset, curator):
    client.force_login(curator)
    prompt = MessageFactory(conversation__dataset=dataset)

    sent = {"verdict": "accept", "why": "Right."}
    response = client.post(url("gold-make", dataset.slug, prompt.pk), sent)

    assert response.status_code == 409
    assert "accepted or rejected" in response.text


def test_known_items_are_the_curators(client, dataset, curator, reviewer):
    item = known(dataset, curator)

    assert client.get(url("gold", dataset.slug)).status_code == 404
    sent = {"verdict": "accept", "why": "Right."}
    path = url("gold-make", dataset.slug, item.message_id)
    assert client.post(path, sent).status_code == 404
    assert client.post(url("gold-retire", dataset.slug, item.pk)).status_code == 404
    page = client.get(url("conversation", dataset.slug, item.message.conversation_id))
    assert "nown item" not in page.text


def test_of_a_pair_its_answer_is_the_item(dataset, curator):
    pairs = DatasetFactory(pairs=True)
    prompt = MessageFactory(accepted=True, conversation__dataset=pairs)
    curator = ContributorFactory(member=pairs, member__roles=["curator"])
    answer = ReplyFactory(accepted=True, parent=prompt)
    conversations.advance(prompt.conversation)

    assert gold.make(message_id=answer.pk, by=curator, verdict="accept", why="Right.")
    with pytest.raises(Exception, match="reviewed by its answer"):
        gold.make(message_id=prompt.pk, by=curator, verdict="accept", why="Right.")


def test_words_that_were_taken_back_or_held_are_nobodys_example(client, dataset, curator):
    client.force_login(curator)
    gone = known(dataset, curator, text="Taken back since.")
    aside = known(dataset, curator, text="Set aside since.")
    withdrawals.take_back(message_id=gone.message_id, by=gone.message.author)
    keeper = ContributorFactory(member=dataset)
    messages.hold(message_id=aside.message_id, by=keeper, why="It names a person.")

    page = client.get(url("gold", dataset.slug)).text

    gone.refresh_from_db()
    aside.refresh_from_db()
    assert (gone.retired_at is None, aside.retired_at is None) == (False, True)
    assert "Taken back since." not in page and "Set aside since." not in page
    assert "This text was taken back." in page
    assert "A curator looks at this text first." in page


def test_what_stands_under_held_words_is_not_suggested(client):
    pairs = DatasetFactory(pairs=True)
    client.force_login(ContributorFactory(member=pairs, member__roles=["curator"]))
    for text, state in (("Held words.", "held"), ("Plain words.", "accepted")):
        prompt = MessageFactory(
            accepted=True, conversation__dataset=pairs, text=text, state=state
        )
        answer = ReplyFactory(accepted=True, parent=prompt)
        Review.objects.create(
            message=answer, reviewer=ContributorFactory(member=pairs), verdict="accept"
        )

    page = client.get(url("gold", pairs.slug)).text

    assert "Plain words." in page
    assert "Held words." not in page


def test_a_known_ranking_of_a_text_that_was_taken_back_is_retired(dataset, curator):
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    best, other = (ReplyFactory(parent=prompt, accepted=True) for _ in range(2))
    item = gold_rankings.make(
        prompt_id=prompt.pk, by=curator, placed={best.pk: 1, other.pk: 2}, why="Clear."
    )

    withdrawals.take_back(message_id=other.pk, by=other.author)

    item.refresh_from_db()
    assert item.retired_at is not None
    assert Event.objects.filter(kind="gold.retired", subject_id=item.pk).exists()

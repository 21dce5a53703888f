from __future__ import annotations

import pytest
from django.urls import reverse

from annotate import planner
from curation.actions import messages
from curation.models import Message, Review
from tests.annotate.work import claim, planned, slots, submit
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(
        policy__reviews_wanted=2, policy__approvals_needed=2, policy__adjudicates=True
    )


@pytest.fixture
def split(dataset):
    """A prompt that one reviewer accepts and another rejects."""
    prompt = planned(MessageFactory(conversation__dataset=dataset, text="Why is it so?"))
    pro, contra = ContributorFactory.create_batch(2, member=dataset)
    pro.name, contra.name = "Petra Pro", "Conrad Contra"
    pro.save()
    contra.save()
    messages.review(message_id=prompt.pk, by=pro, verdict="accept", labels={"quality": 4})
    messages.review(
        message_id=prompt.pk, by=contra, verdict="reject", reason="unclear",
        note="What is “it”?",
    )  # fmt: skip
    planner.plan(prompt.conversation_id)
    return prompt


@pytest.fixture
def curator(client, dataset):
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    client.force_login(curator)
    return curator


def state_of(message):
    return Message.objects.get(pk=message.pk).state


def test_it_shows_what_reviewers_said_without_their_names(client, split, curator):
    slot = claim(client, kind="adjudicate")

    page = client.get(reverse("annotate:task", args=[slot.pk])).text

    assert "Unclear or badly written" in page
    assert "What is “it”?" in page
    assert "4 of 5" in page
    assert "Petra" not in page
    assert "Conrad" not in page


@pytest.mark.parametrize(
    ("said", "state"),
    [({"verdict": "accept", "note": "Plain enough."}, "accepted"),
     ({"verdict": "reject", "reason": "unclear"}, "rejected")],
)  # fmt: skip
def test_the_last_word_decides_alone(client, split, curator, said, state):
    submit(client, claim(client, kind="adjudicate"), **said)

    assert state_of(split) == state
    assert Review.objects.get(reviewer=curator).is_final


def test_a_final_edit_is_accepted_as_it_stands(client, split, curator):
    submit(
        client, claim(client, kind="adjudicate"), verdict="edit",
        edited_text="Why is the sky so?",
    )  # fmt: skip

    revision = Message.objects.get(revises=split)
    assert (state_of(split), revision.state) == ("rejected", "accepted")
    assert not slots(message=revision, state="open", kind="review").exists()


def test_reviewers_are_not_asked_to_settle(client, dataset, split):
    client.force_login(ContributorFactory(member=dataset))

    assert claim(client, kind="adjudicate") is None
    assert claim(client, kind="review") is None


def test_a_rejection_needs_its_reason_here_too(client, split, curator):
    response = submit(
        client, claim(client, kind="adjudicate"), verdict="reject", note="Hm."
    )

    assert response.status_code == 422
    assert "Hm." in response.text
    assert state_of(split) == "submitted"


@pytest.mark.parametrize("order", [("accept", "reject"), ("reject", "accept")])
def test_both_are_heard_whoever_comes_first(dataset, order):
    prompt = planned(MessageFactory(conversation__dataset=dataset))
    for verdict in order:
        reason = "unclear" if verdict == "reject" else ""
        messages.review(
            message_id=prompt.pk,
            by=ContributorFactory(member=dataset),
            verdict=verdict,
            reason=reason,
        )
    planner.plan(prompt.conversation_id)

    assert state_of(prompt) == "submitted"
    assert slots(kind="adjudicate", state="open").count() == 1


def test_two_who_agree_decide_without_a_curator(dataset):
    prompt = planned(MessageFactory(conversation__dataset=dataset))
    for _ in range(2):
        messages.review(
            message_id=prompt.pk,
            by=ContributorFactory(member=dataset),
            verdict="reject",
            reason="unclear",
        )

    assert state_of(prompt) == "rejected"

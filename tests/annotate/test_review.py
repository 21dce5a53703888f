from __future__ import annotations

import pytest
from django.urls import reverse

from annotate import planner
from annotate.models import Assignment
from annotate.screens.review import marked
from curation.actions import messages
from curation.models import Finding, Label, Message, Review
from tests.annotate.work import claim, planned, submit
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    PairFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def reviewer(client, dataset):
    reviewer = ContributorFactory(member=dataset, member__roles=["reviewer"])
    client.force_login(reviewer)
    return reviewer


def test_accepting_a_prompt_asks_others_for_answers(client, dataset, reviewer):
    prompt = planned(MessageFactory(conversation__dataset=dataset))

    submit(client, claim(client), verdict="accept")

    prompt.refresh_from_db()
    assert prompt.state == Message.State.ACCEPTED
    assert Assignment.objects.filter(kind="answer", state="open").exists()


def test_what_a_check_saw_in_the_passage_is_marked_there():
    prompt = MessageFactory(text="Who is it for?", context="Write to ada@byron.net now.")
    finding = Finding(
        message=prompt, check_name="context.personal_data.email", spans=[[9, 22]]
    )

    assert marked(prompt, finding) == [
        ("Write to ", False),
        ("ada@byron.net", True),
        (" now.", False),
    ]
    finding.check_name = "personal_data.email"
    assert marked(prompt, finding) == []


def test_rejecting_needs_a_reason(client, dataset, reviewer):
    planned(MessageFactory(conversation__dataset=dataset))

    response = submit(client, claim(client), verdict="reject", note="Hm.")

    assert response.status_code == 422
    assert "Choose a reason" in response.text
    assert "Hm." in response.text
    assert not Review.objects.exists()


def test_the_author_is_told_why(client, dataset, reviewer):
    prompt = planned(MessageFactory(conversation__dataset=dataset))

    submit(client, claim(client), verdict="reject", reason="unclear", note="Which boat?")

    prompt.refresh_from_db()
    assert prompt.state == Message.State.REJECTED
    assert prompt.why == "Unclear or badly written. Which boat?"


def test_an_edit_stands_beside_the_original(client, dataset, reviewer):
    prompt = planned(MessageFactory(conversation__dataset=dataset, text="Wat is a gnat?"))

    submit(client, claim(client), verdict="edit", edited_text="What is a gnat?")

    prompt.refresh_from_db()
    revision = Message.objects.get(revises=prompt)
    assert (prompt.text, prompt.state) == ("Wat is a gnat?", "rejected")
    assert (revision.text, revision.state, revision.author) == (
        "What is a gnat?",
        "accepted",
        reviewer,
    )


def test_unanswered_labels_are_absent_not_zero(client, dataset, reviewer):
    planned(MessageFactory(conversation__dataset=dataset))

    submit(client, claim(client), verdict="accept", label_quality="4", label_spam="0")

    assert dict(Label.objects.values_list("name", "value")) == {"quality": 4, "spam": 0}


def test_a_pair_is_accepted_whole(client):
    answer = planned(PairFactory())
    client.force_login(ContributorFactory(member=answer.conversation.dataset))
    slot = claim(client, kind="review")
    page = client.get(reverse("annotate:task", args=[slot.pk]))
    assert answer.text in page.text
    assert answer.parent.text in page.text

    submit(client, slot, verdict="accept")

    states = Message.objects.values_list("state", flat=True)
    assert list(states) == ["accepted", "accepted"]


def test_the_author_is_not_named_to_the_reviewer(client, dataset, reviewer):
    author = ContributorFactory(name="Zebediah Quill")
    planned(MessageFactory(conversation__dataset=dataset, author=author))

    page = client.get(reverse("annotate:task", args=[claim(client).pk]))

    assert "Zebediah" not in page.text


def test_own_text_is_never_offered(client, dataset, reviewer):
    planned(MessageFactory(conversation__dataset=dataset, author=reviewer))

    assert claim(client, kind="review") is None


def test_it_says_so_when_someone_else_decided_first(client, dataset, reviewer):
    prompt = planned(MessageFactory(conversation__dataset=dataset))
    slot = claim(client)
    Message.objects.filter(pk=prompt.pk).update(state="held", decided_at=prompt.created_at)

    response = submit(client, slot, verdict="reject", reason="spam", note="Looks odd.")

    assert response.status_code == 409
    assert "This message is already held." in response.text
    assert "Looks odd." in response.text


def test_what_was_skipped_does_not_come_back(client, dataset, reviewer):
    planned(MessageFactory(conversation__dataset=dataset))
    slot = claim(client)

    client.post(reverse("annotate:skip", args=[slot.pk]))

    assert claim(client) is None
    slot.refresh_from_db()
    assert (slot.state, slot.person) == ("open", None)


def test_an_acceptance_does_not_throw_an_edit_away(client, dataset, reviewer):
    prompt = planned(MessageFactory(conversation__dataset=dataset, text="Wat is a gnat?"))

    response = submit(
        client, claim(client), verdict="accept", edited_text="What is a gnat?"
    )

    assert response.status_code == 422
    assert "Save the edit, or put the original back." in response.text
    assert "What is a gnat?" in response.text
    prompt.refresh_from_db()
    assert prompt.state == Message.State.SUBMITTED


def test_a_text_sent_unchanged_is_no_edit(client, dataset, reviewer):
    prompt = planned(MessageFactory(conversation__dataset=dataset, text="One\n\ntwo"))

    submit(client, claim(client), verdict="accept", edited_text="One\r\n\r\ntwo")

    prompt.refresh_from_db()
    assert prompt.state == Message.State.ACCEPTED


def test_what_a_check_saw_is_marked_in_the_text(client, dataset, reviewer):
    prompt = planned(MessageFactory(conversation__dataset=dataset, text="See [1] & go."))
    Finding.objects.create(
        message=prompt, check_name="citation_marks", check_version=1, score=0.8,
        spans=[[4, 7], [90, 99]], advice="Marks such as [1] can go.",
    )  # fmt: skip

    page = client.get(reverse("annotate:task", args=[claim(client).pk]))

    assert "See <mark>[1]</mark> &amp; go." in page.text


def test_a_rewrite_is_shown_against_what_it_rewrites(client, dataset):
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    answer = ReplyFactory(parent=prompt, accepted=True, text="It is a fly.")
    writer = ContributorFactory(member=dataset)
    messages.improve(message_id=answer.pk, by=writer, text="It is a small fly.")
    planner.plan(prompt.conversation_id)
    client.force_login(ContributorFactory(member=dataset))

    page = client.get(reverse("annotate:task", args=[claim(client, kind="review").pk]))

    assert "rewrite of an accepted answer" in page.text
    assert '<ins class="diff">' in page.text
    assert "edited by a reviewer" not in page.text

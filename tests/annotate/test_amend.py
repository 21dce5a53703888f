"""An author changes their own words: at once before the first review, by review after."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotate.models import Assignment
from curation.actions import conversations, messages, revisions
from curation.actions.lookalikes import lookalikes
from curation.errors import CurationError, NotAllowed
from curation.models import Conversation, Message
from tests.annotate.work import planned
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def author():
    return ContributorFactory()


def written(author, factory=MessageFactory, **fields):
    message = factory(author=author, **fields)
    message.conversation.dataset.memberships.create(contributor=author, role="writer")
    return message


def reviewer(message):
    return ContributorFactory(member=message.conversation.dataset)


def amend(message, by, text="In better words.", **fields):
    return revisions.amend(message_id=message.pk, by=by, text=text, **fields)


def test_before_the_first_review_the_new_text_takes_its_place(author):
    message = planned(written(author))

    revision = amend(message, author)

    message.refresh_from_db()
    assert (message.state, message.why) == ("withdrawn", "Its author wrote it anew.")
    assert (revision.state, revision.revises) == ("submitted", message)
    planned(message)
    assert Assignment.objects.get(kind="review", state="open").message == revision


def test_of_a_pair_the_answer_comes_along_with_a_new_question(author):
    dataset = DatasetFactory(pairs=True)
    dataset.memberships.create(contributor=author, role="writer")
    made = conversations.write_pair(
        dataset=dataset,
        by=author,
        category=CategoryFactory(dataset=dataset),
        prompt="Wy?",
        reply="So.",
    )
    prompt = made.messages.get(parent=None)

    revision = amend(prompt, author, text="Why?")

    alive = made.messages.exclude(state="withdrawn").order_by("pk")
    assert [(m.text, m.parent) for m in alive] == [("Why?", None), ("So.", revision)]
    planned(prompt)
    assert Assignment.objects.get(kind="review", state="open").message == alive[1]


def test_after_acceptance_the_old_text_stays_until_the_new_one_is_accepted(author):
    answer = written(author, ReplyFactory, accepted=True)

    revision = amend(answer, author)
    answer.refresh_from_db()
    assert (answer.state, revision.state) == ("accepted", "submitted")

    messages.review(message_id=revision.pk, by=reviewer(answer), verdict="accept")
    answer.refresh_from_db()
    assert (answer.state, answer.why) == ("withdrawn", "Its author wrote it anew.")


@pytest.mark.parametrize("tries", [2, 3])
def test_however_often_it_was_tried_only_the_accepted_wording_stands(author, tries):
    answer = written(author, ReplyFactory, accepted=True)
    newest = answer
    for number in range(tries):
        newest = amend(newest, author, text=f"Try {number}.")

    messages.review(message_id=newest.pk, by=reviewer(answer), verdict="accept")

    accepted = Message.objects.filter(author=author, state="accepted")
    assert [one.text for one in accepted] == [newest.text]
    assert not Message.objects.filter(state="submitted").exists()


def test_of_two_tries_at_once_the_later_one_stands(author):
    answer = written(author, ReplyFactory, accepted=True)
    earlier, later = amend(answer, author, "One."), amend(answer, author, "Two.")

    messages.review(message_id=later.pk, by=reviewer(answer), verdict="accept")

    states = Message.objects.filter(author=author).order_by("pk")
    assert [one.state for one in states] == ["withdrawn", "withdrawn", "accepted"]
    assert [earlier.text, later.text] == ["One.", "Two."]


def test_an_answer_of_the_same_author_elsewhere_in_the_tree_is_no_wording_of_it(author):
    prompt = written(author, accepted=True)
    other = ReplyFactory(author=author, parent=prompt, accepted=True)
    answer = ReplyFactory(author=author, parent=prompt, accepted=True)

    revision = amend(answer, author)
    messages.review(message_id=revision.pk, by=reviewer(answer), verdict="accept")

    other.refresh_from_db()
    assert other.state == "accepted"


def test_a_passage_that_the_category_needs_stays_needed(client, author):
    dataset = DatasetFactory()
    dataset.memberships.create(contributor=author, role="writer")
    category = CategoryFactory(dataset=dataset, needs_context=True)
    made = conversations.write_prompt(
        dataset=dataset,
        by=author,
        category=category,
        text="What does it say?",
        context="A passage.",
    )
    client.force_login(author)

    response = client.post(
        reverse("curation:amend", args=[made.messages.get().pk]),
        {"text": "What does it tell?", "context": " "},
    )

    assert response.status_code == 409
    assert "stands on a passage" in response.text
    assert Message.objects.count() == 1


def first_words(author, dataset, text):
    if not dataset.memberships.filter(contributor=author).exists():
        dataset.memberships.create(contributor=author, role="writer")
    return conversations.write_prompt(dataset=dataset, by=author, text=text)


def test_other_first_words_are_known_again_and_the_old_ones_are_not(author):
    dataset = DatasetFactory()
    made = first_words(author, dataset, "Why is the sky blue?")
    side = made.split

    amend(made.messages.get(), author, text="Why is grass green?")

    made.refresh_from_db()
    assert made.split == side
    assert [
        one.message.conversation for one in lookalikes(dataset, "why is grass green")
    ] == [made]
    assert lookalikes(dataset, "Why is the sky blue?") == []


@pytest.mark.parametrize("is_reviewed", [False, True])
def test_the_same_first_words_never_stand_on_both_sides(author, is_reviewed):
    dataset = DatasetFactory()
    there = first_words(author, dataset, "Why is grass green?")
    made = first_words(author, dataset, "Why is the sky blue?")
    Conversation.objects.filter(pk=there.pk).update(split="held_out")
    Conversation.objects.filter(pk=made.pk).update(split="train")
    prompt = made.messages.get()
    if is_reviewed:
        messages.review(message_id=prompt.pk, by=reviewer(prompt), verdict="accept")

    revision = amend(prompt, author, text="why is grass green?")
    if is_reviewed:
        messages.review(message_id=revision.pk, by=reviewer(prompt), verdict="accept")

    made.refresh_from_db()
    assert made.split == "held_out"
    assert revision.findings.filter(check_name="near_duplicate").exists()


def test_its_own_old_words_are_no_near_duplicate(author):
    dataset = DatasetFactory()
    text = "Why is the sky blue at noon and so very red in the evening?"
    made = first_words(author, dataset, text)

    revision = amend(made.messages.get(), author, text=text.replace("very", "quite"))

    assert not revision.findings.filter(check_name="near_duplicate").exists()


def test_first_words_that_a_reviewer_put_differently_are_known_again(author):
    dataset = DatasetFactory()
    made = first_words(author, dataset, "Wy is grass green?")
    prompt = made.messages.get()

    messages.review(
        message_id=prompt.pk,
        by=reviewer(prompt),
        verdict="edit",
        edited_text="Why is grass green?",
    )

    there = lookalikes(dataset, "why is grass green")
    assert [one.message.conversation for one in there] == [made]


def test_a_rejected_revision_leaves_the_old_text_alone(author):
    answer = written(author, ReplyFactory, accepted=True)
    revision = amend(answer, author)

    messages.review(
        message_id=revision.pk, by=reviewer(answer), verdict="reject", reason="wrong"
    )

    answer.refresh_from_db()
    assert answer.state == "accepted"


def test_with_one_review_in_both_stand_side_by_side(author):
    message = written(
        author,
        conversation__dataset__policy__reviews_wanted=2,
        conversation__dataset__policy__approvals_needed=2,
    )
    messages.review(message_id=message.pk, by=reviewer(message), verdict="accept")

    revision = amend(message, author)

    message.refresh_from_db()
    assert (message.state, revision.state) == ("submitted", "submitted")


def test_what_has_answers_is_not_changed_under_them(author):
    prompt = written(author, accepted=True)
    ReplyFactory(parent=prompt)

    with pytest.raises(CurationError, match="There are answers to this text"):
        amend(prompt, author)

    assert Message.objects.count() == 2


def test_nobody_changes_what_somebody_else_wrote(author):
    message = written(author)

    with pytest.raises(CurationError, match="Only its author"):
        amend(message, reviewer(message))


def test_somebody_who_lost_the_role_may_not(author):
    message = written(author)
    author.memberships.all().delete()

    with pytest.raises(NotAllowed):
        amend(message, author)


@pytest.mark.parametrize("state", ["rejected", "held", "withdrawn"])
def test_what_is_decided_against_is_not_changed(author, state):
    message = written(author, accepted=True)
    Message.objects.update(state=state)

    with pytest.raises(CurationError):
        amend(message, author)


def test_the_page_shows_the_text_and_says_what_will_happen(client, author):
    message = written(author, text="Wat is a gnat?")
    client.force_login(author)
    url = reverse("curation:amend", args=[message.pk])
    page = client.get(url).text
    assert "Wat is a gnat?" in page
    assert "Nobody has reviewed it yet" in page

    response = client.post(url, {"text": "What is a gnat?"})

    assert response.url == reverse("curation:me")
    assert Message.objects.get(state="submitted").text == "What is a gnat?"


@pytest.mark.parametrize(
    ("text", "status"), [("", 422), ("Wat is a gnat?", 409), ("x" * 30_000, 409)]
)
def test_bad_words_are_refused_with_a_reason_and_stay(client, author, text, status):
    message = written(author, text="Wat is a gnat?")
    client.force_login(author)

    response = client.post(reverse("curation:amend", args=[message.pk]), {"text": text})

    assert response.status_code == status
    assert text in response.text
    assert Message.objects.count() == 1


def test_others_have_no_such_page(client, author):
    message = written(author)
    client.force_login(reviewer(message))

    assert client.get(reverse("curation:amend", args=[message.pk])).status_code == 404

"""What somebody asked a model elsewhere, and what it said, come into the record."""

from __future__ import annotations

import pytest

from annotate.barred import barred_from
from curation import intake
from curation.actions import conversations, messages
from curation.actions.exchanges import BEST, Exchange, Opinion, bring
from curation.errors import ConsentMissing, CurationError, NotAllowed
from curation.models import Ballot, Consent, Conversation, Message, Settlement, Terms
from tests.factories import ContributorFactory, DatasetFactory

pytestmark = pytest.mark.django_db
SAID = Exchange("Who guards the bridge?", "A troll.")


@pytest.fixture
def dataset():
    return DatasetFactory(policy__max_depth=4)


@pytest.fixture
def writer(dataset):
    return ContributorFactory(member=dataset, member__roles=["writer"])


@pytest.fixture
def reviewer(dataset):
    return ContributorFactory(member=dataset)


def brought(dataset, by, *said, source="talk-1", **opinion):
    return bring(
        dataset=dataset, by=by, exchanges=said or (SAID,), generator="tiny, run 7",
        source=source, opinion=Opinion(**opinion),
    )  # fmt: skip


def test_people_judge_it_before_anything_is_learned_from_it(dataset, writer, reviewer):
    made = brought(dataset, writer)

    prompt, answer = made.conversation.messages.order_by("pk")
    assert (made.conversation.state, made.is_held) == ("review", False)
    assert (answer.origin, answer.generator) == ("model", "tiny, run 7")
    assert not Message.objects.trainable().exists()
    messages.review(message_id=prompt.pk, by=reviewer, verdict="accept")
    assert not Message.objects.trainable().exists()


def test_a_thumb_settles_nothing_and_keeps_who_knows_the_model_from_ranking(
    dataset, writer, reviewer
):
    made = brought(dataset, writer, is_good=True)
    prompt = made.conversation.messages.get(role="prompter")
    messages.review(message_id=prompt.pk, by=reviewer, verdict="accept")

    ballot = Ballot.objects.get()
    assert (ballot.outcome, ballot.entries.get().rating) == ("ranked", BEST)
    assert not Ballot.objects.standing().exists()
    assert not Settlement.objects.exists()
    turns = {turn.id: turn for turn in conversations.turns_in(made.conversation)}
    assert writer.pk in barred_from("rank", turns[prompt.pk], turns)


def test_without_a_thumb_they_are_kept_from_ranking_all_the_same(dataset, writer):
    brought(dataset, writer)

    ballot = Ballot.objects.get()
    assert (ballot.outcome, ballot.entries.get().rating) == ("cannot_judge", None)


def test_ones_own_answer_comes_before_the_models_where_both_are_accepted(
    dataset, writer, reviewer
):
    made = brought(dataset, writer, correction="A grumpy troll guards it.")
    for message in made.conversation.messages.order_by("pk"):
        messages.review(message_id=message.pk, by=reviewer, verdict="accept")

    answer, own = Message.objects.filter(role="assistant").order_by("pk")
    assert own.revises == answer
    assert {answer.state, own.state} == {"accepted"}


@pytest.mark.parametrize("text", [" A troll. ", "x" * 20_001])
def test_a_correction_that_cannot_be_taken_leaves_nothing_behind(dataset, writer, text):
    with pytest.raises(CurationError):
        brought(dataset, writer, correction=text)

    assert not Conversation.objects.exists()


def test_a_talk_that_is_longer_than_conversations_grow_is_refused(dataset, writer):
    with pytest.raises(CurationError, match="at most 4 messages"):
        brought(dataset, writer, *[SAID] * 3)

    assert brought(dataset, writer, *[SAID] * 2).conversation.messages.count() == 4


def test_an_empty_answer_of_a_model_is_refused(dataset, writer):
    with pytest.raises(CurationError, match="empty"):
        brought(dataset, writer, Exchange("Who guards it?", " \0"))

    assert not Conversation.objects.exists()


def test_a_second_answer_joins_the_first_question(dataset, writer):
    first = brought(dataset, writer, is_good=True)
    second = brought(dataset, writer, Exchange(SAID.question, "Nobody."), is_good=False)
    again = brought(dataset, writer, Exchange(SAID.question, "Nobody. "))

    assert first.conversation == second.conversation
    assert again.answer is None
    assert Message.objects.count() == 3
    assert Ballot.objects.get().entries.count() == 2


def test_a_question_that_was_taken_back_takes_no_answer(dataset, writer, reviewer):
    made = brought(dataset, writer)
    prompt = made.conversation.messages.get(role="prompter")
    messages.review(message_id=prompt.pk, by=reviewer, verdict="reject", reason="unclear")

    with pytest.raises(CurationError, match="not there now"):
        brought(dataset, writer, Exchange(SAID.question, "Nobody."))


def test_only_who_may_write_brings_anything(dataset, writer):
    stranger = ContributorFactory()
    with pytest.raises(NotAllowed):
        brought(dataset, stranger)
    with pytest.raises(NotAllowed):
        intake.bring_exchange(
            slug=dataset.slug, by=stranger, exchanges_so_far=[SAID], generator="tiny",
            source="talk-1", opinion=Opinion(),
        )  # fmt: skip


def test_terms_are_agreed_to_with_it(dataset, writer):
    terms = Terms.objects.create(
        dataset=dataset, number=1, text="We use it.", licence="CC0-1.0", uses=["training"]
    )
    asked = {
        "slug": dataset.slug, "by": writer, "exchanges_so_far": [SAID], "source": "talk-1",
        "generator": "tiny", "opinion": Opinion(),
    }  # fmt: skip
    with pytest.raises(ConsentMissing):
        intake.bring_exchange(**asked)
    assert not Conversation.objects.exists()

    intake.bring_exchange(**asked, agreed=[terms.pk])

    assert Consent.objects.get().contributor == writer

"""What somebody asked a model elsewhere, and what it said, come into the record."""

from __future__ import annotations

import pytest

from annotate.barred import barred_from
from curation import intake
from curation.actions import conversations, judgements, messages
from curation.actions.exchanges import BEST, Exchange, Opinion, bring
from curation.actions.settlements import ask_again
from curation.errors import ConsentMissing, CurationError, NotAllowed
from curation.models import Ballot, Consent, Conversation, Message, Settlement, Terms
from tests.factories import ContributorFactory, DatasetFactory, ReplyFactory

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


def cast(prompt, *, by):
    """They rank all answers that are there, in their order."""
    replies = [one.pk for one in prompt.replies.rankable().order_by("pk")]
    places = {pk: place for place, pk in enumerate(replies, 1)}
    judgements.rank(
        prompt_id=prompt.pk, by=by, outcome="ranked", shown=replies, positions=places
    )


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


def test_who_knows_the_models_is_never_asked_to_rank_them(dataset, reviewer):
    sender = ContributorFactory(member=dataset)
    made = brought(dataset, sender, is_good=True)
    prompt = made.conversation.messages.get(role="prompter")
    messages.review(message_id=prompt.pk, by=reviewer, verdict="accept")
    ReplyFactory(parent=prompt, accepted=True)
    prompt.refresh_from_db()
    cast(prompt, by=reviewer)

    prompt.refresh_from_db()
    ask_again(prompt)

    assert prompt.ranking_round == 2
    there = Conversation.objects.get(pk=prompt.conversation_id)
    turns = {turn.id: turn for turn in conversations.turns_in(there)}
    barred = barred_from("rank", turns[prompt.pk], turns)
    assert (sender.pk in barred, reviewer.pk in barred) == (True, False)
    with pytest.raises(CurationError, match="already ranked"):
        cast(prompt, by=sender)


def test_what_somebody_sent_asks_nobody_to_rank_anew(dataset, writer, reviewer):
    made = brought(dataset, writer, is_good=True)
    prompt = made.conversation.messages.get(role="prompter")

    ask_again(prompt)

    assert prompt.ranking_round == 1


def test_a_second_answer_is_put_before_those_who_ranked_the_first(
    dataset, writer, reviewer
):
    made = brought(dataset, writer)
    prompt = made.conversation.messages.get(role="prompter")
    messages.review(message_id=prompt.pk, by=reviewer, verdict="accept")
    ReplyFactory(parent=prompt, accepted=True)
    cast(prompt, by=reviewer)

    brought(dataset, writer, Exchange(SAID.question, "Nobody."), is_good=True)

    prompt.refresh_from_db()
    assert prompt.ranking_round == 2
    sent = Ballot.objects.get(ranker=writer)
    assert (sent.ranking_round, sent.entries.count()) == (1, 2)


@pytest.mark.parametrize(
    ("thumbs", "outcome"),
    [
        ((False, True), "ranked"),
        ((True, False), "ranked"),
        ((False, False), "none_good"),
        ((None, False), "none_good"),
        ((None, None), "cannot_judge"),
    ],
)
def test_a_ballot_says_what_all_thumbs_say(dataset, writer, thumbs, outcome):
    brought(dataset, writer, is_good=thumbs[0])
    brought(dataset, writer, Exchange(SAID.question, "Nobody."), is_good=thumbs[1])

    assert Ballot.objects.get().outcome == outcome


def test_a_second_answer_joins_its_question_and_not_what_came_after_it(dataset, writer):
    made = brought(dataset, writer)
    first, answer = made.conversation.messages.order_by("pk")
    later = conversations.add_message(
        conversations.lock(made.conversation.pk), parent=answer, role="prompter",
        text="And at night?", author=writer,
    )  # fmt: skip

    second = brought(dataset, writer, Exchange(SAID.question, "Nobody."))

    assert second.answer.parent == first
    assert not later.replies.exists()


def test_a_later_answer_joins_the_question_that_it_answers(dataset, writer):
    asked = SAID, Exchange("Since when?", "Since today.")
    made = brought(dataset, writer, *asked)
    second = brought(dataset, writer, SAID, Exchange("Since when?", "Since May."))

    assert second.answer.parent == made.answer.parent


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

from __future__ import annotations

import time
import uuid

import pytest

from curation import intake
from curation.actions import conversations, judgements, messages
from curation.models import Conversation, Event, Message
from tests.factories import ContributorFactory, MessageFactory, ReplyFactory
from tests.races import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def prompt():
    return MessageFactory(
        accepted=True,
        conversation__dataset__policy__replies_wanted=2,
        conversation__dataset__policy__max_depth=2,
    )


def offer(prompt, *texts, source="run 1", generator="tiny-1"):
    proposals = [
        intake.Proposal(str(getattr(prompt, "uid", prompt)), text) for text in texts
    ]
    return intake.offer_replies(proposals, generator=generator, source=source)


def test_a_models_answers_are_proposals_to_be_ranked(prompt):
    assert offer(prompt, "One", "Two") == intake.Offered(taken=2, refused=0)

    found = prompt.replies.values_list("origin", "generator", "author", "state").distinct()
    assert list(found) == [("model", "tiny-1", None, "submitted")]
    assert Conversation.objects.get().state == "ranking"


def test_offering_the_same_again_adds_nothing(prompt):
    offer(prompt, "One")
    Message.objects.filter(text="One").update(text="Something else")

    assert offer(prompt, "One") == intake.Offered(taken=0, refused=1)
    assert prompt.replies.count() == 1


def test_an_answer_that_is_there_already_is_refused(prompt):
    ReplyFactory(parent=prompt, accepted=True, text="It is  5.")

    assert offer(prompt, "It is 5.\n", "It is -5.") == intake.Offered(taken=1, refused=1)


@pytest.mark.parametrize("text", ["", " \n", "\0"])
def test_an_empty_answer_is_refused(prompt, text):
    assert offer(prompt, text).refused == 1


def test_an_answer_without_end_is_cut(prompt):
    offer(prompt, "x" * 30_000)

    assert len(prompt.replies.get().text) == 20_000


def test_a_prompt_that_is_gone_or_not_accepted_takes_nothing():
    waiting = MessageFactory()

    assert offer(waiting, "One").refused == 1
    assert offer(uuid.uuid4(), "One").refused == 1


def test_who_ranked_already_may_rank_once_more(prompt):
    replies = [ReplyFactory(parent=prompt, accepted=True) for _ in range(2)]
    person = ContributorFactory(member=prompt.conversation.dataset)

    def rank():
        shown = list(prompt.replies.rankable().values_list("pk", flat=True))
        judgements.rank(
            prompt_id=prompt.pk,
            by=person,
            outcome="ranked",
            shown=shown,
            positions={pk: place for place, pk in enumerate(shown, 1)},
        )

    rank()
    assert Conversation.objects.get().state == "complete"

    offer(prompt, "Three", "Four")

    prompt.refresh_from_db()
    assert prompt.ranking_round == 2  # once for both
    assert Event.objects.filter(kind="prompt.asked_again").count() == 1
    assert Conversation.objects.get().state == "ranking"
    rank()
    assert Conversation.objects.get().state == "complete"
    assert len(replies) == 2


def test_nothing_is_trained_on_before_a_person_accepts_it(prompt):
    offer(prompt, "One")
    assert not Message.objects.trainable().exists()

    messages.review(
        message_id=prompt.replies.get().pk,
        by=ContributorFactory(member=prompt.conversation.dataset),
        verdict="accept",
    )

    assert Message.objects.trainable().get().text == "One"


@pytest.mark.django_db(transaction=True)
def test_two_models_that_answer_in_other_orders_do_not_block_each_other(
    prompt, monkeypatch
):
    dataset = prompt.conversation.dataset
    other = MessageFactory(accepted=True, conversation__dataset=dataset)
    add = conversations.add_message

    def slowly(*given, **also):
        time.sleep(0.3)
        return add(*given, **also)

    monkeypatch.setattr(conversations, "add_message", slowly)

    def answer(name, prompts):
        proposals = [intake.Proposal(str(one.uid), f"{name} says") for one in prompts]
        return intake.offer_replies(proposals, generator=name, source=name)

    found = together(
        lambda: answer("a", [prompt, other]), lambda: answer("b", [other, prompt])
    )

    assert found == [intake.Offered(2, 0)] * 2

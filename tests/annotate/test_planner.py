from __future__ import annotations

import pytest

from annotate import planner
from annotate.models import Assignment
from curation.actions import judgements, messages
from curation.models import Message
from tests.annotate.work import planned, slots
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    PairFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


def test_a_new_prompt_gets_a_slot_per_wanted_review():
    planned(MessageFactory(conversation__dataset__policy__reviews_wanted=3))

    assert slots(kind="review", state="open").count() == 3


def test_a_pair_is_reviewed_as_one_on_its_answer():
    answer = planned(PairFactory())

    assert [s.message_id for s in slots(kind="review")] == [answer.pk]


def test_an_accepted_prompt_asks_for_as_many_answers_as_the_policy():
    planned(MessageFactory(accepted=True, conversation__dataset__policy__replies_wanted=4))

    assert slots(kind="answer", state="open").count() == 4


def test_a_prompt_whose_only_replies_were_rejected_is_offered_again():
    dataset = DatasetFactory(policy__replies_wanted=1)
    reply = planned(ReplyFactory(parent__conversation__dataset=dataset))
    assert not slots(kind="answer", state="open").exists()

    reviewer = ContributorFactory(member=dataset)
    messages.review(message_id=reply.pk, by=reviewer, verdict="reject", reason="wrong")
    planned(reply)

    assert [s.message_id for s in slots(kind="answer", state="open")] == [reply.parent_id]


def test_two_accepted_answers_ask_to_be_ranked_by_people_who_wrote_neither():
    dataset = DatasetFactory(policy__replies_wanted=2, policy__rankings_wanted=3)
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    replies = [
        ReplyFactory(parent=prompt, state="accepted", decided_at=prompt.decided_at)
        for _ in range(2)
    ]
    planned(prompt)

    ranks = list(slots(kind="compare", state="open"))
    assert len(ranks) == 3
    assert ranks[0].barred == sorted(reply.author_id for reply in replies)


def test_planning_twice_makes_nothing_more():
    prompt = planned(MessageFactory(conversation__dataset__policy__reviews_wanted=3))

    planned(prompt)

    assert slots(kind="review").count() == 3


def test_slots_that_are_no_longer_wanted_are_dropped():
    dataset = DatasetFactory(policy__reviews_wanted=3, policy__approvals_needed=1)
    prompt = planned(MessageFactory(conversation__dataset=dataset))

    messages.review(
        message_id=prompt.pk, by=ContributorFactory(member=dataset), verdict="accept"
    )
    planned(prompt)

    assert set(slots(kind="review").values_list("state", flat=True)) == {"dropped"}


def test_an_edit_bars_its_editor_and_the_first_author_from_reviewing_it():
    dataset = DatasetFactory(policy__reviews_wanted=2, policy__approvals_needed=2)
    prompt = planned(MessageFactory(conversation__dataset=dataset))
    editor = ContributorFactory(member=dataset)

    revision = messages.review(
        message_id=prompt.pk, by=editor, verdict="edit", edited_text="Better words?"
    )
    planned(revision)

    slot = slots(kind="review", message=revision, state="open").first()
    assert slot.barred == sorted([prompt.author_id, editor.pk])


def test_what_is_nearest_to_complete_comes_first():
    dataset = DatasetFactory(policy__replies_wanted=3)
    fresh = planned(MessageFactory(conversation__dataset=dataset, accepted=True))
    nearly = MessageFactory(conversation__dataset=dataset, accepted=True)
    for _ in range(2):
        ReplyFactory(parent=nearly, state="accepted", decided_at=nearly.decided_at)
    planned(nearly)

    best = slots(kind="answer", state="open").order_by("priority", "pk").first()
    assert (best.message_id, fresh.pk != nearly.pk) == (nearly.pk, True)


def test_a_category_asks_for_pairs_until_its_target_is_in_sight():
    dataset = DatasetFactory(pairs=True)
    category = CategoryFactory(dataset=dataset, target=3)
    planner.plan_writing(dataset)
    assert slots(kind="write_pair", category=category, state="open").count() == 3

    PairFactory(
        parent__conversation__dataset=dataset, parent__conversation__category=category
    )
    planner.plan_writing(dataset)

    assert slots(kind="write_pair", category=category, state="open").count() == 2


def test_prompts_are_not_asked_for_faster_than_conversations_finish():
    dataset = DatasetFactory(policy__open_conversations=2)
    MessageFactory.create_batch(2, conversation__dataset=dataset)

    planner.plan_writing(dataset)

    assert not slots(kind="write_prompt", state="open").exists()


def test_new_answers_let_those_who_ranked_rank_once_more():
    dataset = DatasetFactory(policy__replies_wanted=2)
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    replies = [
        ReplyFactory(parent=prompt, state="accepted", decided_at=prompt.decided_at)
        for _ in range(2)
    ]
    ranker = ContributorFactory(member=dataset)
    shown = [reply.pk for reply in replies]
    judgements.rank(
        prompt_id=prompt.pk,
        by=ranker,
        outcome="ranked",
        shown=shown,
        positions={pk: place for place, pk in enumerate(shown, 1)},
    )
    planned(prompt)
    assert not slots(kind="rank", state="open").exists()

    MessageFactory(
        parent=prompt,
        conversation=prompt.conversation,
        role="assistant",
        origin=Message.Origin.MODEL,
        author=None,
        generator="model 1",
    )
    Message.objects.filter(pk=prompt.pk).update(ranking_round=2)
    planned(prompt)

    assert Assignment.objects.open_to(ranker).filter(kind="rank").count() == 1

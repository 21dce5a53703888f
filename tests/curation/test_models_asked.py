"""Which prompts models answer for people, and what ballots then say of the models."""

from __future__ import annotations

import pytest

from curation import handoff
from curation.actions import judgements
from curation.models import Membership, Message
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    ConversationFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__replies_wanted=2, policy__open_conversations=5)


def prompt(dataset, *, answers=2, split="train", state="growing", **more):
    conversation = ConversationFactory(dataset=dataset, split=split, state=state, **more)
    found = MessageFactory(conversation=conversation, accepted=True)
    for _ in range(answers):
        ReplyFactory(parent=found, accepted=True)
    return found


def asked(dataset, choice="fewest", answers=1, at_most=10, **more):
    found = handoff.prompts_to_answer(
        dataset.pk, choice=choice, answers=answers, at_most=at_most, **more
    )
    return [one.uid for one in found]


def proposed(parent, generator, text):
    return ReplyFactory(
        parent=parent, origin="model", author=None, generator=generator, text=text
    )


def cast(prompt, *order, by=None, outcome="ranked"):
    """A ballot: answers from the best to the worst, shown in the same order."""
    person = by or ContributorFactory(member=prompt.conversation.dataset)
    places = {reply.pk: place for place, reply in enumerate(order, 1)}
    return judgements.rank(
        prompt_id=prompt.pk,
        by=person,
        outcome=outcome,
        shown=list(places),
        positions=places if outcome == "ranked" else None,
    )


# ---- which prompts -----------------------------------------------------------------------


def test_those_with_the_fewest_answers_come_first(dataset):
    many, few = prompt(dataset, answers=4), prompt(dataset, answers=2)

    assert asked(dataset) == [str(few.uid), str(many.uid)]
    assert asked(dataset, at_most=1) == [str(few.uid)]


def test_held_out_ones_alone(dataset):
    prompt(dataset)
    kept = prompt(dataset, split="held_out")

    assert asked(dataset, "held_out") == [str(kept.uid)]


def test_the_least_settled_first_and_no_unranked_ones(dataset):
    prompt(dataset)
    agreed, torn = prompt(dataset), prompt(dataset)
    for one, turns in ((agreed, (1, 1)), (torn, (1, -1))):
        answers = list(one.replies.order_by("pk"))
        for turn in turns:
            cast(one, *answers[::turn])

    assert asked(dataset, "unsettled") == [str(torn.uid), str(agreed.uid)]


def test_only_where_the_answers_would_be_ranked(dataset):
    """Not more than fit on a ballot, and not where people still write or review some."""
    prompt(dataset, answers=9)
    prompt(dataset, answers=0)  # two are wanted, one would be offered
    reviewed = prompt(dataset)
    ReplyFactory(parent=reviewed)
    MessageFactory(conversation__dataset=dataset)  # not accepted itself
    fits = prompt(dataset, answers=1)

    assert asked(dataset) == [str(fits.uid)]


def test_what_the_model_has_answered_is_not_asked_again(dataset):
    done, left = prompt(dataset), prompt(dataset)
    proposed(done, "tiny, run 7", "Mine.")

    assert asked(dataset, without=["tiny, run 7"]) == [str(left.uid)]
    assert asked(dataset, but_not=[str(left.uid)]) == [str(done.uid)]


def test_a_prompt_comes_with_all_that_was_said_before_it(dataset):
    first = prompt(dataset, answers=2)
    Message.objects.filter(pk=first.pk).update(context="A passage.")
    above = first.replies.first()
    second = MessageFactory(conversation=first.conversation, parent=above, accepted=True)
    for _ in range(2):
        ReplyFactory(parent=second, accepted=True)

    found = handoff.prompts_to_answer(dataset.pk, choice="fewest", answers=1, at_most=9)
    turns = {one.uid: one.messages for one in found}[str(second.uid)]

    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert turns[0]["content"].endswith("\n\nA passage.")
    assert turns[2]["content"] == second.text


def test_under_words_that_were_taken_back_nothing_is_asked(dataset):
    first = prompt(dataset, answers=2)
    above = first.replies.first()
    second = MessageFactory(conversation=first.conversation, parent=above, accepted=True)
    ReplyFactory.create_batch(2, parent=second, accepted=True)
    Message.objects.filter(pk=above.pk).update(state="withdrawn")

    assert str(second.uid) not in asked(dataset)


# ---- how many ----------------------------------------------------------------------------


def test_there_is_room_for_as_many_as_the_rules_allow(dataset):
    ContributorFactory(member=dataset)
    for _ in range(2):
        prompt(dataset, state="ranking")

    room = handoff.room_to_ask(dataset.pk)

    assert (room.prompts, room.waiting, room.at_most) == (3, 2, 5)


def test_with_too_few_people_to_rank_there_is_no_room(dataset):
    dataset.policy.rankings_wanted = 2
    dataset.policy.save()
    ContributorFactory(member=dataset)  # writes and reviews, and is one person
    assert handoff.room_to_ask(dataset.pk).prompts == 0

    ContributorFactory(member=dataset)
    assert handoff.room_to_ask(dataset.pk).prompts == 5
    Membership.objects.filter(role="reviewer").update(suspended_at="2026-01-01T00:00Z")
    assert handoff.room_to_ask(dataset.pk).rankers == 0


# ---- what ballots say --------------------------------------------------------------------


def test_a_ballot_compares_models_with_each_other_and_with_people(dataset):
    dataset.category = CategoryFactory(dataset=dataset, slug="maths")
    one = prompt(dataset, answers=1, category=dataset.category)
    new = proposed(one, "new", "- **Five**\n- Six")
    old = proposed(one, "old", "Five")
    person = ContributorFactory(member=dataset)
    cast(one, new, one.replies.get(origin="person"), old, by=person)

    found = handoff.comparisons(dataset.pk).comparisons
    between = handoff.comparisons(dataset.pk, between=["new", "old"]).comparisons

    assert {(c.first, c.second) for c in found} == {
        ("", "new"), ("", "old"), ("new", "old"),
    }  # fmt: skip
    duel = next(c for c in between if {c.first, c.second} == {"new", "old"})
    assert len(between) == 1
    assert (duel.share, duel.first_shown, duel.second_shown) == (1.0, 1, 3)
    assert (duel.lengths, duel.marks) == ((16, 4), (4, 0))
    assert (duel.category, duel.prompt) == ("maths", str(one.uid))
    assert str(person.pk) != duel.person and person.email not in str(duel)


def test_one_person_has_one_pseudonym_and_two_have_two(dataset):
    ada, grace = ContributorFactory(member=dataset), ContributorFactory(member=dataset)
    for _ in range(2):
        one = prompt(dataset, answers=0)
        answers = proposed(one, "new", "Yes"), proposed(one, "old", "No")
        for person in (ada, grace):
            cast(one, *answers, by=person)

    found = handoff.comparisons(dataset.pk).comparisons

    assert len(found) == 4
    assert len({one.person for one in found}) == 2


def test_none_good_is_counted_and_orders_nothing(dataset):
    one = prompt(dataset, answers=0)
    answers = proposed(one, "new", "Yes"), proposed(one, "old", "No")
    cast(one, *answers, outcome="none_good")

    assert handoff.comparisons(dataset.pk) == ([], 1)


def test_ballots_that_do_not_count_say_nothing(dataset):
    one = prompt(dataset, answers=0)
    ballot = cast(one, proposed(one, "new", "Yes"), proposed(one, "old", "No"))
    ballot.set_aside_at = ballot.created_at
    ballot.save()

    assert handoff.comparisons(dataset.pk).comparisons == []


def test_it_costs_two_queries_however_many_ballots(dataset, django_assert_num_queries):
    for _ in range(4):
        one = prompt(dataset, answers=0)
        cast(one, proposed(one, "new", "Yes"), proposed(one, "old", "No"))

    with django_assert_num_queries(2):
        handoff.comparisons(dataset.pk)

"""Ballots weigh as their rankers are relied on, and the settlement says so."""

from __future__ import annotations

import pytest

from curation.actions import judgements, settlements
from curation.models import Ballot, Message, Reputation, Settlement
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__rankings_wanted=3, policy__max_depth=2)


@pytest.fixture
def prompt(dataset):
    return MessageFactory(accepted=True, conversation__dataset=dataset)


@pytest.fixture
def answers(prompt):
    return [ReplyFactory(parent=prompt, accepted=True).pk for _ in range(3)]


def person(dataset, weight=None, kind="ranking"):
    someone = ContributorFactory(member=dataset)
    if weight is not None:
        Reputation.objects.create(
            dataset=dataset, person=someone, kind=kind, gold=1, gold_right=0,
            expected=0.5, lower_bound=0.1, weight=weight, gold_share=0.1,
        )  # fmt: skip
    return someone


def rank(prompt, order, by):
    places = {pk: place for place, pk in enumerate(order, 1)}
    judgements.rank(
        prompt_id=prompt.pk, by=by, outcome="ranked", shown=order, positions=places
    )


def settled():
    return Settlement.objects.get()


def test_without_reputations_every_ballot_counts_one(dataset, prompt, answers):
    for _ in range(2):
        rank(prompt, answers, person(dataset))
    rank(prompt, answers[::-1], person(dataset))

    a, b, c = answers
    assert not settled().is_weighted
    assert settled().margins == [[a, b, 1], [a, c, 1], [b, c, 1]]


def test_one_careful_person_outweighs_two_careless(dataset, prompt, answers):
    rank(prompt, answers, person(dataset, 3.5))
    for _ in range(2):
        rank(prompt, answers[::-1], person(dataset, 0.5))

    a, b, c = answers
    assert settled().order == [[a], [b], [c]]
    assert settled().is_weighted
    assert settled().margins == [[a, b, 2.5], [a, c, 2.5], [b, c, 2.5]]
    assert settled().ballots == 3  # people, not weights


def test_only_reputation_in_ranking_here_weighs(dataset, prompt, answers):
    rank(prompt, answers, person(dataset, 4, kind="reviewing"))
    elsewhere = person(DatasetFactory(), 4)
    dataset.memberships.create(contributor=elsewhere, role="reviewer")
    rank(prompt, answers[::-1], elsewhere)

    assert not settled().is_weighted
    assert settled().order == [sorted(answers)]


def test_the_careless_do_not_make_contested_what_the_careful_agree_on(
    dataset, prompt, answers
):
    for _ in range(2):
        rank(prompt, answers, person(dataset, 4))
    rank(prompt, answers[::-1], person(dataset, 0.05))

    assert settled().status == "consensus"
    assert settled().kendall_w > 0.9
    assert settled().agreement == pytest.approx(-1 / 3)  # of the ballots as they are


def test_where_the_careful_disagree_it_is_contested_however_many_are_heard(
    dataset, prompt, answers
):
    rank(prompt, answers, person(dataset, 4))
    rank(prompt, answers[::-1], person(dataset, 4))
    rank(prompt, answers, person(dataset, 0.05))

    assert settled().status == "contested"
    assert settled().kendall_w < 0.2


def test_too_few_ballots_are_too_few_whatever_they_weigh(dataset, prompt, answers):
    for _ in range(2):
        rank(prompt, answers, person(dataset, 4))

    assert settled().status == "insufficient"
    assert settled().kendall_w == pytest.approx(1)


def test_what_was_imported_weighs_one_ballot_and_wants_no_more(dataset, prompt, answers):
    imported = Ballot.objects.create(prompt=prompt, outcome="ranked")
    for place, pk in enumerate(answers[::-1], 1):
        imported.entries.create(reply_id=pk, position=place, shown=place)

    rank(prompt, answers, person(dataset, 2))

    a, b, c = answers
    assert settled().margins == [[a, b, 1], [a, c, 1], [b, c, 1]]
    assert settled().status == "contested"


def test_weights_take_one_statement_however_many_rank(
    dataset, prompt, answers, django_assert_num_queries
):
    for _ in range(5):
        rank(prompt, answers, person(dataset, 2))
    settling = Message.objects.select_related("conversation__dataset__policy")
    settling = settling.get(pk=prompt.pk)

    # Expect 4: the ballots, what was settled before, the weights, the new sum
    with django_assert_num_queries(4):
        settlements.settle(settling)
    assert settled().margins[0][2] == 10

"""Reputations in the record: who is measured by what, when, and what it changes."""

from __future__ import annotations

import pytest
from django.utils.timezone import now

from curation.actions import gold, judgements, reputations, suspensions
from curation.aggregate.reputation import NEWCOMER, weight
from curation.aggregate.reputation import Reputation as Known
from curation.models import Ballot, GoldAnswer, Reputation, Settlement
from curation.tasks import compute_reputations
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory
from tests.races import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__rankings_wanted=2, policy__max_depth=2)


def known_item(dataset, verdict="accept"):
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    message = MessageFactory(accepted=True, conversation__dataset=dataset)
    return gold.make(message_id=message.pk, by=curator, verdict=verdict, why="Clear.")


def answers_known_items(dataset, person, right=0, wrong=0):
    for said in ["accept"] * right + ["reject"] * wrong:
        item = known_item(dataset)
        gold.answer(message_id=item.message_id, by=person, verdict=said, reason="wrong")


def prompt_with(dataset, count=4):
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    return prompt, [ReplyFactory(parent=prompt, accepted=True).pk for _ in range(count)]


def rank(prompt, order, by):
    places = {pk: place for place, pk in enumerate(order, 1)}
    judgements.rank(
        prompt_id=prompt.pk, by=by, outcome="ranked", shown=order, positions=places
    )


def rank_alike(dataset, people, times=1, count=4):
    for _ in range(times):
        prompt, order = prompt_with(dataset, count)
        for person in people:
            rank(prompt, order, person)


def of(person, kind="ranking"):
    return Reputation.objects.get(person=person, kind=kind)


# ---- after a known item --------------------------------------------------------------
def test_a_known_item_counts_at_once_for_reviewing_and_ranking(dataset):
    person = ContributorFactory(member=dataset)

    answers_known_items(dataset, person, right=3, wrong=1)

    for kind in Reputation.Kind:
        kept, computed = of(person, kind), Known(3, 1, 4, 0)
        assert (kept.gold, kept.gold_right, kept.consensus) == (4, 3, 0)
        assert kept.expected == pytest.approx(computed.mean)
        assert kept.lower_bound == pytest.approx(computed.lower_bound)
        assert kept.weight == weight(computed)


def test_the_same_item_twice_counts_once(dataset):
    person, item = ContributorFactory(member=dataset), known_item(dataset)

    for _ in range(2):
        gold.answer(message_id=item.message_id, by=person, verdict="accept")

    assert of(person).gold == 1


def test_what_somebody_did_in_another_dataset_says_nothing_here(dataset):
    elsewhere = DatasetFactory()
    person = ContributorFactory(member=dataset)
    answers_known_items(elsewhere, ContributorFactory(member=elsewhere), right=2)
    answers_known_items(dataset, person, right=1)

    assert of(person).gold == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_items_answered_at_once_both_count():
    dataset = DatasetFactory()
    person = ContributorFactory(member=dataset)
    items = [known_item(dataset) for _ in range(4)]

    together(
        *(
            lambda item=item: gold.answer(
                message_id=item.message_id, by=person, verdict="accept"
            )
            for item in items
        )
    )

    assert of(person).gold == 4


# ---- by the clock --------------------------------------------------------------------
def test_prompts_on_which_nearly_all_agree_count_once_there_is_gold(dataset):
    people = ContributorFactory.create_batch(4, member=dataset)
    answers_known_items(dataset, people[0], right=5)
    rank_alike(dataset, people, times=2)

    compute_reputations()

    with_gold, without = of(people[0]), of(people[1])
    assert (with_gold.consensus, with_gold.consensus_right) == (2, 2)
    assert with_gold.weight == weight(Known(6, 0, 5, 2))  # each is half a known item
    assert (without.consensus, without.weight) == (2, weight(NEWCOMER))
    assert of(people[0], "reviewing").consensus == 0


def test_a_known_item_keeps_what_clear_prompts_had_shown(dataset):
    people = ContributorFactory.create_batch(4, member=dataset)
    rank_alike(dataset, people)
    compute_reputations()

    answers_known_items(dataset, people[0], right=1)

    assert (of(people[0]).gold, of(people[0]).consensus) == (1, 1)


def test_who_dissents_where_people_differ_is_measured_by_nothing(dataset):
    people = ContributorFactory.create_batch(5, member=dataset)
    prompt, order = prompt_with(dataset)
    for person in people[:3]:
        rank(prompt, order, person)
    for person in people[3:]:
        rank(prompt, order[::-1], person)

    compute_reputations()

    assert not Reputation.objects.exists()


def test_of_several_ballots_of_one_person_the_newest_measures(dataset):
    people = ContributorFactory.create_batch(4, member=dataset)
    prompt, order = prompt_with(dataset)
    for person in people:
        rank(prompt, order, person)
    again = Ballot.objects.filter(ranker=people[0]).get()
    again.pk, again.ranking_round = None, 2
    again.save()
    entries = [(pk, place) for place, pk in enumerate([*order[:2], order[3], order[2]], 1)]
    for pk, place in entries:
        again.entries.create(reply_id=pk, position=place, shown=place)

    reputations.compute(dataset_id=dataset.pk)

    assert of(people[0]).consensus_right == pytest.approx(5 / 6)
    assert of(people[1]).consensus_right == pytest.approx(1)


@pytest.mark.parametrize("how", ["set aside", "paused"])
def test_ballots_that_do_not_count_measure_nobody(dataset, how):
    people = ContributorFactory.create_batch(5, member=dataset)
    rank_alike(dataset, people)
    if how == "paused":
        boss = ContributorFactory(member=dataset, member__roles=["curator"])
        suspensions.suspend(
            person_id=people[0].pk, dataset=dataset, by=boss, reason="Spam."
        )
    else:
        Ballot.objects.filter(ranker=people[0]).update(set_aside_at=now())

    reputations.compute(dataset_id=dataset.pk)

    measured = Reputation.objects.filter(consensus=1, kind="ranking")
    assert set(measured.values_list("person", flat=True)) == {one.pk for one in people[1:]}


def test_only_what_changed_since_is_computed(dataset, monkeypatch):
    people = ContributorFactory.create_batch(4, member=dataset)
    rank_alike(dataset, people)
    compute_reputations()
    computed = []
    monkeypatch.setattr(reputations, "compute", lambda dataset_id: computed.append(1))

    compute_reputations()
    assert not computed
    rank_alike(dataset, people)
    compute_reputations()
    assert computed


def test_evidence_that_came_while_it_was_computed_is_seen_the_next_time(dataset):
    people = ContributorFactory.create_batch(4, member=dataset)
    rank_alike(dataset, people)
    compute_reputations()
    GoldAnswer.objects.create(
        item=known_item(dataset), person=people[0], verdict="accept", is_right=True
    )

    compute_reputations()

    assert of(people[0]).gold == 1


def test_what_measures_nobody_any_more_is_forgotten(dataset):
    people = ContributorFactory.create_batch(4, member=dataset)
    rank_alike(dataset, people)
    compute_reputations()
    Settlement.objects.update(status="contested")

    reputations.compute(dataset_id=dataset.pk)

    assert {kept.consensus for kept in Reputation.objects.all()} == {0}


def test_it_takes_as_many_queries_for_many_people_as_for_few(
    dataset, django_assert_num_queries
):
    people = ContributorFactory.create_batch(8, member=dataset)
    rank_alike(dataset, people[:4])
    # Expect 8: known texts and rankings, clear prompts, their ballots, whom it knew,
    # the new rows, and the beginning and end of the transaction within that of the test
    with django_assert_num_queries(8):
        reputations.compute(dataset_id=dataset.pk)
    rank_alike(dataset, people, times=3)
    with django_assert_num_queries(8):
        reputations.compute(dataset_id=dataset.pk)

"""What is settled follows what is known of people, and who pauses is left out."""

from __future__ import annotations

import pytest
from django.db import connection

from annotate.models import Assignment
from curation import tasks
from curation.actions import judgements, resettling, suspensions, versions
from curation.models import Conversation, Event, Reputation, Settlement
from tests.annotate.work import planned
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory
from tests.races import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__rankings_wanted=3, policy__max_depth=2)


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


@pytest.fixture
def prompt(dataset):
    return MessageFactory(accepted=True, conversation__dataset=dataset)


@pytest.fixture
def answers(prompt):
    return [ReplyFactory(parent=prompt, accepted=True).pk for _ in range(3)]


def weighs(person, dataset, weight, settled_weight=1.0):
    Reputation.objects.update_or_create(
        dataset=dataset, person=person, kind="ranking",
        defaults={
            "gold": 1, "gold_right": 0, "expected": 0.5, "lower_bound": 0.1,
            "weight": weight, "settled_weight": settled_weight, "gold_share": 0.1,
        },
    )  # fmt: skip


def rank(order, by):
    prompt = MessageFactory._meta.model.objects.get(pk=order[0]).parent_id
    places = {pk: place for place, pk in enumerate(order, 1)}
    judgements.rank(
        prompt_id=prompt, by=by, outcome="ranked", shown=order, positions=places
    )


def people(dataset, count):
    return [ContributorFactory(member=dataset) for _ in range(count)]


def outvoted(dataset, answers):
    """One person who orders them the one way, and two who do it the other."""
    one, *two = people(dataset, 3)
    rank(answers, one)
    for other in two:
        rank(answers[::-1], other)
    return one


def settled():
    return Settlement.objects.get()


def of_order(answers):
    return [[pk] for pk in answers]


def test_who_proves_reliable_later_weighs_in_what_is_settled(dataset, prompt, answers):
    one = outvoted(dataset, answers)
    assert settled().order == of_order(answers[::-1])
    weighs(one, dataset, 3.5)

    tasks.settle_again()

    assert settled().order == of_order(answers)
    assert (settled().is_weighted, settled().is_due) == (True, False)
    assert Reputation.objects.get(person=one).settled_weight == 3.5
    line = Event.objects.get(kind="prompt.resettled")
    assert (line.subject_id, line.by, line.dataset) == (prompt.pk, None, dataset)
    assert line.data["order"] == of_order(answers[::-1])


def test_a_small_change_makes_nothing_due(dataset, prompt, answers):
    one = outvoted(dataset, answers)
    weighs(one, dataset, 1.2)

    assert resettling.mark_changed_reputations() == 0
    weighs(one, dataset, 1.25)
    assert resettling.mark_changed_reputations() == 1
    assert resettling.mark_changed_reputations() == 0


def test_where_it_changes_neither_order_nor_status_nothing_is_written(
    dataset, prompt, answers
):
    for one in people(dataset, 3):
        rank(answers, one)
        weighs(one, dataset, 2)
    before = settled()
    changes = Conversation.objects.get().changes

    tasks.settle_again()

    after = settled()
    assert (after.settled_at, after.margins) == (before.settled_at, before.margins)
    assert not after.is_due
    assert Conversation.objects.get().changes == changes
    assert not Event.objects.filter(kind="prompt.resettled").exists()


def test_only_in_the_dataset_where_the_reputation_was_earned(dataset, prompt, answers):
    one = outvoted(dataset, answers)
    weighs(one, DatasetFactory(), 4)

    tasks.settle_again()

    assert settled().order == of_order(answers[::-1])


def test_so_many_prompts_at_a_time_and_the_rest_the_next_time(dataset):
    one = people(dataset, 1)[0]
    for _ in range(3):
        there = MessageFactory(accepted=True, conversation__dataset=dataset)
        order = [ReplyFactory(parent=there, accepted=True).pk for _ in range(2)]
        rank(order, one)
    suspensions.suspend(
        person_id=one.pk, dataset=dataset, reason="Let us talk.",
        by=ContributorFactory(is_staff=True),
    )  # fmt: skip
    assert Settlement.objects.filter(is_due=True).count() == 3

    assert resettling.settle_due(at_most=2) == 2
    assert resettling.settle_due(at_most=2) == 1
    assert resettling.settle_due(at_most=2) == 0


def test_an_archived_dataset_stays_as_it_is(dataset, prompt, answers):
    one = outvoted(dataset, answers)
    weighs(one, dataset, 4)
    dataset.archived_at = dataset.created_at
    dataset.save()

    tasks.settle_again()

    assert settled().order == of_order(answers[::-1])


# ---- who pauses ------------------------------------------------------------------------
def pause(person, dataset, by):
    return suspensions.suspend(
        person_id=person.pk, dataset=dataset, reason="Let us talk.", by=by
    )


def test_ballots_of_who_pauses_are_left_out_until_they_go_on(
    dataset, curator, prompt, answers
):
    first, second, third = people(dataset, 3)
    for one, order in ((first, answers), (second, answers[::-1]), (third, answers[::-1])):
        rank(order, one)
    suspension = pause(second, dataset, curator)

    tasks.settle_again()

    assert (settled().ballots, settled().status) == (2, "insufficient")
    assert settled().order == [sorted(answers)]
    planned(prompt)
    assert Assignment.objects.filter(kind="rank", state="open").count() == 1

    suspensions.lift(suspension_id=suspension.pk, by=curator)
    tasks.settle_again()

    assert (settled().ballots, settled().order) == (3, of_order(answers[::-1]))
    planned(prompt)
    assert not Assignment.objects.filter(kind="rank", state="open").exists()


def test_a_ballot_cast_meanwhile_is_settled_without_them_at_once(
    dataset, curator, prompt, answers
):
    first, second, third = people(dataset, 3)
    rank(answers, first)
    pause(first, dataset, curator)

    rank(answers[::-1], second)

    assert (settled().ballots, settled().order) == (1, of_order(answers[::-1]))
    rank(answers[::-1], third)
    assert settled().status == "insufficient"  # of three wanted, two count


def test_a_pause_everywhere_reaches_every_dataset_and_one_elsewhere_none(
    dataset, curator, prompt, answers
):
    first, second = people(dataset, 2)
    rank(answers, first)
    rank(answers[::-1], second)
    admin = ContributorFactory(is_staff=True)

    pause(first, DatasetFactory(), admin)
    tasks.settle_again()
    assert settled().ballots == 2

    pause(first, None, admin)
    tasks.settle_again()
    assert (settled().ballots, settled().order) == (1, of_order(answers[::-1]))


def test_with_the_only_ranker_pausing_nothing_is_known(dataset, curator, prompt, answers):
    one = people(dataset, 1)[0]
    rank(answers, one)
    pause(one, dataset, curator)

    tasks.settle_again()

    there = settled()
    assert (there.ballots, there.order, there.status) == (0, [], "insufficient")


def test_frozen_versions_keep_what_was_true_and_the_next_has_it_new(
    dataset, curator, prompt, answers
):
    first, second = people(dataset, 2)
    rank(answers, first)
    rank(answers[::-1], second)
    recipe = {"pairs": "all"}
    before = versions.freeze(dataset_id=dataset.pk, by=curator, recipe=recipe)
    told = before.rankings.get().facts
    pause(second, dataset, curator)
    tasks.settle_again()

    after = versions.freeze(dataset_id=dataset.pk, by=curator, recipe=recipe)

    assert before.rankings.get().facts == told
    assert (versions.verify(before), versions.verify(after)) == ([], [])
    assert (told["ballots"], after.rankings.get().facts["ballots"]) == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_two_clocks_at_once_settle_each_prompt_once():
    dataset = DatasetFactory(policy__rankings_wanted=3, policy__max_depth=2)
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    answers = [ReplyFactory(parent=prompt, accepted=True).pk for _ in range(3)]
    weighs(outvoted(dataset, answers), dataset, 4)

    together(tasks.settle_again, tasks.settle_again)

    assert Event.objects.filter(kind="prompt.resettled").count() == 1
    assert settled().order == of_order(answers)
    connection.close()

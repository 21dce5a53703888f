"""Schedules fire by themselves: freeze, train, evaluate, ask people; once each time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from curation.actions import versions, withdrawals
from curation.models import DatasetVersion, Event, Freezing, Message, Notification
from tests.factories import ConversationFactory, MessageFactory
from tests.races import together
from tests.trainer.planning import add_pair, fall_due, fired
from trainer import tasks
from trainer.actions import firings, runs
from trainer.models import BaseModel, Firing, Run

pytestmark = pytest.mark.django_db(transaction=True)


# ---- by the clock ----------------------------------------------------------------------


def test_at_night_it_freezes_trains_and_asks_people(plan, frozen, dataset, fake, rung):
    schedule = plan()
    add_pair(dataset)
    tasks.fire_schedules()
    assert not Firing.objects.exists()

    fall_due(schedule)
    tasks.fire_schedules()
    tasks.fire_schedules()

    run = Run.objects.get()
    assert (run.state, run.version.number, run.priority) == ("finished", 2, -1)
    assert (run.offered, run.requested_by) == (4, schedule.owner)
    assert Message.objects.filter(origin="model").count() == 4
    firing = Firing.objects.get()
    assert (firing.state, firing.run, firing.version) == ("done", run, run.version)
    schedule.refresh_from_db()
    assert now() < schedule.due_at < now() + timedelta(days=1)


def test_five_missed_nights_are_one(plan, frozen, fake, rung):
    schedule = plan()
    fall_due(schedule, days=5)

    for _ in range(4):
        tasks.fire_schedules()

    assert (Firing.objects.count(), Run.objects.count()) == (1, 1)


def test_two_clocks_call_it_once(plan, frozen):
    one, other = plan(), plan(name="Other", base=BaseModel.objects.get())
    fall_due(one)
    fall_due(other)

    together(*[firings.call_due] * 8)

    assert sorted(Firing.objects.values_list("schedule", flat=True)) == [one.pk, other.pk]
    assert Event.objects.filter(kind="schedule.called").count() == 2


def test_delivered_four_times_at_once_it_asks_for_one_run(plan, frozen, dataset):
    schedule = plan()
    add_pair(dataset)
    fall_due(schedule)
    [firing] = firings.call_due()

    together(*[lambda: firings.carry_out(firing)] * 4)

    assert (Run.objects.count(), DatasetVersion.objects.count()) == (1, 2)
    assert Freezing.objects.count() == 1


def test_a_worker_that_dies_while_freezing_loses_nothing(
    plan, frozen, dataset, monkeypatch
):
    schedule = plan()
    add_pair(dataset)
    fall_due(schedule)
    [firing] = firings.call_due()

    def die(*args, **kwargs):
        raise KeyboardInterrupt  # as SIGKILL: nothing of ours runs after it

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(runs, "request", die)
        firings.carry_out(firing)
    assert firings.call_due() == []  # it may still be at it
    Firing.objects.update(lease_until=now() - timedelta(seconds=1))
    assert firings.call_due() == [firing]
    firings.carry_out(firing)

    assert (Run.objects.count(), DatasetVersion.objects.count()) == (1, 2)
    assert Freezing.objects.count() == 1


def test_while_its_run_waits_another_night_is_skipped(plan, frozen, dataset):
    schedule = plan()
    add_pair(dataset)
    for _ in range(2):
        fall_due(schedule)
        for firing in firings.call_due():
            firings.carry_out(firing)

    assert Run.objects.count() == 1
    assert fired(schedule) == ("skipped", "What it had started before was not over.")


# ---- nothing new -----------------------------------------------------------------------


def test_nothing_new_is_skipped_with_its_reason(plan, frozen, request_run):
    request_run()  # a person trained on it already
    schedule = plan()
    fall_due(schedule)

    [firing] = firings.call_due()
    assert firings.carry_out(firing) is None

    assert fired(schedule) == ("skipped", "Nothing new since version 1.")
    assert Run.objects.count() == 1
    assert not Notification.objects.filter(kind="schedule").exists()


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_run_that_came_to_nothing_is_no_reason_to_skip(plan, frozen, request_run, state):
    Run.objects.filter(pk=request_run().pk).update(
        state=state, finished_at=now(), problem="x" if state == "failed" else ""
    )
    schedule = plan()
    fall_due(schedule)

    [firing] = firings.call_due()
    assert firings.carry_out(firing) is not None
    assert Run.objects.count() == 2


def test_a_version_that_nobody_trained_on_is_trained_on(plan, frozen):
    schedule = plan()
    fall_due(schedule)

    [firing] = firings.call_due()
    run = firings.carry_out(firing)

    assert run.version == frozen
    assert DatasetVersion.objects.count() == 1


def test_the_recipe_is_that_of_the_newest_version(plan, frozen, dataset, curator):
    versions.freeze(dataset_id=dataset.pk, by=curator, recipe={"languages": ["en"]})
    add_pair(dataset)
    schedule = plan()
    fall_due(schedule)

    [firing] = firings.call_due()
    run = firings.carry_out(firing)

    assert run.version.recipe["languages"] == ["en"]


def test_what_was_taken_back_is_left_out(plan, frozen, dataset):
    taken = frozen.items.filter(split="train").first().reply
    add_pair(dataset)
    withdrawals.take_back(message_id=taken.pk, by=taken.author)
    schedule = plan()
    fall_due(schedule)

    [firing] = firings.call_due()
    run = firings.carry_out(firing)

    assert taken.pk not in run.version.items.values_list("reply", flat=True)
    assert run.version != frozen


# ---- when enough waits -----------------------------------------------------------------


def test_it_fires_when_enough_is_accepted_and_then_waits_anew(
    plan, frozen, dataset, fake, rung
):
    schedule = plan(when="waiting", wanted_messages=4)
    add_pair(dataset)  # a question and its answer
    tasks.fire_schedules()
    assert not Firing.objects.exists()

    add_pair(dataset)
    tasks.fire_schedules()
    assert Run.objects.get().state == "finished"

    for _ in range(3):
        tasks.fire_schedules()
    assert Firing.objects.count() == 1
    assert fired(schedule)[0] == "done"


def test_what_the_recipe_leaves_out_does_not_fire_for_ever(plan, frozen, dataset):
    plan(when="waiting", wanted_messages=1)
    conversation = ConversationFactory(dataset=dataset)
    MessageFactory(conversation=conversation, accepted=True)  # with no answer

    for _ in range(3):
        for firing in firings.call_due():
            firings.carry_out(firing)
        Run.objects.update(state="cancelled", finished_at=now())
        firings.settle()

    assert Firing.objects.count() == 1


def test_ballots_count_where_they_are_wanted(plan, frozen, dataset, curator):
    from curation.models import Ballot

    plan(when="waiting", wanted_ballots=1)
    assert firings.call_due() == []

    prompt = frozen.items.first().reply.parent
    Ballot.objects.create(prompt=prompt, ranker=curator, outcome="none_good")

    assert len(firings.call_due()) == 1


def test_two_clocks_see_that_enough_waits_once(plan, frozen, dataset):
    plan(when="waiting", wanted_messages=1)
    add_pair(dataset)

    together(*[firings.call_due] * 8)

    assert Firing.objects.count() == 1

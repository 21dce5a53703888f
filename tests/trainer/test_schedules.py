"""Schedules fire by themselves: freeze, train, evaluate, ask people; once each time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from curation.actions import versions, withdrawals
from curation.errors import NotAllowed
from curation.models import (
    DatasetVersion,
    Event,
    Freezing,
    Membership,
    Message,
    Notification,
)
from tests.factories import (
    ContributorFactory,
    ConversationFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.races import together
from trainer import tasks
from trainer.actions import firings, runs, schedules
from trainer.errors import TrainerError
from trainer.models import BaseModel, Firing, Run, Schedule

pytestmark = pytest.mark.django_db(transaction=True)

SMALL = {
    "steps": 10, "eval_every": 5, "checkpoint_every": 5, "samples": 4, "max_length": 64,
    "max_new_tokens": 16,
}  # fmt: skip


@pytest.fixture
def plan(dataset, base, curator):
    def plan(by=curator, **facts):
        usual = {"name": "Nightly", "when": "nightly", "base": base, "config": SMALL}
        return schedules.create(dataset_id=dataset.pk, by=by, facts=usual | facts)

    return plan


@pytest.fixture
def rung(monkeypatch):
    """What is rung for happens at once, as an idle worker's."""
    done = []
    for name in ("execute_run", "fire"):
        task = getattr(tasks, name)
        monkeypatch.setattr(
            task, "delay", lambda task=task, **ids: done.append(ids) or task(**ids)
        )
    return done


def add_pair(dataset, *, accepted=True):
    """One more question with its accepted answer; returns the answer."""
    conversation = ConversationFactory(dataset=dataset)
    prompt = MessageFactory(conversation=conversation, accepted=True)
    return ReplyFactory(parent=prompt, accepted=accepted)


def fall_due(schedule, days=0):
    Schedule.objects.filter(pk=schedule.pk).update(
        due_at=now() - timedelta(days=days, minutes=1)
    )


def fired(schedule):
    """Of the newest firing."""
    found = schedule.firings.order_by("-pk").first()
    return found.state, found.said()


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


# ---- rights ----------------------------------------------------------------------------


def test_only_curators_plan(plan, dataset):
    with pytest.raises(NotAllowed):
        plan(by=ContributorFactory(member=dataset))
    assert plan(by=ContributorFactory(is_staff=True)).is_active


def test_who_lost_the_role_plans_nothing_more(plan, frozen, dataset, curator):
    schedule = plan()
    Membership.objects.filter(contributor=curator).delete()
    fall_due(schedule)

    [firing] = firings.call_due()
    assert firings.carry_out(firing) is None

    schedule.refresh_from_db()
    assert (schedule.state, schedule.due_at) == ("parked", None)
    assert "no curator of the dataset any more" in schedule.why
    assert not Run.objects.exists()
    assert Notification.objects.get(kind="schedule").person == curator

    heir = ContributorFactory(member=dataset, member__roles=["curator"])
    schedules.resume(schedule_id=schedule.pk, by=heir)
    fall_due(schedule)
    [firing] = firings.call_due()
    assert firings.carry_out(firing).requested_by == heir


# ---- failures --------------------------------------------------------------------------


def test_who_planned_it_hears_of_a_failed_run(plan, frozen, curator, fake, rung):
    fake(at_step=3, trouble="The loss is no number.")
    schedule = plan()
    fall_due(schedule)

    tasks.fire_schedules()
    tasks.fire_schedules()
    tasks.fire_schedules()

    run = Run.objects.get()
    said = f"Run {run.pk} failed: The loss is no number."
    assert fired(schedule) == ("failed", said)
    notice = Notification.objects.get(kind="schedule", person=curator)
    assert notice.data["facts"]["run"] == run.pk


def test_a_base_that_is_gone_is_told(plan, frozen, base, curator):
    schedule = plan()
    BaseModel.objects.update(state="building")
    fall_due(schedule)

    [firing] = firings.call_due()
    firings.carry_out(firing)

    assert fired(schedule) == ("failed", "The base model Test base is not ready.")
    assert Notification.objects.filter(kind="schedule", person=curator).count() == 1


def test_while_somebody_freezes_it_waits_its_turn(plan, frozen, dataset, curator):
    from curation.actions import freezing

    other = freezing.ask(dataset_id=dataset.pk, by=curator, recipe={"languages": ["fr"]})
    add_pair(dataset)
    schedule = plan()
    fall_due(schedule)
    [firing] = firings.call_due()

    assert firings.carry_out(firing) is None
    assert fired(schedule) == ("due", "")

    freezing.cancel(freezing_id=other.pk, by=curator)
    assert firings.call_due() == [firing]
    assert firings.carry_out(firing) is not None


# ---- steering --------------------------------------------------------------------------


def test_paused_it_does_not_fire_and_resumed_it_misses_nothing_twice(plan, frozen, curator):
    schedule = plan()
    fall_due(schedule)
    schedules.pause(schedule_id=schedule.pk, by=curator)
    assert firings.call_due() == []

    resumed = schedules.resume(schedule_id=schedule.pk, by=curator)
    assert resumed.due_at > now()
    assert firings.call_due() == []


def test_run_now_does_not_wait_and_counts_once(plan, frozen, curator):
    schedule = plan()

    outcomes = together(
        *[lambda: schedules.run_now(schedule_id=schedule.pk, by=curator)] * 4
    )

    assert outcomes.count(TrainerError) == 3
    assert Firing.objects.get().asked_by == curator


def test_deleted_its_runs_stay(plan, frozen, curator):
    schedule = plan()
    firing = schedules.run_now(schedule_id=schedule.pk, by=curator)
    run = firings.carry_out(firing.pk)

    schedules.delete(schedule_id=schedule.pk, by=curator)

    assert Run.objects.get() == run
    assert not Firing.objects.exists()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"time_zone": "Mars/Olympus"}, "time zone"),
        ({"when": "waiting"}, "how many"),
        ({"config": {"steps": 0}}, "from 1"),
        ({"config": {"nonsense": 1}}, "no setting"),
        ({"quiet_from": 8}, "beginning and an end"),
    ],
)
def test_what_cannot_be_planned(plan, facts, said):
    with pytest.raises(TrainerError, match=said):
        plan(**facts)
    assert not Schedule.objects.exists()

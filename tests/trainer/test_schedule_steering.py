"""Who plans runs, what is told when one fails, and how a schedule is steered."""

from __future__ import annotations

import pytest
from django.utils.timezone import now

from curation.errors import NotAllowed
from curation.models import Membership, Notification
from tests.factories import ContributorFactory
from tests.races import together
from tests.trainer.planning import add_pair, fall_due, fired
from trainer import tasks
from trainer.actions import firings, schedules
from trainer.errors import TrainerError
from trainer.models import BaseModel, Firing, Run, Schedule

pytestmark = pytest.mark.django_db(transaction=True)


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

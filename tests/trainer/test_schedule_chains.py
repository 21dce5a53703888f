"""Schedules after one another: one fires, and each of the others follows on its version."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from curation.actions import withdrawals
from curation.models import Message
from tests.factories import DatasetFactory
from tests.races import together
from trainer import tasks
from trainer.actions import firings, promotions, schedules
from trainer.errors import TrainerError
from trainer.models import Firing, Removal, Run, Schedule

pytestmark = pytest.mark.django_db(transaction=True)

SMALL = {"steps": 10, "eval_every": 5, "checkpoint_every": 5, "max_length": 64}
ANSWERS = {"samples": 4, "max_new_tokens": 16, "offer": False}


@pytest.fixture
def plan(dataset, base, curator):
    def plan(name, *, method="sft", after=None, by=curator, **facts):
        config = SMALL | ({} if method == "reward" else ANSWERS)
        when = {"when": "after", "after": after} if after else {"when": "nightly"}
        usual = {"name": name, "base": base, "config": config, "method": method}
        return schedules.create(dataset_id=dataset.pk, by=by, facts=usual | when | facts)

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


def look():
    """As often as the clock does in some minutes."""
    for _ in range(8):
        tasks.fire_schedules()


def test_a_fine_tune_a_reward_model_and_dpo_follow_one_another(
    plan, preferred, curator, fake, rung
):
    first = plan("Fine-tune")
    second = plan("Marks", method="reward", after=first)
    third = plan("Preferences", method="dpo", after=second, start="newest")

    schedules.run_now(schedule_id=first.pk, by=curator)
    look()

    made = list(Run.objects.order_by("pk"))
    assert [run.method for run in made] == ["sft", "reward", "dpo"]
    assert {run.state for run in made} == {"finished"}
    assert {run.version for run in made} == {preferred}
    assert made[2].parent == made[0]
    called = Firing.objects.order_by("pk").values_list("schedule", "state", "run")
    expected = zip((first, second, third), made, strict=True)
    assert list(called) == [(one.pk, "done", run.pk) for one, run in expected]


def test_after_a_run_that_failed_nothing_follows(plan, preferred, curator, fake, rung):
    fake(trouble="No.", at_step=1)
    first = plan("Fine-tune")
    plan("Marks", method="reward", after=first)

    schedules.run_now(schedule_id=first.pk, by=curator)
    look()

    assert Firing.objects.get().state == "failed"


def test_paused_it_does_not_follow_and_busy_it_says_so(
    plan, preferred, curator, fake, rung
):
    first = plan("Fine-tune")
    paused = plan("Paused", method="reward", after=first)
    busy = plan("Busy", method="reward", after=first)
    schedules.pause(schedule_id=paused.pk, by=curator)
    before = schedules.call(busy)

    schedules.run_now(schedule_id=first.pk, by=curator)
    # Its own earlier firing is not over, as nobody carries it out.
    Firing.objects.filter(pk=before.pk).update(lease_until="2999-01-01T00:00Z")
    look()

    assert not paused.firings.exists()
    skipped = busy.firings.exclude(pk=before.pk).get()
    assert (skipped.state, skipped.said()) == ("skipped", schedules.NOT_OVER)


def test_it_goes_on_from_the_champion_or_says_that_there_is_none(
    plan, preferred, curator, fake, rung, request_run
):
    alone = plan("Preferences", method="dpo", start="champion")
    firing = schedules.run_now(schedule_id=alone.pk, by=curator)
    firings.carry_out(firing.pk)
    firing.refresh_from_db()
    assert (firing.state, "no champion" in firing.said()) == ("failed", True)

    held, newer = request_run(), request_run(seed=2)
    for run in (held, newer):
        tasks.execute_run(run_id=run.pk)
    promotions.promote(run_id=held.pk, by=curator, reason="It is good.")
    firing = schedules.run_now(schedule_id=alone.pk, by=curator)

    assert firings.carry_out(firing.pk).parent == held


def test_a_chain_has_a_beginning_and_one_dataset(plan, curator):
    first = plan("Fine-tune")
    second = plan("Marks", method="reward", after=first)

    for schedule, earlier in ((first, second), (first, first)):
        with pytest.raises(TrainerError, match="wait for each other"):
            facts = {"when": "after", "after": earlier}
            schedules.change(schedule_id=schedule.pk, by=curator, facts=facts)
    with pytest.raises(TrainerError, match="after which schedule"):
        schedules.change(schedule_id=second.pk, by=curator, facts={"after": None})
    Schedule.objects.filter(pk=first.pk).update(dataset=DatasetFactory())
    with pytest.raises(TrainerError, match="of the same dataset"):
        schedules.change(schedule_id=second.pk, by=curator, facts={"name": "Marks"})


def test_the_database_knows_no_half_of_it(plan, request_run):
    first = plan("Fine-tune")
    second = plan("Marks", method="reward", after=first)
    for odd in ({"after": None}, {"when": "nightly"}, {"after": second.pk}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Schedule.objects.filter(pk=second.pk).update(**odd)
    for odd in ({"start": "run"}, {"start": "soon"}, {"parent": request_run()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Schedule.objects.filter(pk=first.pk).update(**odd)


def test_of_two_that_are_set_after_each_other_at_once_one_is_refused(plan, curator):
    first, second = plan("Fine-tune"), plan("Marks", method="reward")

    def set_after(one, other):
        facts = {"when": "after", "after": Schedule.objects.get(pk=other.pk)}
        return schedules.change(schedule_id=one.pk, by=curator, facts=facts)

    outcomes = together(lambda: set_after(first, second), lambda: set_after(second, first))

    assert TrainerError in outcomes
    assert Schedule.objects.exclude(after=None).count() == 1


def test_a_chain_that_is_a_ring_already_is_refused_and_not_walked_for_ever(plan, curator):
    first = plan("Fine-tune")
    second = plan("Marks", method="reward", after=first)
    Schedule.objects.filter(pk=first.pk).update(when="after", after=second, due_at=None)

    with pytest.raises(TrainerError, match="wait for each other"):
        plan("Preferences", method="dpo", after=second)


def in_place_of(old, new, curator, *, state="done"):
    """As if the new run had been trained again without what was taken back."""
    ended = now() if state == "done" else None
    Removal.objects.create(
        run=old, made=new, state=state, texts=1, asked_by=curator, ended_at=ended
    )
    if state == "done":
        Run.objects.filter(pk=old.pk).update(retired_at=now())


def finished(run):
    tasks.execute_run(run_id=run.pk)
    run.refresh_from_db()
    return run


def test_it_goes_on_from_what_took_the_place_of_its_run(
    plan, preferred, curator, fake, rung, request_run
):
    old, new = finished(request_run()), finished(request_run(seed=2))
    alone = plan("Preferences", method="dpo", start="run", parent=old)
    in_place_of(old, new, curator)

    firing = schedules.run_now(schedule_id=alone.pk, by=curator)

    assert firings.carry_out(firing.pk).parent == new
    schedules.change(schedule_id=alone.pk, by=curator, facts={"name": "Nightly"})


def test_the_newest_is_of_the_newest_version_and_waits_for_nobodys_decision(
    plan, preferred, curator, fake, rung, request_run
):
    old, newest = finished(request_run()), finished(request_run(version=preferred))
    again = finished(request_run(seed=2))
    in_place_of(old, again, curator, state="compared")

    assert list(Run.objects.newest_first()) == [newest, old]
    Removal.objects.update(state="done", ended_at=now())
    assert list(Run.objects.newest_first()) == [newest, again, old]
    alone = plan("Preferences", method="dpo", start="newest")
    firing = schedules.run_now(schedule_id=alone.pk, by=curator)
    assert firings.carry_out(firing.pk).parent == newest


def test_what_was_taken_back_after_the_freezing_is_waited_out(
    plan, preferred, curator, fake, rung
):
    first = plan("Fine-tune")
    second = plan("Marks", method="reward", after=first)
    text = Message.objects.filter(frozen_in__version=preferred).order_by("pk").last()
    schedules.run_now(schedule_id=first.pk, by=curator)
    tasks.fire_schedules()
    withdrawals.take_back(message_id=text.pk, by=text.author)
    look()

    firing = second.firings.get()
    assert firing.state == "skipped", firing.said()
    assert "taken back meanwhile" in firing.said()

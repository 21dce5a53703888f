"""A run's rules: who may ask, what is refused, which moves there are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from curation.errors import NotAllowed, WrongState
from curation.models import Event
from tests.factories import ContributorFactory
from trainer.actions import fence, runs
from trainer.errors import Cancelled, Lost, TrainerError
from trainer.models import Metric, Run

pytestmark = pytest.mark.django_db


def running(request_run, **changes):
    run = request_run()
    claimed = runs.claim(run.pk, "host:1")
    Run.objects.filter(pk=run.pk).update(**changes)
    return claimed


def is_silent(run):
    Run.objects.filter(pk=run.pk).update(lease_until=now() - timedelta(seconds=1))


def kinds(run):
    return list(
        Event.objects.filter(subject_kind="run", subject_id=run.pk)
        .order_by("pk")
        .values_list("kind", flat=True)
    )


def test_a_curator_asks_for_a_run(request_run, frozen, curator):
    run = request_run(steps=20)

    assert (run.state, run.of, run.attempt) == ("queued", 20, 0)
    assert run.version_digest == frozen.digest
    event = Event.objects.get(kind="run.requested")
    assert (event.by, event.dataset, event.subject_id) == (curator, frozen.dataset, run.pk)


def test_a_site_admin_may_ask_and_a_writer_may_not(frozen, base, dataset):
    asked = {"version_id": frozen.pk, "base_id": base.pk, "config": {}}

    assert runs.request(**asked, by=ContributorFactory(is_staff=True)).pk
    with pytest.raises(NotAllowed):
        runs.request(**asked, by=ContributorFactory(member=dataset))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"stepps": 3}, "no setting “stepps”"),
        ({"steps": 0}, "“Steps” must be from 1"),
        ({"steps": "many"}, "“Steps” must be a whole number"),
        ({"steps": True}, "“Steps” must be a whole number"),
        ({"learning_rate": float("nan")}, "“Learning rate” must be from"),
        ({"max_length": 64, "max_new_tokens": 64}, "leave room for an answer"),
    ],
)
def test_odd_settings_are_refused_in_words(request_run, settings, words):
    with pytest.raises(TrainerError, match=words):
        request_run(**settings)
    assert not Run.objects.exists()


def test_a_base_that_is_not_ready_is_refused(request_run, base):
    base.state = "building"
    base.save()

    with pytest.raises(TrainerError, match="not ready yet"):
        request_run()


def test_a_version_without_held_out_examples_is_refused(request_run, frozen, monkeypatch):
    from curation import handoff

    seen = handoff.frozen(frozen.pk)
    without = type(seen)(**{**vars(seen), "held_out_count": 0})
    monkeypatch.setattr(handoff, "frozen", lambda pk: without)

    with pytest.raises(TrainerError, match="keeps no example for the evaluation"):
        request_run()


def test_a_worker_claims_a_queued_run_once(request_run):
    run = request_run()

    claimed = runs.claim(run.pk, "host:1")

    assert (claimed.state, claimed.attempt, claimed.worker) == ("running", 1, "host:1")
    assert claimed.lease_until > now()
    assert runs.claim(run.pk, "host:2") is None


def test_a_stale_worker_writes_nothing(request_run):
    stale = running(request_run)
    is_silent(stale)
    fence.requeue_silent(Run)
    runs.claim(stale.pk, "host:2")

    assert fence.beat(stale) is False
    assert runs.finish(stale) is False
    assert fence.fail(stale, problem="late") is False
    assert fence.acknowledge_cancel(stale) is False
    for write in (
        lambda: runs.enter(stale, Run.Phase.TRAINING),
        lambda: runs.report(stale, [runs.Point("loss", 1, 1.0)], step=9),
        lambda: runs.publish(stale, path="x", sha256="0" * 64, size=1),
        lambda: fence.hold(stale),
    ):
        with pytest.raises(Lost), transaction.atomic():
            write()
    stale.refresh_from_db()
    assert (stale.state, stale.attempt, stale.step) == ("running", 2, 0)
    assert not Metric.objects.exists()
    assert not stale.checkpoints.exists()


def test_a_silent_run_is_queued_again_and_rung(request_run):
    run = running(request_run)
    is_silent(run)

    assert fence.requeue_silent(Run) == [run.pk]
    run.refresh_from_db()
    assert (run.state, run.lost, run.phase, run.lease_until) == ("queued", 1, "", None)


def test_a_run_that_is_heard_of_is_left_alone(request_run):
    run = running(request_run)

    assert fence.requeue_silent(Run) == []
    run.refresh_from_db()
    assert run.state == "running"


def test_three_lost_workers_park_it_with_a_reason(request_run, curator):
    run = request_run()
    for _ in range(3):
        claimed = runs.claim(run.pk, "host:1")
        is_silent(claimed)
        fence.requeue_silent(Run)

    run.refresh_from_db()
    assert (run.state, run.attempt, run.lost) == ("failed", 3, 3)
    assert run.problem == fence.PARKED
    assert runs.claim(run.pk, "host:1") is None

    run = runs.retry(run_id=run.pk, by=curator)
    assert (run.state, run.lost, run.problem) == ("queued", 0, "")
    assert runs.claim(run.pk, "host:1").attempt == 4  # the fence never goes back


def test_a_waiting_run_is_rung_again_but_not_at_once(request_run):
    run = request_run()

    assert fence.requeue_silent(Run) == []
    Run.objects.update(rung_at=now() - timedelta(seconds=21))
    assert fence.requeue_silent(Run) == [run.pk]
    assert fence.requeue_silent(Run) == []


def test_a_queued_run_is_cancelled_at_once(request_run, curator):
    run = request_run()

    assert runs.cancel(run_id=run.pk, by=curator).state == "cancelled"
    assert runs.claim(run.pk, "host:1") is None
    with pytest.raises(WrongState, match="already cancelled"):
        runs.cancel(run_id=run.pk, by=curator)


def test_a_running_one_is_asked_to_stop_and_says_when_it_has(request_run, curator):
    run = running(request_run)

    runs.cancel(run_id=run.pk, by=curator)
    runs.cancel(run_id=run.pk, by=curator)  # asking twice is asking once

    assert fence.stop_asked(run) is Cancelled
    run.refresh_from_db()
    assert run.is_cancelling
    assert fence.acknowledge_cancel(run)
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert kinds(run) == [
        "run.requested",
        "run.started",
        "run.cancel_asked",
        "run.cancelled",
    ]


def test_a_lost_run_that_was_to_be_cancelled_is_cancelled(request_run, curator):
    run = running(request_run)
    runs.cancel(run_id=run.pk, by=curator)
    is_silent(run)

    assert fence.requeue_silent(Run) == []
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_points_that_are_there_already_are_not_written_twice(request_run):
    run = running(request_run)

    runs.report(run, [runs.Point("loss", 1, 2.0), runs.Point("loss", 2, 1.5)], step=2)
    runs.report(run, [runs.Point("loss", 2, 1.5), runs.Point("loss", 3, 1.0)], step=3)

    assert list(run.metrics.order_by("step").values_list("step", "value")) == [
        (1, 2.0),
        (2, 1.5),
        (3, 1.0),
    ]


def test_a_finished_run_cannot_be_started_again(request_run, curator):
    run = running(request_run)
    runs.publish(run, path="1/adapter", sha256="a" * 64, size=7)
    assert runs.finish(run)

    with pytest.raises(WrongState, match="already finished"):
        runs.retry(run_id=run.pk, by=curator)


def test_a_failure_with_a_nul_in_its_words_is_still_recorded(request_run):
    run = running(request_run)

    assert fence.fail(run, problem="bad \x00 byte")

    run.refresh_from_db()
    assert run.problem == "bad \N{REPLACEMENT CHARACTER} byte"


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"state": "finished"}, "run_"),
        ({"state": "failed", "finished_at": now()}, "run_problem_exactly_when_failed"),
        ({"problem": "none"}, "run_problem_exactly_when_failed"),
        ({"state": "running"}, "run_lease_exactly_while_running"),
        ({"finished_at": now()}, "run_finished_at_exactly_when_ended"),
        ({"version_digest": "abc"}, "run_version_digest_is_sha256"),
        ({"cancel_requested_at": now()}, "run_cancel_asked_only_while_running"),
        ({"state": "asleep"}, "run_state_known"),
        ({"phase": "asleep"}, "run_phase_known"),
    ],
)
def test_the_database_refuses_what_must_never_be(request_run, changes, constraint):
    run = request_run()

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Run.objects.filter(pk=run.pk).update(**changes)

"""Threads on a real PostgreSQL: one worker wins, and a second delivery changes nothing."""

from __future__ import annotations

import pytest

from curation.models import Event, Message
from tests.races import together
from trainer import tasks
from trainer.actions import fence, runs
from trainer.models import Run

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_eight_workers_one_wins(request_run):
    run = request_run()

    claimed = together(*(lambda n=n: runs.claim(run.pk, f"host:{n}") for n in range(8)))

    assert len([winner for winner in claimed if winner]) == 1
    assert Run.objects.get(pk=run.pk).attempt == 1
    assert Event.objects.filter(kind="run.started").count() == 1


def test_a_silent_run_is_taken_back_once_however_many_look(request_run):
    run = request_run()
    runs.claim(run.pk, "host:1")
    Run.objects.filter(pk=run.pk).update(lease_until="2020-01-01T00:00Z")

    together(*[lambda: fence.requeue_silent(Run)] * 6)

    run.refresh_from_db()
    assert (run.state, run.lost) == ("queued", 1)
    assert Event.objects.filter(kind="run.queued").count() == 1


def test_delivered_four_times_at_once_a_run_is_done_once(request_run, fake):
    run = request_run()

    together(*[lambda: tasks.execute_run(run_id=run.pk)] * 4)

    run.refresh_from_db()
    assert (run.state, run.attempt) == ("finished", 1)
    assert run.metrics.filter(name="loss").count() == 10
    assert Message.objects.filter(origin="model").count() == 4


def test_a_finish_and_a_cancel_at_once_leave_one_end(request_run, curator):
    run = request_run()
    claimed = runs.claim(run.pk, "host:1")
    runs.publish(claimed, path="1/adapter", sha256="a" * 64, size=1)

    together(
        lambda: runs.finish(claimed),
        lambda: runs.cancel(run_id=run.pk, by=curator),  # or finds it finished
    )

    run.refresh_from_db()
    assert (run.state, run.cancel_requested_at) == ("finished", None)

"""kill -9 of the worker, and a Redis that forgot everything: each run still ends, once."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from datetime import timedelta

import psutil
import pytest
from django.conf import settings as project
from django.db import InternalError, connection, transaction

from config import embedded, places, processes
from config.redis_server import is_running
from curation.models import Message
from tests.trainer import worker
from trainer import child, tasks
from trainer.actions import fence, runs
from trainer.models import Run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def start_worker(settings, folders):
    """`start_worker("run", "7")`; whatever still lives at the end is ended."""
    server = project.DATABASE_URL.rpartition("/")[0]
    database = f"{server}/{connection.settings_dict['NAME']}"
    started = []

    def start(*what, **more):
        process = worker.start(
            *what, runs=folders, versions=settings.VERSIONS_DIR, database=database, **more
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def until(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def children_of(run, folders):
    mark = json.loads((folders / str(run.pk) / child.PID_FILE).read_text())["mark"]
    return [process for process in psutil.process_iter() if child._has_mark(process, mark)]


def steps_written(run):
    return run.metrics.filter(name="loss").count()


def state(run):
    run.refresh_from_db()
    return run.state


def test_a_killed_worker_takes_its_child_along_and_another_ends_the_run_once(
    request_run, fake, start_worker, folders
):
    fake(pause=0.2)
    run = request_run(steps=300)  # a minute, were nobody to end it
    first = start_worker("run", str(run.pk))
    until(lambda: steps_written(run) > 6)

    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    until(lambda: not children_of(run, folders), seconds=30)
    seen = steps_written(run)
    Run.objects.update(lease_until="2020-01-01T00:00Z")  # half a minute goes by
    assert fence.requeue_silent(Run) == [run.pk]
    fake()
    second = start_worker("run", str(run.pk))
    assert second.wait(120) == 0

    assert state(run) == "finished"
    assert (run.attempt, run.lost) == (2, 0)  # it got on, so the loss is forgiven
    assert 6 < seen < 300
    steps = list(
        run.metrics.filter(name="loss").order_by("step").values_list("step", flat=True)
    )
    assert steps == list(range(1, 301))  # each once, none missing
    assert Message.objects.filter(origin="model").count() == 4


def test_a_killed_child_goes_back_to_the_queue_and_the_run_goes_on(
    request_run, fake, start_worker, folders
):
    fake(pause=0.2)
    run = request_run(steps=300)
    process = start_worker("run", str(run.pk))
    until(lambda: steps_written(run) > 6)

    found = children_of(run, folders)[0]
    found.kill()
    assert process.wait(120) == 0

    assert (state(run), run.lost, run.problem) == ("queued", 1, "")
    fake()
    tasks.execute_run(run_id=run.pk)
    assert (state(run), steps_written(run)) == ("finished", 300)
    assert (run.attempt, run.lost) == (2, 0)


def test_a_worker_frozen_past_its_lease_changes_nothing_when_it_thaws(
    request_run, fake, start_worker, folders
):
    fake(pause=0.2)
    run = request_run(steps=300)
    process = start_worker("run", str(run.pk))
    until(lambda: steps_written(run) > 2)

    os.kill(process.pid, signal.SIGSTOP)
    Run.objects.update(lease_until="2020-01-01T00:00Z")
    fence.requeue_silent(Run)
    other = runs.claim(run.pk, "other:1")
    before = (steps_written(run), Run.objects.values().get(pk=run.pk))
    os.kill(process.pid, signal.SIGCONT)
    assert process.wait(120) == 0

    assert (steps_written(run), Run.objects.values().get(pk=run.pk)) == before
    assert children_of(run, folders) == []
    assert fence.beat(other)


def test_a_worker_frozen_in_a_transaction_lets_go_of_its_run(request_run, monkeypatch):
    monkeypatch.setattr(fence, "LEASE", timedelta(seconds=1))
    run = runs.claim(request_run().pk, "host:1")
    held, done = threading.Event(), threading.Event()

    def freeze():
        try:
            with pytest.raises(InternalError), transaction.atomic():
                fence.report(run, step=3)
                held.set()
                done.wait(20)
                Run.objects.filter(pk=run.pk).update(step=4)
        finally:
            connection.close()

    thread = threading.Thread(target=freeze)
    thread.start()
    assert held.wait(10)
    Run.objects.filter(pk=run.pk).update(lease_until="2020-01-01T00:00Z")  # waits, not long
    assert fence.requeue_silent(Run) == [run.pk]
    done.set()
    thread.join(20)

    assert (state(run), run.step) == ("queued", 0)


def test_a_run_whose_doorbell_was_lost_with_redis_still_runs(
    request_run, start_worker, redis_server, fake, caplog
):
    run = request_run()
    tasks.execute_run.delay(run_id=run.pk)
    redis = is_running(places.var_dir())
    redis.kill()
    until(lambda: not processes.is_alive(redis))  # dead, whoever has yet to hear of it
    for kept in (places.var_dir() / "redis").rglob("*"):
        if kept.suffix in {".aof", ".rdb"}:
            kept.unlink()  # it comes back having forgotten everything
    embedded.start(only="Redis")
    start_worker("celery")
    time.sleep(3)
    assert state(run) == "queued"

    Run.objects.update(rung_at="2020-01-01T00:00Z")  # twenty seconds go by
    tasks.restart_silent_runs()  # as beat does

    until(lambda: state(run) == "finished")
    assert run.attempt == 1

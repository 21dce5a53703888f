"""A run that is asked to stop: for now, with a checkpoint after its step; or for good."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import pytest
from django.db import connection

from tests.trainer.test_run_execution import processes_of, steps_written, until
from trainer import child, launch, tasks, watch
from trainer.actions import runs
from trainer.models import Run
from trainer.recipes.common import read_object

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def executing(run, seconds=40):
    def work():
        try:
            tasks.execute_run(run_id=run.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join(seconds)
        assert not thread.is_alive()


def execute(run):
    tasks.execute_run(run_id=run.pk)
    return Run.objects.get(pk=run.pk)


def checkpoint_of(run):
    return read_object(launch.folder_of(run) / "checkpoint.json")["step"]


def log_of(run):
    return (launch.folder_of(run) / child.LOG).read_text()


@pytest.fixture
def often(monkeypatch):
    """A heart that beats ten times a second."""
    monkeypatch.setattr(watch, "SECONDS", 0.1)


@pytest.fixture
def impatient(monkeypatch, often):
    monkeypatch.setattr(watch, "PAUSE_SECONDS", 0.5)
    monkeypatch.setattr(child.Child.kill, "__kwdefaults__", {"gentle_seconds": 0.3})


def test_a_pause_keeps_the_very_step_and_the_run_goes_on_there(
    request_run, fake, often, curator
):
    fake(pause=0.2, listens=True)
    run = request_run(steps=30, checkpoint_every=30)
    with executing(run):
        until(lambda: steps_written(run) > 2)
        runs.pause(run_id=run.pk, by=curator)
    run.refresh_from_db()
    assert (run.state, run.problem) == ("paused", "")
    assert processes_of(run) == []
    stopped_at = checkpoint_of(run)
    assert 2 < stopped_at < 30

    fake(listens=True)
    runs.retry(run_id=run.pk, by=curator)
    run = execute(run)

    assert (run.state, run.attempt) == ("finished", 2)
    assert f'"resumed_at": {stopped_at}' in log_of(run)
    assert steps_written(run) == 30


def test_one_deep_in_a_step_is_ended_after_a_while(request_run, fake, impatient, curator):
    fake(pause=0.2, listens=True, deep=True, stubborn=True)
    run = request_run(steps=500)

    with executing(run):
        until(lambda: steps_written(run) > 6)
        runs.pause(run_id=run.pk, by=curator)

    run.refresh_from_db()
    assert run.state == "paused"
    assert processes_of(run) == []
    assert checkpoint_of(run) % 5 == 0  # the last one of its own


def test_its_lease_is_kept_while_it_stops(request_run, fake, often, curator, monkeypatch):
    monkeypatch.setattr(watch, "PAUSE_SECONDS", 3)
    monkeypatch.setattr(watch, "LEASE", type(watch.LEASE)(seconds=2))
    monkeypatch.setattr(child.Child.kill, "__kwdefaults__", {"gentle_seconds": 0.3})
    fake(pause=0.2, listens=True, deep=True)
    run = request_run(steps=500)

    with executing(run):
        until(lambda: steps_written(run) > 1)
        runs.pause(run_id=run.pk, by=curator)

    run.refresh_from_db()
    assert (run.state, run.attempt) == ("paused", 1)


def test_a_recipe_that_does_not_listen_stops_at_once(request_run, fake, often, curator):
    fake(pause=0.2)
    run = request_run(steps=500)

    with executing(run):
        until(lambda: steps_written(run) > 1)
        began = time.monotonic()
        runs.pause(run_id=run.pk, by=curator)

    assert time.monotonic() - began < 10
    run.refresh_from_db()
    assert (run.state, run.problem) == ("paused", "")


def test_one_that_stops_for_now_can_still_be_cancelled(request_run, fake, often, curator):
    fake(pause=0.2, listens=True, deep=True)
    run = request_run(steps=500)

    with executing(run):
        until(lambda: steps_written(run) > 1)
        runs.pause(run_id=run.pk, by=curator)
        time.sleep(0.5)
        runs.cancel(run_id=run.pk, by=curator)

    run.refresh_from_db()
    assert run.state == "cancelled"
    assert processes_of(run) == []


@pytest.mark.slow
def test_a_cancel_takes_less_than_half_a_minute_whatever_the_child_does(
    request_run, fake, curator
):
    """With the product's own times: it hears nothing, and is deep in a long step."""
    fake(at_step=2, hang=600, grandchild=True, stubborn=True)
    run = request_run(steps=500)

    with executing(run):
        until(lambda: steps_written(run), seconds=60)  # and it is in the second
        began = time.monotonic()
        runs.cancel(run_id=run.pk, by=curator)

    assert time.monotonic() - began < 30
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert processes_of(run) == []

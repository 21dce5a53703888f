"""A real run under kill -9 of everything ends with the bytes of an undisturbed one."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import os
import time

import pytest
from django.db import connection

from config import embedded, places, postgres, processes
from config import redis_server as redis_server_module
from tests.trainer import worker
from tests.trainer.recipe_fixtures import tiny
from tests.trainer.test_run_recovery import children_of, start_worker
from trainer import child, launch, tasks
from trainer.actions import fence
from trainer.models import BaseModel, Run

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

# Tests beside this one would lose the server that they are on. Alone (`-n 0`) it is killed;
# beside others, `make bench NAME=chaos` and its test do so on servers of their own.
SHARES_ITS_SERVERS = "PYTEST_XDIST_WORKER" in os.environ

SMALL = {"steps": 60, "batch_size": 4, "learning_rate": 5e-3, "checkpoint_every": 5,
         "eval_every": 0, "samples": 0, "offer": False, "max_length": 128}  # fmt: skip


def until_step(run, wanted, seconds=240):
    deadline = time.monotonic() + seconds
    while run.metrics.filter(name="loss", step__gte=wanted).count() == 0:
        assert time.monotonic() < deadline, (Run.objects.values().get(pk=run.pk), log(run))
        time.sleep(0.05)


def curve(run):
    points = run.metrics.filter(name="loss").order_by("step")
    return list(points.values_list("step", "value"))


def log(run):
    return (launch.folder_of(run) / child.LOG).read_text()[-2000:]


def kill(module, name):
    server = module.is_running(places.var_dir())
    server.kill()
    while processes.is_alive(server):
        time.sleep(0.02)
    time.sleep(1)
    embedded.start(only=name)


def test_killed_four_ways_a_run_ends_with_the_same_adapter(
    request_run, base, tiny, folders, start_worker, redis_server
):
    BaseModel.objects.filter(pk=base.pk).update(location=str(tiny))
    calm = request_run(**SMALL)
    tasks.execute_run(run_id=calm.pk)
    calm.refresh_from_db()
    assert calm.state == "finished", calm.problem

    run = request_run(**SMALL)
    start = lambda: start_worker("run", str(run.pk), recipes=worker.REAL)  # noqa: E731
    first = start()
    until_step(run, 7)
    children_of(run, folders)[0].kill()
    assert first.wait(60) == 0
    assert fence.requeue_silent(Run) == [run.pk]

    second = start()
    until_step(run, 17)
    second.kill()
    second.wait()
    passed = {"lease_until": "2020-01-01T00:00Z"}  # half a minute goes by
    Run.objects.filter(pk=run.pk).update(**passed)
    fence.requeue_silent(Run)

    third = start()
    until_step(run, 27)
    kill(redis_server_module, "Redis")
    until_step(run, 37)
    if not SHARES_ITS_SERVERS:
        kill(postgres, "PostgreSQL")
        connection.close()
    assert third.wait(300) == 0

    run.refresh_from_db()
    assert (run.state, run.attempt) == ("finished", 3), (run.problem, log(run))
    assert run.adapter_sha256 == calm.adapter_sha256
    assert curve(run) == curve(calm)
    assert len(curve(run)) == 60

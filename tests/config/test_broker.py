"""What a page pays when Redis is away: seconds at most, and never its work."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest
from kombu.exceptions import OperationalError

from config import embedded, places, processes
from config.celery import app
from config.redis_server import is_running
from config.shared_cache import SharedCache

pytestmark = pytest.mark.slow
TASK = "annotate.tasks.plan_changed"


@pytest.fixture
def redis_process(redis_server):
    """A test may freeze or kill it: the next one finds it well again."""
    yield is_running(places.var_dir())
    embedded.start(only="Redis")


def seconds_to_fail():
    started = time.monotonic()
    with pytest.raises(OperationalError):
        app.send_task(TASK)
    return time.monotonic() - started


def end(process):
    """Kill it. Another test process may be its parent, and leave a zombie for a while."""
    process.kill()
    deadline = time.monotonic() + 60
    while processes.is_alive(process) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not processes.is_alive(process)


def test_a_dead_redis_is_noticed_at_once(redis_process):
    end(redis_process)

    assert seconds_to_fail() < 1


def test_a_frozen_redis_holds_nobody_up_for_long(redis_process):
    app.send_task(TASK)
    redis_process.suspend()
    try:
        assert seconds_to_fail() < 4
    finally:
        redis_process.resume()

    app.send_task(TASK)  # and afterwards all is well


def test_a_frozen_redis_keeps_no_limit_waiting(redis_process, redis_server):
    there = SharedCache(redis_server, {"KEY_PREFIX": uuid4().hex})
    there.add("n", 1)
    redis_process.suspend()
    try:
        began = time.monotonic()
        counted = [there.add("n", 1), there.incr("n"), there.incr("n")]
        took = time.monotonic() - began
    finally:
        redis_process.resume()

    assert counted == [True, 2, 3]  # by this process alone, after it had asked once
    assert 0.4 < took < 2


def test_a_restarted_redis_is_found_again(redis_process):
    app.send_task(TASK)
    end(redis_process)
    embedded.start(only="Redis")

    app.send_task(TASK)

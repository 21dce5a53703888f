"""What limits count is the same in all processes, and one by one in each without Redis."""

from __future__ import annotations

import logging
import subprocess
import sys
from uuid import uuid4

import pytest
from allauth.core.internal import ratelimit
from django.core.cache import caches
from django.test import RequestFactory
from redis import Redis
from redis.connection import AbstractConnection as Connection
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from config import places, shared_cache
from config.shared_cache import SharedCache
from curation.models import AccessToken
from curation.rest.throttles import PerKey
from tests.races import together

LIMIT, TRIES, NOON = 5, 24, 1_000_000_020.0
NOBODY = "redis://127.0.0.1:1"  # nobody listens there


@pytest.fixture
def shared(redis_server, settings):
    settings.CACHES = settings.CACHES | {"default": {
        "BACKEND": "config.shared_cache.SharedCache", "LOCATION": redis_server,
        "KEY_PREFIX": uuid4().hex,
    }}  # fmt: skip
    return settings.CACHES["default"]


def a_throttle(at=NOON):
    throttle = PerKey()
    throttle.rate, throttle.num_requests, throttle.duration = "5/min", LIMIT, 60
    throttle.cache, throttle.timer = caches["default"], lambda: at
    return throttle


def one_request(throttle=None):
    asked = Request(APIRequestFactory().get("/"))
    asked.auth = AccessToken(pk=7)
    return (throttle or a_throttle()).allow_request(asked, None)


def one_sign_in():
    asked = RequestFactory().post("/")
    limits = {"login_failed": f"1000/m/ip,{LIMIT}/5m/key"}
    counted = {"app": "allauth.account", "action": "login_failed", "config": limits}
    return ratelimit.consume(asked, key="ada@example.org", **counted) is not None


@pytest.mark.parametrize("act", [one_request, one_sign_in])
def test_of_many_that_come_together_exactly_so_many_pass(shared, act):
    outcomes = together(*[act] * TRIES)

    assert outcomes.count(True) == LIMIT
    assert outcomes.count(False) == TRIES - LIMIT


@pytest.mark.parametrize("server", ["there", "away"])
def test_around_a_minute_of_the_clock_no_more_pass(shared, settings, server):
    if server == "away":
        shared["LOCATION"] = NOBODY
        settings.CACHES = {**settings.CACHES, "default": shared}
    assert NOON % 60 == 0
    for second in (57.5, 58.5, 59.5, 59.5, 59.9):
        assert one_request(a_throttle(NOON + second))

    refused = [a_throttle(NOON + second) for second in (60.1, 90, 117.4)]
    assert not any(map(one_request, refused))
    waits = [throttle.wait() for throttle in refused]
    assert waits == pytest.approx([57.9, 28, 0.6])  # each until 118.0

    later = [one_request(a_throttle(NOON + second)) for second in (118.1, 118.2, 119.1)]
    assert later == [True, False, True]


def test_one_question_is_asked_for_each_request(shared, monkeypatch):
    asked = []
    sent = Connection.send_packed_command
    monkeypatch.setattr(
        Connection,
        "send_packed_command",
        lambda self, *given, **named: asked.append(given) or sent(self, *given, **named),
    )
    one_request()  # this one connects
    asked.clear()

    for _ in range(LIMIT + 1):
        one_request()

    assert len(asked) == LIMIT + 1


COUNTS = """
import sys
from config.shared_cache import SharedCache
there = SharedCache(sys.argv[1], {"KEY_PREFIX": sys.argv[2]})
there.add("n", 0)
print(*(there.incr("n") for _ in range(200)))
"""


def test_processes_count_together(shared):
    asked = [sys.executable, "-c", COUNTS, shared["LOCATION"], shared["KEY_PREFIX"]]
    both = [
        subprocess.Popen(asked, cwd=places.ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = " ".join(one.communicate()[0] for one in both)

    assert sorted(map(int, said.split())) == list(range(1, 401))


def test_what_is_kept_is_no_program(shared):
    there = caches["default"]
    there.set("times", [1.5, 2.5], 60)
    there.set("is", True, 60)

    assert (there.get("times"), there.get("is"), there.get("none")) == (
        [1.5, 2.5],
        True,
        None,
    )
    with pytest.raises(TypeError):
        there.set("odd", object(), 60)
    with pytest.raises(NotImplementedError):
        there.clear()  # it would take the queues along


def test_without_redis_each_process_counts_for_itself(settings, caplog):
    settings.CACHES = settings.CACHES | {"default": {
        "BACKEND": "config.shared_cache.SharedCache", "LOCATION": NOBODY,
        "KEY_PREFIX": uuid4().hex,
    }}  # fmt: skip
    with caplog.at_level(logging.WARNING, logger="config.shared_cache"):
        assert [one_request() for _ in range(LIMIT + 1)] == [True] * LIMIT + [False]
        assert [one_sign_in() for _ in range(LIMIT + 1)] == [True] * LIMIT + [False]

    assert len(caplog.records) == 1
    assert "in each process alone" in caplog.text


@pytest.fixture
def without_programs(shared):
    """The same Redis, by a name that may all but run programs."""
    with Redis.from_url(shared["LOCATION"]) as server:
        server.acl_setuser("plain", enabled=True, nopass=True, keys=["*"],
                           categories=["+@all"], commands=["-eval"])  # fmt: skip
        yield f"{shared['LOCATION']}?username=plain&password=any"
        server.acl_deluser("plain")


def test_a_redis_that_runs_no_programs_counts_all_else(
    shared, settings, without_programs, caplog
):
    shared["LOCATION"] = without_programs
    settings.CACHES = {**settings.CACHES, "default": shared}
    with caplog.at_level(logging.WARNING, logger="config.shared_cache"):
        assert [one_request() for _ in range(LIMIT + 1)] == [True] * LIMIT + [False]
        caches["default"].set("n", 7)

    assert caches["default"]._there.get("n") == 7
    [said] = caplog.records
    assert (said.levelname, "'eval'" in said.getMessage()) == ("ERROR", True)


def test_once_it_is_back_all_count_together_again(redis_server, caplog, monkeypatch):
    monkeypatch.setattr(shared_cache, "AWAY_SECONDS", 0.0)
    there = SharedCache(redis_server, {"KEY_PREFIX": uuid4().hex})
    there.add("n", 1)
    real, there._there = there._there, SharedCache(NOBODY, {})._there
    there.add("n", 10)
    there._there = real
    with caplog.at_level(logging.WARNING, logger="config.shared_cache"):
        assert there.incr("n") == 2

    assert "together again" in caplog.text


def test_many_names_do_not_wash_out_the_one_that_is_guessed():
    there = SharedCache(NOBODY, {"KEY_PREFIX": uuid4().hex})
    there.set("guessed", 10)
    for n in range(1_000):
        there.set(f"name-{n}", 1)

    assert there.get("guessed") == 10

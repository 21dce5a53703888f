"""One request has one name, in each line of the log and in the tasks that it rang for."""

from __future__ import annotations

import io
import json
import logging

import pytest
from celery import signals

from config.celery import app
from config.logs import INSTEAD, JsonFormatter
from curation import background, request_ids
from curation.actions import pulses
from curation.models import Pulse

NAME = "0f-from.the_proxy"


@pytest.fixture
def lines():
    """What our own log says meanwhile, as objects."""
    written = io.StringIO()
    stream = logging.StreamHandler(written)
    stream.setFormatter(JsonFormatter())
    stream.addFilter(request_ids.Filter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(stream)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.removeHandler(stream)
    root.setLevel(level)


@pytest.mark.django_db
def test_a_name_that_a_proxy_gave_is_kept_and_given_back(client, lines):
    answer = client.get("/accounts/login/?q=my+words", HTTP_X_REQUEST_ID=NAME)

    assert answer["X-Request-ID"] == NAME
    line = next(line for line in lines() if line["logger"] == "curation.health.requests")
    assert line["request_id"] == NAME
    assert (line["route"], line["method"], line["status"]) == ("account_login", "GET", 200)
    assert line["ms"] > 0
    assert "my" not in line["message"] and line["at"].endswith("+00:00")


@pytest.mark.parametrize(
    "odd",
    ["", "short", "a" * 65, "a\tb-long-enough", '"}{"level": "x"}', "größer-als-8"],
)
def test_an_odd_name_is_not_taken(client, odd):
    given = client.get("/no/such/", HTTP_X_REQUEST_ID=odd)["X-Request-ID"]

    assert given != odd and len(given) == 32 and given.isalnum()


def test_each_request_has_its_own_and_none_is_left_behind(client):
    names = {client.get("/no/such/")["X-Request-ID"] for _ in range(3)}

    assert len(names) == 3 and request_ids.current() == ""


def test_a_refused_row_stays_out_of_lines_that_quote_it(lines):
    refused = "duplicate key\nDETAIL:  Key (email)=(ada@example.org) already exists."
    logging.getLogger("curation").warning("not kept: %s", refused)
    try:
        raise ValueError(refused)
    except ValueError:
        logging.getLogger("curation").exception("Internal Server Error")

    quoted, shown = lines()
    assert quoted["message"] == f"not kept: duplicate key\n{INSTEAD}"
    assert "ada@" not in shown["exception"] and "ValueError" in shown["exception"]


# ---- tasks -------------------------------------------------------------------------
@pytest.fixture
def task():
    seen: list[str] = []

    @background.background_task(name="tests.seen")
    def look() -> None:
        seen.append(request_ids.current())

    @background.background_task(name="annotate.tasks.expire_leases_of_tests")
    def fail() -> None:
        raise ValueError("somebody's words")

    look.seen, look.fail = seen, fail
    yield look
    del app.tasks["tests.seen"], app.tasks["annotate.tasks.expire_leases_of_tests"]


def test_what_a_request_rings_for_carries_its_name():
    headers: dict[str, str] = {}
    with request_ids.named(NAME):
        signals.before_task_publish.send(sender="x", headers=headers, body=None)

    assert headers == {"winnow_request_id": NAME}


@pytest.mark.django_db
def test_a_worker_takes_the_name_over_and_lays_it_down(task):
    task.apply(headers={"winnow_request_id": NAME})
    task.apply()

    assert task.seen[0] == NAME
    assert task.seen[1] != NAME and len(task.seen[1]) == 32
    assert request_ids.current() == ""


@pytest.mark.django_db
def test_what_the_clock_rings_for_is_noted_and_failures_without_their_words(task, settings):
    job = {"task": "tests.seen", "schedule": 10}
    failing = {"task": task.fail.name, "schedule": 10}
    settings.CELERY_BEAT_SCHEDULE = {"seen": job, "failing": failing}

    task.apply()
    task.fail.apply()

    well = Pulse.objects.get(name="tests.seen")
    assert well.problem == "" and well.done_at == well.tried_at
    failed = Pulse.objects.get(name=task.fail.name)
    assert (failed.problem, failed.done_at) == ("ValueError", None)


@pytest.mark.django_db
def test_a_failure_does_not_hide_when_it_last_went_well():
    pulses.feel(name="mail")
    pulses.feel(name="mail", problem="SMTPServerDisconnected")

    pulse = Pulse.objects.get(name="mail")
    assert pulse.done_at < pulse.tried_at and pulse.problem

"""Webhooks are sent to at the event, and no action waits for it or fails with it."""

from __future__ import annotations

import pytest
from django.utils.timezone import now
from kombu.exceptions import OperationalError

from curation import background, doorbell, history, tasks
from curation.actions import hooks
from curation.models import Event
from tests.curation.hooks import added, happen
from tests.factories import DatasetFactory

pytestmark = pytest.mark.django_db
ANYWHERE = "https://hooks.example/in"


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def bell(monkeypatch):
    """Of a process that has just begun."""
    bell = doorbell.Doorbell()
    monkeypatch.setattr("curation.models.events.doorbell", bell)
    return bell


@pytest.fixture
def rung(monkeypatch, bell):
    rung = []

    def ring(name, *, expires):
        rung.append(name)
        return True

    monkeypatch.setattr(doorbell, "ring_by_name", ring)
    return rung


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    return lambda: django_capture_on_commit_callbacks(execute=True)


def test_what_a_hook_wants_rings_once_it_is_committed(dataset, rung, committed):
    added(ANYWHERE, dataset, wants=["run.finished"])

    with committed():
        happen(dataset)
        assert rung == []

    assert rung == [tasks.send_deliveries.name]


def test_thousands_ring_as_one_and_later_ones_again(dataset, rung, bell, committed):
    added(ANYWHERE, dataset)

    for _ in range(3):
        with committed():
            happen(dataset, count=500)
    assert len(rung) == 1

    bell.silent_until = 0
    with committed():
        happen(dataset)
    assert len(rung) == 2


def test_what_nobody_wants_rings_for_nobody(dataset, rung, committed):
    added(ANYWHERE, dataset, wants=["run.finished"])
    off, _ = added(ANYWHERE, DatasetFactory(), wants=["run.failed"])
    hooks.switch(hook_id=off.pk, is_on=False, by=off.made_by)

    with committed():
        happen(dataset, "run.failed")
        happen(dataset, "review.accept")

    assert rung == []


def test_what_hooks_want_is_asked_once_in_a_while(
    dataset, rung, committed, django_assert_num_queries
):
    with committed():
        happen(dataset)
    with django_assert_num_queries(1), committed():  # the line itself
        happen(dataset)


def test_history_of_other_apps_rings_too(dataset, rung, committed):
    added(ANYWHERE, dataset)

    with committed():
        history.record("run.finished", dataset, by=None, dataset_id=dataset.pk, attempt=1)

    assert len(rung) == 1
    line = Event.objects.latest("pk")
    assert (line.dataset, line.data) == (dataset, {"attempt": 1})


@pytest.mark.parametrize("problem", [OperationalError("away"), OSError("full")])
def test_without_a_broker_all_goes_on_and_it_is_left_alone_for_a_while(
    dataset, bell, committed, monkeypatch, problem
):
    asked = []

    def send(name, **options):
        asked.append(name)
        raise problem

    monkeypatch.setattr(background.current_app, "send_task", send)
    added(ANYWHERE, dataset)

    with committed():
        happen(dataset)
    with committed():
        happen(dataset)

    assert Event.objects.filter(kind="run.finished").count() == 2
    assert asked == [tasks.send_deliveries.name]
    assert bell.silent_until - bell.known_until > doorbell.PAUSE


def test_no_failure_of_the_bell_is_one_of_the_action(dataset, bell, committed, caplog):
    bell.known_until = "odd"

    with committed():
        happen(dataset)

    assert Event.objects.filter(kind="run.finished", at__lte=now()).exists()
    assert "Error calling" in caplog.text

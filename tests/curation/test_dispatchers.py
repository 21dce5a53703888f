"""No hook holds up another, and of several dispatchers each event goes to one."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from curation import outbound
from curation.actions import deliveries, hooks
from curation.errors import CurationError
from curation.models import Delivery, Hook
from tests.curation.hooks import added, due_now, happen, sent, states
from tests.factories import DatasetFactory
from tests.races import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.mark.parametrize("part", ["payloads.body_of", "outbound.post"])
def test_one_that_raises_holds_up_no_other(receiver, dataset, monkeypatch, part):
    """It is given up like any that is never taken, and the others are sent once."""
    odd, _ = added(f"{receiver.address}odd", dataset)
    added(receiver, dataset)
    happen(dataset)
    module, _, name = part.partition(".")
    as_ever = getattr(getattr(deliveries, module), name)

    def raises(first, *args, **options):
        if first == odd.url or getattr(first, "hook", None) == odd:
            raise ZeroDivisionError
        return as_ever(first, *args, **options)

    monkeypatch.setattr(getattr(deliveries, module), name, raises)
    for _ in range(8):
        due_now()
        sent()

    assert len(receiver.heard) == 1
    assert states() == ["delivered", "failed"]
    problems = set(odd.deliveries.get().tries.values_list("problem", flat=True))
    assert problems == {deliveries.OUR_FAULT}


def test_what_came_of_one_is_noted_before_the_slow_are_through(
    receiver, dataset, monkeypatch
):
    quick, _ = added(receiver, dataset)
    added(f"{receiver.address}slow", dataset)
    happen(dataset)
    is_noted, as_ever = threading.Event(), deliveries.settle
    was_in_time = []

    def wait(address, *args, **options):
        if address.endswith("slow"):
            was_in_time.append(is_noted.wait(timeout=10))
        return outbound.Answer(200, {}, b"", address)

    def settle(delivery, outcome):
        as_ever(delivery, outcome)
        if delivery.hook_id == quick.pk:
            is_noted.set()

    monkeypatch.setattr(deliveries.outbound, "post", wait)
    monkeypatch.setattr(deliveries, "settle", settle)
    sent()

    assert was_in_time == [True]


def test_however_much_waits_a_claim_reads_one_row_of_each_hook(receiver, dataset):
    hook, _ = added(receiver, dataset)
    happen(dataset, count=300)

    with connection.cursor() as cursor:  # what the planner does where there are many
        for way in ("seqscan", "bitmapscan", "sort", "hashjoin", "mergejoin"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    asked = Hook.objects.filter(pk=hook.pk).with_due()
    (plan,) = json.loads(asked.explain(format="json", analyze=True))

    assert list(asked) == [hook]
    assert 1 <= most_rows(plan["Plan"]) < 10


def most_rows(node):
    rows = [most_rows(part) for part in node.get("Plans", [])]
    return max([node["Actual Rows"] * node["Actual Loops"], *rows])


@pytest.mark.django_db(transaction=True)
def test_of_two_dispatchers_each_event_goes_to_one(receiver, dataset):
    added(receiver, dataset)
    added(f"{receiver.address}two", dataset)
    happen(dataset, count=30)

    together(*[lambda: deliveries.carry_on(seconds=30)] * 3)

    ids = [heard.headers["webhook-id"] for heard in receiver.heard]
    assert (len(ids), len(set(ids))) == (60, 60)
    assert states() == ["delivered"] * 60
    assert set(Delivery.objects.values_list("attempt", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_of_site", [True, False])
def test_of_two_that_add_the_same_address_one_is_refused(receiver, dataset, is_of_site):
    where = None if is_of_site else dataset
    first, _ = added(f"{receiver.address}1", where)
    second, _ = added(f"{receiver.address}2", where)
    url = f"{receiver.address}same"

    def add():
        hooks.add(dataset=where, name="Ours", url=url, wants=["run.failed"], by=by)

    def change(hook):
        hooks.change(hook_id=hook.pk, by=hook.made_by, url=url)

    by = first.made_by
    outcomes = together(add, add, lambda: change(first), lambda: change(second))

    assert sorted(outcomes, key=str) == [CurationError] * 3 + [None]


@pytest.mark.django_db(transaction=True)
def test_events_written_at_the_same_moment_are_all_noted(receiver, dataset):
    """In whatever order they commit, and while the hook itself is changed."""
    hook, _ = added(receiver, dataset)

    def write():
        with transaction.atomic():
            happen(dataset)
            deliveries.claim()
            happen(dataset)

    def change():
        hooks.change(hook_id=hook.pk, by=hook.made_by, name="Anew")

    together(write, write, change, write)

    assert Delivery.objects.count() == 6


def test_a_worker_that_was_taken_for_dead_writes_nothing(receiver, dataset):
    added(receiver, dataset)
    happen(dataset)
    (lost,) = deliveries.claim()
    assert deliveries.claim() == []
    Delivery.objects.update(lease_until=now() - timedelta(seconds=1))
    sent()

    late = deliveries.Outcome(500, "", 9, "", {})
    assert deliveries.settle(lost, late) is False

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempt) == ("delivered", 2)
    assert [tried.attempt for tried in delivery.tries.all()] == [2]

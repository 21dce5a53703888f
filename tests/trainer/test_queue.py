"""What a worker takes next, what waits, and for what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.timezone import now

from curation.errors import NotAllowed
from tests.factories import ContributorFactory
from tests.races import together
from trainer import board, tasks
from trainer.actions import (
    attempts,
    fence,
    jobs,
    order,
    queue,
    runs,
    schedules,
    workers,
)
from trainer.jobs import kinds
from trainer.jobs.kind import Kind
from trainer.models import Attempt, Budget, Estimate, Firing, Job, Run

pytestmark = pytest.mark.django_db(transaction=True)

GIB = 2**30


@pytest.fixture(autouse=True)
def known(monkeypatch):
    kind = Kind("count", "Count", lambda work: {})
    monkeypatch.setitem(kinds.KINDS, "count", kind)


@pytest.fixture
def ask_job(frozen, base, curator):
    def ask(**more):
        return jobs.request(
            kind="count", version_id=frozen.pk, base=base, by=curator, **more
        )

    return ask


@pytest.fixture
def admin():
    return ContributorFactory(is_staff=True)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch):
    """`clock("2026-01-12T10:00")` sets what the queue reads."""

    def strike(text):
        for module in (order, board, attempts):
            monkeypatch.setattr(module, "now", lambda: at(text))

    return strike


def works(name, free=8 * GIB, **more):
    facts = {"memory_total": 16 * GIB, "memory_free": free, "cpus": 4, "devices": []}
    workers.heard(name, **facts | more)


def taken(worker="host:1"):
    row = queue.take(worker)
    return (type(row).__name__.lower(), row.pk) if row else None


def whys():
    return [one.why for one in board.board().waiting]


# ---- the order -------------------------------------------------------------------------


def test_the_most_urgent_is_taken_whatever_the_bell_was_rung_for(request_run, ask_job):
    usual, other = request_run(), request_run(steps=11)
    scheduled = request_run(steps=12)
    Run.objects.filter(pk=scheduled.pk).update(priority=-1)
    urgent = ask_job(priority=5)
    later = ask_job(config={"n": 1})

    order = [taken() for _ in range(6)]

    assert order == [
        ("job", urgent.pk), ("run", usual.pk), ("run", other.pk), ("job", later.pk),
        ("run", scheduled.pk), None,
    ]  # fmt: skip


def test_called_directly_it_is_this_very_run(request_run, fake):
    first, second = request_run(), request_run(steps=5)

    tasks.execute_run(run_id=second.pk)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("queued", "finished")


def test_a_doorbell_does_what_is_most_urgent(request_run, fake):
    first, second = request_run(steps=5), request_run()

    tasks.execute_run.apply(kwargs={"run_id": second.pk})  # as a worker does

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("finished", "queued")


def test_of_many_workers_each_takes_another_row(request_run, ask_job):
    rows = [request_run(steps=5 + number) for number in range(4)]
    rows += [ask_job(config={"n": number}) for number in range(4)]

    won = together(*[lambda n=n: queue.take(f"host:{n}") for n in range(12)])

    claimed = [(type(row).__name__, row.pk) for row in won if row]
    assert sorted(claimed) == sorted((type(row).__name__, row.pk) for row in rows)
    assert set(Run.objects.values_list("attempt", flat=True)) == {1}
    assert set(Job.objects.values_list("attempt", flat=True)) == {1}


def test_an_admin_puts_one_first(request_run, admin, curator):
    first, second = request_run(), request_run(steps=5)
    with pytest.raises(NotAllowed):
        queue.prioritise(row=second, priority=10, by=curator)

    queue.prioritise(row=second, priority=10, by=admin)

    assert taken() == ("run", second.pk)
    assert taken() == ("run", first.pk)


# ---- quiet hours -----------------------------------------------------------------------


def test_nothing_begins_in_quiet_hours(request_run, admin, clock):
    run = request_run()
    works("host:1")
    office = {"quiet_from": 8, "quiet_to": 18, "quiet_days": [0, 1, 2, 3, 4]}
    queue.set_rules(by=admin, facts={**office, "time_zone": "Europe/Berlin"})

    clock("2026-01-12T16:59")  # Monday, 17:59 there
    assert taken() is None
    assert whys() == ["waits for quiet hours to end at 18:00"]

    clock("2026-01-12T17:00")
    assert whys() == ["begins in a moment"]
    assert taken() == ("run", run.pk)


def test_a_schedules_quiet_hours_hold_its_own_runs_only(
    request_run, dataset, base, curator, clock
):
    facts = {
        "name": "Nightly", "base": base, "quiet_from": 8, "quiet_to": 18,
        "quiet_days": list(range(7)), "time_zone": "Asia/Tokyo",
    }  # fmt: skip
    schedule = schedules.create(dataset_id=dataset.pk, by=curator, facts=facts)
    planned, usual = request_run(), request_run(steps=5)
    Firing.objects.create(schedule=schedule, run=planned, state="started")
    works("host:1")
    clock("2026-01-12T08:00")  # 17:00 there

    assert whys() == ["waits for quiet hours to end at 18:00", "begins in a moment"]
    assert taken() == ("run", usual.pk)
    assert taken() is None


# ---- budgets ---------------------------------------------------------------------------


def test_each_attempt_is_counted_behind_the_fence(request_run):
    works("gpu:1", devices=[{"name": "A", "total": GIB, "free": GIB}] * 2)
    run = runs.claim(request_run().pk, "gpu:1")
    Attempt.objects.update(began_at=now() - timedelta(hours=1))
    assert attempts.spent([run.dataset_id], zone="UTC")[run.dataset_id] > 7100

    fence.fail(run, problem="No.")
    assert fence.fail(run, problem="No.") is False

    attempt = Attempt.objects.get()
    assert (attempt.number, attempt.devices) == (1, 2)
    assert 7190 < attempt.seconds < 7210


def test_a_silent_workers_attempt_lasted_to_its_lease(request_run):
    run = runs.claim(request_run().pk, "host:1")
    Attempt.objects.update(began_at=now() - timedelta(hours=2))
    ended = now() - timedelta(hours=1)
    Run.objects.update(lease_until=ended)

    fence.requeue_silent(Run)

    assert Attempt.objects.get().ended_at == ended
    again = runs.claim(run.pk, "host:2")
    assert [a.number for a in Attempt.objects.order_by("pk")] == [1, again.attempt]


def test_over_its_budget_a_datasets_rows_wait_for_the_month_to_end(
    request_run, ask_job, dataset, admin, clock
):
    request_run()
    ask_job()
    works("host:1")
    clock("2026-11-21T10:00")
    Attempt.objects.create(
        kind="run", subject=0, number=1, dataset=dataset, began_at=at("2026-11-03T10:00"),
        ended_at=at("2026-11-04T06:00"), seconds=20 * 3600,
    )  # fmt: skip
    queue.set_budget(dataset_id=dataset.pk, hours=20, by=admin)

    said = f"the budget of 20 GPU hours of {dataset} is used up until 1 December"
    assert whys() == [said, said]
    assert taken() is None

    clock("2026-12-01T00:00")
    assert taken() is not None
    queue.set_budget(dataset_id=dataset.pk, hours=None, by=admin)
    assert not Budget.objects.exists()


# ---- memory and workers ----------------------------------------------------------------


def test_a_model_that_finds_no_room_waits_for_another_worker(request_run):
    large, small = request_run(), request_run(steps=5)
    Estimate.objects.filter(run=large).update(memory=6 * GIB)
    works("host:1", free=4 * GIB)

    assert whys() == [
        "needs 6.0\xa0GB, the free worker has 4.0\xa0GB",
        "begins in a moment",
    ]
    assert taken("host:1") == ("run", small.pk)
    assert taken("host:1") is None

    works("gpu:1", devices=[{"name": "A", "total": 8 * GIB, "free": 8 * GIB}])
    assert taken("gpu:1") == ("run", large.pk)


def test_what_waits_says_for_what(request_run):
    request_run()
    request_run(steps=5)
    assert whys() == ["no worker is there", "no worker is there"]

    works("host:1")
    assert whys() == ["begins in a moment", "1 is before it"]

    queue.take("host:1")
    request_run(steps=6)
    assert whys() == ["waits for a worker to be free", "1 is before it"]


def test_many_waiting_rows_cost_a_claim_no_more(request_run, django_assert_max_num_queries):
    run = request_run()
    facts = {f.attname: getattr(run, f.attname) for f in run._meta.fields} | {"id": None}
    Run.objects.bulk_create(Run(**facts) for _ in range(200))

    with django_assert_max_num_queries(18):
        assert queue.take("host:1") is not None

"""Workers say who they are, from a thread of their own; the page shows them."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from tests.factories import ContributorFactory, DatasetFactory
from trainer import presence
from trainer.actions import queue, workers
from trainer.launch import worker_name
from trainer.models import Budget, QueueRules, Run, Worker

pytestmark = pytest.mark.django_db
GIB = 2**30
FACTS = {"memory_total": 16 * GIB, "memory_free": 8 * GIB, "cpus": 4, "devices": []}
OFFICE = {
    "time_zone": "Europe/Berlin", "quiet_from": "8", "quiet_to": "18",
    "quiet_days": "weekdays",
}  # fmt: skip


@pytest.fixture
def admin(client):
    person = ContributorFactory(is_staff=True)
    client.force_login(person)
    return person


def page(name, *args):
    return reverse(f"trainer:{name}", args=args)


# ---- the worker ------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_worker_speaks_while_it_works_and_says_goodbye(monkeypatch):
    monkeypatch.setattr(presence, "SECONDS", 0.05)
    heart = presence.Presence()

    heart.begin()
    deadline = time.monotonic() + 20
    while not Worker.objects.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    worker = Worker.objects.get()
    assert (worker.name, worker.is_alive) == (worker_name(), True)
    assert 0 < worker.room <= worker.memory_total
    assert worker.version[0].isdigit()
    while Worker.objects.get().heard_at == worker.heard_at and time.monotonic() < deadline:
        time.sleep(0.02)
    assert Worker.objects.get().heard_at > worker.heard_at

    heart.end()
    assert not Worker.objects.exists()


def test_gpus_are_as_the_driver_says():
    said = "NVIDIA H200, 143771, 143000\nOdd, with a comma, 1024, 512\n"

    assert presence.read_gpus(said) == [
        {"name": "NVIDIA H200", "total": 143771 * 2**20, "free": 143000 * 2**20},
        {"name": "Odd, with a comma", "total": GIB, "free": GIB // 2},
    ]


@pytest.mark.parametrize(
    "script", ["exit 9", "echo 'No devices were found'", "echo 'A, [N/A], [N/A]'"]
)
def test_a_driver_that_does_not_answer_is_no_gpu(tmp_path, monkeypatch, script):
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    assert presence.gpus() == []


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """An `nvidia-smi` of two GPUs, which notes how it was asked."""
    program, asked = tmp_path / "nvidia-smi", tmp_path / "asked"
    program.write_text(
        f'#!/bin/sh\necho "$@" > {asked}\n'
        'echo "NVIDIA H200, 143771, 71885"\necho "NVIDIA L4, 23034, 22491"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return asked


def test_what_the_driver_says_stands_on_the_page(driver, signed_in):
    workers.heard("gpu-1:42", **presence.facts())

    worker = Worker.objects.get()
    assert worker.room == 71885 * 2**20
    assert worker.size == 143771 * 2**20
    assert "--query-gpu=name,memory.total,memory.free" in driver.read_text()
    said = signed_in.get(page("workers")).text
    for shown in ("NVIDIA H200", "NVIDIA L4", "140.4", "70.2", "22.5", "22.0"):
        assert shown in said


@pytest.mark.parametrize(
    ("chosen", "asked"), [("1", "-i 1 --query"), ("0,1", "-i 0,1 --query")]
)
def test_only_gpus_that_it_may_use_are_asked_about(driver, monkeypatch, chosen, asked):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert presence.gpus()
    assert driver.read_text().startswith(asked)

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    driver.unlink()
    assert presence.gpus() == []
    assert not driver.exists()


# ---- the page --------------------------------------------------------------------------


def test_an_empty_page_says_how_to_start_a_worker(signed_in):
    said = signed_in.get(page("workers")).text

    assert "No worker has been heard of" in said
    assert "--queues gpu" in said
    assert "Nothing waits." in said


def test_it_shows_who_is_at_work_and_who_fell_silent(signed_in, request_run):
    workers.heard("host:1", **FACTS)
    workers.heard("host:2", **FACTS)
    workers.heard("host:3", **FACTS)
    Worker.objects.filter(name="host:3").update(heard_at=now() - timedelta(minutes=5))
    run, waiting = request_run(), request_run(steps=5)
    queue.take("host:1")

    said = signed_in.get(page("workers_live"), headers={"HX-Request": "true"}).text

    for words in ("At work", "Free", "Silent", "begins in a moment"):
        assert words in said
    for shown in (run, waiting):
        assert page("run", shown.pk) in said


def test_who_curates_nothing_sees_no_queue(client, dataset):
    client.force_login(ContributorFactory(member=dataset))

    assert client.get(page("workers")).status_code == 404


def test_a_curator_of_another_dataset_learns_no_names(client, request_run):
    run = request_run()
    other = ContributorFactory(member=DatasetFactory(), member__roles=["curator"])
    client.force_login(other)

    said = client.get(page("workers")).text

    assert "Of another dataset" in said
    assert page("run", run.pk) not in said
    assert str(run.requested_by) not in said
    assert run.version.dataset.slug not in said


def test_the_page_costs_the_same_however_long_the_queue_is(
    signed_in, request_run, django_assert_max_num_queries
):
    for number in range(6):
        request_run(steps=5 + number)
    workers.heard("host:1", **FACTS)

    with django_assert_max_num_queries(22):
        signed_in.get(page("workers"))


# ---- what admins decide ----------------------------------------------------------------


def test_an_admin_sets_quiet_hours_and_budgets(client, admin, dataset):
    answer = client.post(page("queue_rules"), {**OFFICE, f"hours-{dataset.pk}": "20"})

    assert answer.url == page("workers")
    rules = QueueRules.objects.get()
    assert (rules.quiet_from, rules.quiet_to, rules.quiet_days) == (8, 18, [0, 1, 2, 3, 4])
    assert Budget.objects.get().hours == 20
    assert "20" in client.get(page("queue_rules")).text

    client.post(page("queue_rules"), {"time_zone": "UTC"})
    assert QueueRules.objects.get().quiet is None
    assert not Budget.objects.exists()


@pytest.mark.parametrize(
    "odd",
    [{"time_zone": "Mars/Base"}, {"quiet_to": ""}, {"quiet_from": "24"}, {"hours": "-1"}],
)
def test_odd_rules_are_refused_where_they_stand(client, admin, dataset, odd):
    given = {**OFFICE, **odd}
    if "hours" in given:
        given[f"hours-{dataset.pk}"] = given.pop("hours")

    answer = client.post(page("queue_rules"), given)

    assert answer.status_code == 422
    assert "field__error" in answer.text or "errorlist" in answer.text
    assert not QueueRules.objects.exists()


def test_only_admins_rule(signed_in, request_run):
    run = request_run()
    first = page("prioritise", "run", run.pk)

    assert signed_in.get(page("queue_rules")).status_code == 404
    assert signed_in.post(first, {"priority": "10"}).status_code == 404


def test_an_admin_puts_a_run_first(client, admin, request_run):
    run = request_run()
    first = page("prioritise", "run", run.pk)

    assert client.post(first, {"priority": "10"}).url == page("workers")
    assert Run.objects.get().priority == 10
    for odd in ("1000", "x", ""):
        assert client.post(first, {"priority": odd}).status_code == 302
    assert Run.objects.get().priority == 10
    assert client.post(page("prioritise", "tea", run.pk)).status_code == 404

"""What Prometheus reads."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils.timezone import now
from prometheus_client.parser import text_string_to_metric_families

from annotate.models import Assignment
from config.places import ROOT
from curation.actions import pulses
from curation.health import figures, metrics, servers
from curation.models import Extract
from tests.factories import ContributorFactory, DatasetFactory
from trainer.models import Worker

pytestmark = pytest.mark.django_db
GPU = {"name": "H200", "total": 150 * 10**9, "free": 40 * 10**9}


@pytest.fixture(autouse=True)
def asked_afresh(monkeypatch):
    monkeypatch.setattr(metrics, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(servers, "redis_answers", lambda: True)
    monkeypatch.setattr("curation.health.clock.unheard", lambda: {"default": 3, "gpu": 0})


def read(client):
    """By name and labels."""
    text = client.get("/metrics").text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_are_counted_by_route_and_status_and_never_by_address(client):
    route = {"route": "curation:dataset", "method": "GET", "status": "302"}
    key = ("winnow_requests_total", tuple(sorted(route.items())))
    before = read(client).get(key, 0)

    client.get("/datasets/a-secret-project/?q=a+secret+word")
    client.get("/no/such/page/")
    client.generic("BREW", "/datasets/")

    found = read(client)
    assert found[key] == before + 1
    seconds = ("winnow_request_seconds_count", (("route", "curation:dataset"),))
    assert found[seconds] >= 1
    typed = ("a-secret-project", "secret+word", "BREW")
    assert not [name for name in found for word in typed if word in str(name)]


def test_it_says_what_waits_who_is_there_and_what_was_done(client):
    worker = Worker.objects.create(
        name="gpu-1:77", devices=[GPU], memory_total=1, memory_free=1, cpus=8,
        heard_at=now() - timedelta(seconds=15),
    )  # fmt: skip
    common = {"dataset": DatasetFactory(), "kind": "prompt"}
    Assignment.objects.create(**common, number=1, created_at=now() - timedelta(seconds=500))
    Assignment.objects.create(
        **common, number=2, state="leased", person=ContributorFactory(),
        lease_until=now() - timedelta(seconds=60),
    )  # fmt: skip
    pulses.feel(name="annotate.tasks.expire_leases", seconds=0.25)
    Extract.objects.create(
        dataset=common["dataset"], asked_by=ContributorFactory(), format="chat",
        kind="csv", asked_at=now() - timedelta(seconds=70),
    )  # fmt: skip

    found = read(client)

    assert found["winnow_queue_length", (("kind", "extract"),)] == 1
    assert 69 < found["winnow_queue_oldest_seconds", (("kind", "extract"),)] < 170
    for kind in ("import", "archive", "delivery"):
        assert found["winnow_queue_length", (("kind", kind),)] == 0

    assert found["winnow_queue_length", (("kind", "prompt"),)] == 1
    assert 499 < found["winnow_queue_oldest_seconds", (("kind", "prompt"),)] < 600
    assert found["winnow_leases", (("kind", "prompt"),)] == 1
    assert 59 < found["winnow_lease_overdue_seconds", (("kind", "prompt"),)] < 160
    assert found["winnow_runs", (("state", "failed"),)] == 0
    assert found["winnow_queue_length", (("kind", "run"),)] == 0
    assert 14 < found["winnow_worker_heard_seconds", (("worker", worker.name),)] < 115
    gpu = (("gpu", "0"), ("name", "H200"), ("worker", worker.name))
    assert found["winnow_gpu_free_bytes", gpu] == GPU["free"]
    reaper = (("task", "annotate.tasks.expire_leases"),)
    assert found["winnow_clock_done_seconds", reaper] < 100
    assert found["winnow_clock_took_seconds", reaper] == 0.25
    assert found["winnow_bells", (("queue", "default"),)] == 3
    assert found["winnow_well", (("of", "redis"),)] == 1.0


def test_one_figure_that_cannot_be_read_hides_no_other(client, settings, caplog):
    settings.FIGURES = ["trainer.figures.no_such_thing", "trainer.figures.of_models"]

    assert [one.name for one in figures.all_of_them()]
    assert "trainer.figures.no_such_thing could not be read" in caplog.text


def test_several_who_ask_at_once_cost_as_much_as_one(
    client, monkeypatch, django_assert_num_queries
):
    client.get("/metrics")
    monkeypatch.setattr(metrics, "KEPT_SECONDS", 10.0)
    client.get("/metrics")

    with django_assert_num_queries(0):
        client.get("/metrics")


def test_what_several_web_processes_count_is_added_up(tmp_path):
    count = (
        "import django; django.setup()\n"
        "from curation.health import metrics\n"
        "metrics.REQUESTS.labels('home', 'GET', '200').inc(2)\n"
        "metrics._families = lambda: []\n"
        "print(metrics.exposition().decode())"
    )
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    command = [sys.executable, "-c", count]
    for said in ("2.0", "4.0"):
        ran = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True
        )
        line = 'winnow_requests_total{method="GET",route="home",status="200"} ' + said
        assert line in ran.stdout

"""/healthz, /readyz and /metrics: yes or no for strangers, all of it for who may know."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder

from curation.health import metrics, servers
from tests.factories import ContributorFactory

TOKEN = "a-token-of-this-test-only"
STRANGER = {"REMOTE_ADDR": "203.0.113.9", "HTTP_HOST": "10.1.2.3:8000"}
KNOWN = STRANGER | {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}


@pytest.fixture(autouse=True)
def asked_afresh(monkeypatch):
    monkeypatch.setattr(servers, "ASKED_AGAIN", 0.0)
    monkeypatch.setattr(metrics, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(servers, "redis_answers", lambda: True)


@pytest.fixture
def production(settings):
    settings.LOCAL, settings.SECURE_SSL_REDIRECT = False, True
    settings.ALLOWED_HOSTS = ["winnow.example"]


def test_alive_is_said_without_a_database_a_host_name_or_https(client, production):
    # No django_db mark: a query would fail.
    answer = client.get("/healthz", **STRANGER)

    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
    assert answer["Cache-Control"] == "no-store"
    assert "sessionid" not in answer.cookies


@pytest.mark.django_db
def test_a_stranger_hears_that_it_is_ready_and_nothing_else(client, production):
    answer = client.get("/readyz", **STRANGER)

    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


@pytest.mark.django_db
def test_who_has_the_token_hears_of_each_part(client, production, settings):
    settings.METRICS_TOKEN = TOKEN

    parts = client.get("/readyz", **KNOWN).json()["parts"]

    assert parts == dict.fromkeys(("database", "migrations", "redis", "disk"), "ok")


@pytest.mark.django_db
def test_without_redis_people_are_served(client, settings, monkeypatch):
    settings.METRICS_TOKEN = TOKEN
    monkeypatch.setattr(servers, "redis_answers", lambda: False)

    answer = client.get("/readyz", **KNOWN)

    assert (answer.status_code, answer.json()["parts"]["redis"]) == (200, "away")


@pytest.mark.django_db
def test_with_a_migration_to_come_nobody_is_sent_here(client, settings):
    settings.METRICS_TOKEN = TOKEN
    MigrationRecorder.Migration.objects.filter(app="trainer").first().delete()

    answer = client.get("/readyz", **KNOWN)

    assert (answer.status_code, answer.json()["parts"]["migrations"]) == (503, "1 pending")


@pytest.mark.django_db
def test_a_database_that_is_newer_than_the_code_is_no_reason_to_stop(client):
    MigrationRecorder.Migration.objects.create(app="curation", name="9999_of_tomorrow")

    assert client.get("/readyz").status_code == 200


def test_without_a_database_nobody_is_sent_here(client, settings, monkeypatch):
    def away():
        raise OperationalError("connection refused to db.internal")

    monkeypatch.setattr(servers, "pending_migrations", away)
    answer = client.get("/readyz", **STRANGER)

    assert (answer.status_code, answer.json()) == (503, {"status": "not ready"})


@pytest.mark.django_db
def test_with_a_full_disk_nobody_is_sent_here(client, settings, monkeypatch, tmp_path):
    full = [servers.Disk(tmp_path, total=10**12, free=servers.NO_ROOM - 1)]
    monkeypatch.setattr(servers, "disks", lambda: full)

    assert client.get("/readyz").status_code == 503


@pytest.mark.django_db
def test_figures_are_for_who_has_the_token(client, production, settings):
    settings.METRICS_TOKEN = TOKEN
    wrong = STRANGER | {"HTTP_AUTHORIZATION": "Bearer another-token-of-this-test"}

    assert client.get("/metrics", **STRANGER).status_code == 404
    assert client.get("/metrics", **wrong).status_code == 404
    assert client.get("/metrics", **KNOWN | {"REMOTE_ADDR": "127.0.0.1"}).status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 404
    client.force_login(ContributorFactory(is_staff=True))
    assert client.get("/metrics", HTTP_HOST="winnow.example").status_code == 404


@pytest.mark.django_db
def test_without_a_token_only_ones_own_computer_reads_them(client, settings):
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="::1").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 404
    assert client.get("/metrics", REMOTE_ADDR="").status_code == 404
    # A proxy on this machine speaks for somebody else.
    told = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}
    assert client.get("/metrics", **told).status_code == 404
    settings.LOCAL = False
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 404


@pytest.mark.django_db
def test_posting_to_them_is_an_address_that_is_not_there(client):
    assert client.post("/healthz").status_code == 404

"""What the environment makes of the settings, each in a process of its own."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest

from config.places import ROOT

KEY = "k" * 50


def read_settings(expression, **environment):
    """Print an expression over the settings, under just this environment."""
    kept = {"PATH": os.environ["PATH"]}
    code = f"from config import settings; print(({expression}))"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
    )


def test_production_refuses_to_start_without_a_key():
    ran = read_settings("1")

    assert ran.returncode == 1
    assert "WINNOW_SECRET_KEY is not set. Make one with" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_production_is_strict_by_default():
    ran = read_settings(
        "settings.DEBUG, settings.SECURE_SSL_REDIRECT, settings.SESSION_COOKIE_SECURE,"
        "settings.CSRF_COOKIE_SECURE, settings.SECURE_HSTS_SECONDS > 0,"
        "settings.ALLOWED_HOSTS, settings.CSRF_TRUSTED_ORIGINS",
        WINNOW_SECRET_KEY=KEY,
        WINNOW_HOSTS="winnow.example",
    )

    expected = "(False, True, True, True, True, ['winnow.example'], "
    assert ran.stdout.strip() == expected + "['https://winnow.example'])"


def test_a_local_start_is_for_this_computer_only(tmp_path):
    ran = read_settings(
        "settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT",
        WINNOW_LOCAL="1",
        WINNOW_VAR=str(tmp_path / "var"),
    )

    assert ran.stdout.strip() == "(['localhost', '127.0.0.1', '[::1]'], False)"
    assert (tmp_path / "var" / "secret_key").exists()


def test_production_settings_make_no_folder(tmp_path):
    ran = read_settings("1", WINNOW_SECRET_KEY=KEY, WINNOW_VAR=str(tmp_path / "var"))

    assert ran.returncode == 0
    assert not (tmp_path / "var").exists()


def test_a_given_database_and_redis_replace_our_own():
    ran = read_settings(
        "settings.DATABASES['default']['HOST'], settings.CELERY_BROKER_URL",
        WINNOW_SECRET_KEY=KEY,
        DATABASE_URL="postgresql://winnow@db.example/winnow",
        REDIS_URL="redis://:pass@cache.example/0",
    )

    assert ran.stdout.strip() == "('db.example', 'redis://:pass@cache.example/0')"


def test_a_database_that_falls_silent_is_noticed_and_its_address_may_say_when():
    ran = read_settings(
        "settings.DATABASES['default']['OPTIONS']",
        WINNOW_SECRET_KEY=KEY,
        DATABASE_URL="postgresql://winnow@db.example/winnow?connect_timeout=9",
    )

    options = ast.literal_eval(ran.stdout)
    assert int(options["connect_timeout"]) == 9
    assert options["tcp_user_timeout"] == 10_000


def test_our_own_servers_have_no_port_and_no_password(tmp_path):
    ran = read_settings(
        "settings.DATABASE_URL, settings.CELERY_BROKER_URL",
        WINNOW_SECRET_KEY=KEY,
        WINNOW_VAR="/srv/winnow",
    )

    database = "postgresql://winnow@%2Fsrv%2Fwinnow%2Fpostgres%2Fsocket/winnow"
    assert ran.stdout.strip() == (
        f"('{database}', 'redis+socket:///srv/winnow/redis/redis.sock')"
    )


def test_a_long_path_has_a_short_socket_folder():
    ran = read_settings(
        "len(settings.DATABASES['default']['HOST'])",
        WINNOW_SECRET_KEY=KEY,
        WINNOW_VAR="/srv/" + "x" * 120,
    )

    assert int(ran.stdout) < 60


def test_the_browser_is_told_to_run_nothing_but_our_files(client):
    policy = client.get("/no-such-page/").headers["Content-Security-Policy"]

    assert "script-src 'self';" in policy + ";"
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("name", ["execute_run", "build_base"])
def test_training_goes_to_the_gpu_queue_and_the_rest_does_not(settings, name):
    assert settings.CELERY_TASK_ROUTES[f"trainer.tasks.{name}"] == {"queue": "gpu"}
    assert settings.CELERY_TASK_DEFAULT_QUEUE == "default"


def test_every_task_of_the_clock_exists(settings):
    from config.celery import app

    app.loader.import_default_modules()

    named = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    named |= set(settings.CELERY_TASK_ROUTES)
    assert named <= set(app.tasks)


def test_what_the_clock_asks_for_does_not_pile_up(settings):
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        expires = entry["options"]["expires"]
        assert entry["schedule"] <= expires <= max(60, entry["schedule"]), name


def test_an_embedder_without_a_model_stops_the_start(tmp_path):
    ran = read_settings(
        "1",
        WINNOW_LOCAL="1",
        WINNOW_VAR=str(tmp_path / "var"),
        WINNOW_EMBEDDER="http://localhost:11434/v1/embeddings",
    )

    assert ran.returncode == 1
    assert "WINNOW_EMBEDDER_MODEL must name the model" in ran.stderr
    assert "Traceback" not in ran.stderr

"""Servers of our own: real ones, each test in a state folder of its own."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time

import psycopg
import pytest
import redis

from config import embedded, places, postgres, processes, redis_server

pytestmark = pytest.mark.slow


@pytest.fixture
def var(tmp_path, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    var = tmp_path / "var"
    yield var
    embedded.stop(var)


def ask(var, question):
    with psycopg.connect(embedded.database_url(var), autocommit=True) as connection:
        return connection.execute(question).fetchone()


def kill(process):
    process.kill()
    deadline = time.monotonic() + 60
    while processes.find(process.pid, command_has="") and time.monotonic() < deadline:
        time.sleep(0.01)


def test_starting_twice_is_starting_once(var):
    assert embedded.start(var) == ["PostgreSQL", "Redis"]
    assert embedded.start(var) == []
    assert embedded.is_running(var)

    assert embedded.stop(var) == ["PostgreSQL", "Redis"]
    assert embedded.stop(var) == []
    assert not embedded.is_running(var)


def test_two_commands_at_once_start_one_server(var):
    command = [sys.executable, "-m", "config.embedded", "start"]
    environment = os.environ | {"WINNOW_VAR": str(var)}
    both = [
        subprocess.Popen(
            command, cwd=places.ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]

    said = sorted(process.communicate()[0].strip() for process in both)

    assert said == ["Already running.", "Started PostgreSQL and Redis."]


def test_what_was_kept_outlives_kill_9(var):
    embedded.start(var)
    with psycopg.connect(embedded.database_url(var)) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('here')")
    for server in (postgres, redis_server):
        kill(server.is_running(var))

    assert embedded.start(var) == ["PostgreSQL", "Redis"]

    assert ask(var, "SELECT word FROM kept") == ("here",)


def test_a_pid_file_of_another_program_is_not_believed(var):
    embedded.start(var)
    embedded.stop(var)
    mine = f"{os.getpid()}\n/elsewhere\n1\n5432\n/tmp\n\n1 1\nready\n"
    (var / "postgres" / "data" / "postmaster.pid").write_text(mine)
    (var / "redis" / "redis.pid").write_text(str(os.getpid()))

    assert not embedded.is_running(var)
    assert embedded.start(var) == ["PostgreSQL", "Redis"]


def test_a_path_too_long_for_a_socket_gets_a_short_private_one(var):
    deep = var / ("x" * 100)

    try:
        embedded.start(deep)

        assert ask(deep, "SELECT 1") == (1,)
        for folder in (places.postgres_socket_dir(deep), places.redis_socket(deep).parent):
            assert folder.parent == places.Path("/tmp")
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        embedded.stop(deep)

    assert not places.postgres_socket_dir(deep).exists()
    assert not places.redis_socket(deep).parent.exists()


def test_the_application_is_no_superuser_and_can_use_vectors(var):
    embedded.start(var, only="PostgreSQL")

    role = "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    assert ask(var, role) == (False, True)
    assert ask(var, "SELECT '[1,2]'::vector <-> '[1,3]'::vector") == (1.0,)


def test_nothing_listens_on_the_network(var):
    embedded.start(var)

    for server in (postgres, redis_server):
        assert server.is_running(var).net_connections(kind="inet") == []


def test_a_given_address_means_that_nothing_is_started(var, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/winnow")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere/0")

    assert embedded.start(var) == []
    assert embedded.database_url(var) == "postgresql://elsewhere/winnow"
    assert embedded.redis_url(var) == "redis://elsewhere/0"


def test_redis_remembers_what_was_queued(var):
    embedded.start(var, only="Redis")
    socket = str(places.redis_socket(var))
    with redis.Redis(unix_socket_path=socket) as client:
        client.lpush("queue", "job")
    time.sleep(1.2)  # its file is written each second
    kill(redis_server.is_running(var))
    embedded.start(var, only="Redis")

    with redis.Redis(unix_socket_path=socket) as client:
        assert client.llen("queue") == 1

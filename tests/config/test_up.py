from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import psutil
import pytest

import config.supervisor
from config import down, fit, places, processes, up
from config.supervisor import Supervisor


@pytest.fixture
def supervisor(tmp_path):
    said = []
    supervisor = Supervisor(tmp_path, said.append)
    supervisor.said = said
    yield supervisor
    supervisor.stop()


def look_until(supervisor, happened, *, seconds=60):
    deadline = time.monotonic() + seconds
    while not happened() and time.monotonic() < deadline:
        supervisor.look_after()
        time.sleep(0.02)
    assert happened(), supervisor.said


# ---- one sentence when it cannot run -----------------------------------------------
def test_a_held_port_is_named_with_what_to_do(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        ran = subprocess.run(
            [sys.executable, "-m", "config.up"],
            cwd=places.ROOT,
            env=os.environ | {"PORT": str(port), "WINNOW_VAR": str(tmp_path / "var")},
            capture_output=True,
            text=True,
        )

    assert ran.returncode == 1
    assert ran.stderr == (
        f"Port {port} is held by another program: stop that one, or choose another port, "
        f"as in `make up PORT={port + 1}`.\n"
    )


def test_a_full_disk_is_named_with_its_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=5_000_000))

    with pytest.raises(up.CannotRun, match=f"Only 5 MB are free on the disk of {tmp_path}"):
        up.check_disk(tmp_path)


def test_an_old_python_is_named_with_what_to_do(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))

    assert "needs Python 3.11" in fit.problem()
    assert "make up PYTHON=python3.12" in fit.problem()


def test_two_at_once_from_one_folder_are_refused(tmp_path):
    with (
        up.the_only_one(tmp_path),
        pytest.raises(up.CannotRun, match="make down"),
        up.the_only_one(tmp_path),
    ):
        pass


def test_a_dead_ones_pid_file_is_no_hindrance(tmp_path):
    (tmp_path / "up.pid").write_text("1")

    with up.the_only_one(tmp_path):
        assert (tmp_path / "up.pid").read_text() == str(os.getpid())


def test_the_demo_stays_out_of_a_database_that_was_given(monkeypatch):
    monkeypatch.delenv("WINNOW_DEMO", raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/winnow")

    assert not up._wants_demo()


# ---- children ----------------------------------------------------------------------
def test_a_child_that_dies_is_started_again_and_said_so(supervisor):
    child = supervisor.start("worker", "sleep", "60")
    first = child.process
    first.kill()

    look_until(supervisor, lambda: child.process is not first)

    assert child.process.poll() is None
    assert "worker died (SIGKILL)" in supervisor.said[0]


def test_one_that_keeps_dying_is_started_less_and_less_often(supervisor):
    child = supervisor.start("worker", sys.executable, "-c", "raise SystemExit('no luck')")

    look_until(supervisor, lambda: len(supervisor.said) == 2)

    assert child.pause == 4.0
    assert "worker died (no luck)" in supervisor.said[0]


def test_a_child_that_did_its_one_job_is_left_in_peace(supervisor):
    supervisor.start("prepare", "true", is_once=True)

    look_until(supervisor, lambda: not supervisor.children)

    assert supervisor.said == []


def test_who_works_in_the_background_gives_way_and_so_does_what_it_starts(
    supervisor, tmp_path
):
    note = tmp_path / "nice"
    supervisor.start("web", "sleep", "60")
    supervisor.start(
        "worker", "sh", "-c", f"sleep 0.5; nice > {note}; sleep 60", gives_way=True
    )
    look_until(supervisor, lambda: note.exists() and note.read_text())

    web, worker = (psutil.Process(one.process.pid) for one in supervisor.children)

    assert worker.nice() == web.nice() + 10 == int(note.read_text())


def test_only_errors_reach_the_terminal(supervisor):
    supervisor.start("worker", "sh", "-c", "echo fine; echo '12:00 ERROR bad'; sleep 60")

    look_until(supervisor, lambda: supervisor.said)

    assert supervisor.said == ["worker | 12:00 ERROR bad"]


def test_stopping_ends_grandchildren_with_sessions_of_their_own(supervisor, tmp_path):
    code = (
        "import subprocess, time; p = subprocess.Popen(['sleep', '60'], "
        f"start_new_session=True); open({str(tmp_path / 'pid')!r}, 'w').write(str(p.pid));"
        "time.sleep(60)"
    )
    supervisor.start("trainer", sys.executable, "-c", code)
    look_until(supervisor, lambda: (tmp_path / "pid").exists())
    look_until(supervisor, (tmp_path / "pid").read_text)
    grandchild = int((tmp_path / "pid").read_text())

    supervisor.stop()

    assert not is_alive(grandchild)


@pytest.mark.skipif(sys.platform != "linux", reason="a death signal is Linux's")
def test_children_do_not_outlive_a_killed_supervisor(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from config.supervisor import "
        "Supervisor; c = Supervisor(Path(sys.argv[1]), print).start('a', 'sleep', '60');"
        "print(c.process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=places.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    child = int(parent.stdout.readline())

    parent.kill()
    parent.communicate()

    deadline = time.monotonic() + 60
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(child)


@pytest.mark.parametrize("parent", [1, 42])
def test_a_child_ends_only_when_its_supervisor_is_another(monkeypatch, parent):
    ended = []
    monkeypatch.setattr(config.supervisor, "_libc", SimpleNamespace(prctl=lambda *_: 0))
    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setattr(os, "getppid", lambda: 1)  # in a container it may be the parent

    config.supervisor._die_with_parent(parent)

    assert ended == ([] if parent == 1 else [1])


# ---- the end -----------------------------------------------------------------------
def test_a_server_that_was_still_starting_is_ended_too(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "_launched", [])
    server = processes.launch(tmp_path / "log", args=["sleep", "60"])

    processes.end_launched()

    assert server.returncode == -signal.SIGINT


def test_one_that_does_not_listen_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "_launched", [])
    deaf = ["sh", "-c", "trap '' INT; echo deaf; sleep 60"]
    server = processes.launch(tmp_path / "log", args=deaf)
    while not (tmp_path / "log").read_text():
        time.sleep(0.01)

    processes.end_launched(seconds=0.1)

    assert server.returncode == -signal.SIGKILL


def test_ctrl_c_in_the_middle_of_a_start_leaves_no_server(tmp_path, monkeypatch):
    places.make_var(tmp_path)
    monkeypatch.setattr(processes, "_launched", [])
    monkeypatch.setattr(up, "_ignore_signals", lambda: None)
    monkeypatch.setattr(up.embedded, "not_running", lambda var: [])
    launched = []

    def start(var):
        launched.append(processes.launch(var / "log", args=["sleep", "60"]))
        up._end(signal.SIGINT, None)

    monkeypatch.setattr(up.embedded, "start", start)

    with pytest.raises(SystemExit):
        up.run(tmp_path, 8000)

    assert launched[0].returncode == -signal.SIGINT


def test_ctrl_c_never_falls_between_a_server_and_our_note_of_it(tmp_path):
    # The server presses Ctrl-C for us, before Popen has even returned.
    code = (
        "import signal, sys, time; from pathlib import Path; from config import processes\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "press = ['sh', '-c', 'kill -INT $PPID; exec sleep 60']\n"
        "try: processes.launch(Path(sys.argv[1]), args=press); time.sleep(10)\n"
        "except KeyboardInterrupt: print(len(processes._launched))\n"
        "processes.end_launched()"
    )

    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "log")],
        cwd=places.ROOT,
        capture_output=True,
        text=True,
    )

    assert (ran.returncode, ran.stdout) == (0, "1\n")


def test_a_second_ctrl_c_skips_nothing():
    code = (
        "import os, signal, time; from config import up\n"
        "signal.signal(signal.SIGINT, up._end)\n"
        "try: os.kill(os.getpid(), signal.SIGINT); time.sleep(60)\n"
        "finally: os.kill(os.getpid(), signal.SIGINT); time.sleep(0.1); print('tidy')"
    )

    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=places.ROOT, capture_output=True, text=True
    )

    assert (ran.returncode, ran.stdout) == (0, "tidy\n")


def is_alive(pid):
    return processes.find(pid, command_has="") is not None


# ---- down and reset ----------------------------------------------------------------
def test_down_ends_the_holder_of_the_pid_file_and_nobody_else(tmp_path):
    innocent = subprocess.Popen(["sleep", "60"])
    (tmp_path / "up.pid").write_text(str(innocent.pid))

    try:
        assert down.stop_up(tmp_path) == []
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def test_down_waits_until_it_has_ended(tmp_path):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path; from config import up\n"
            "with up.the_only_one(Path(sys.argv[1])): print(flush=True); time.sleep(60)",
            str(tmp_path),
        ],
        cwd=places.ROOT,
        stdout=subprocess.PIPE,
    )
    holder.stdout.readline()

    assert down.stop_up(tmp_path) == ["Winnow"]

    holder.communicate()
    with (tmp_path / "up.pid").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_reset_keeps_the_models_unless_told(tmp_path):
    places.make_var(tmp_path)
    (tmp_path / down.OURS).touch()
    (tmp_path / "models" / "base").mkdir()

    down.forget(tmp_path, with_models=False)
    assert [path.name for path in tmp_path.iterdir()] == ["models"]

    (tmp_path / down.OURS).touch()
    down.forget(tmp_path, with_models=True)
    assert list(tmp_path.iterdir()) == []


def test_reset_touches_no_folder_that_is_not_ours(tmp_path):
    (tmp_path / "thesis.txt").touch()

    with pytest.raises(SystemExit, match="was not made by Winnow"):
        down.forget(tmp_path, with_models=True)

    assert (tmp_path / "thesis.txt").exists()

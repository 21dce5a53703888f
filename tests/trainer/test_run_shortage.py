"""Too little memory, disk or database: a run goes on, or it stops with what to do."""

from __future__ import annotations

import errno
import json
import shutil
import threading
import time

import pytest
from django.db import OperationalError, connection

from curation.models import Event
from trainer import child, launch, out_of_memory, space, tasks, watch
from trainer.actions import fence, runs
from trainer.models import BaseModel, Run
from trainer.recipes import outputs
from trainer.recipes.shortage import shortage

pytestmark = pytest.mark.django_db(transaction=True)


def execute(run):
    tasks.execute_run(run_id=run.pk)
    return Run.objects.for_page().get(pk=run.pk)


def steps_written(run):
    return run.metrics.filter(name="loss").count()


def trained_with(run):
    config = json.loads((launch.folder_of(run) / "config.json").read_text())
    return config["batch_size"], config.get("accumulate", 1)


def happened(run):
    events = Event.objects.filter(subject_kind="run", subject_id=run.pk).order_by("pk")
    return [kind.removeprefix("run.") for kind in events.values_list("kind", flat=True)]


# ---- memory ----------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["python", "torch", "cublas", "cpu"])
def test_out_of_memory_it_goes_on_with_half_as_many_at_once(request_run, fake, way):
    fake(at_step=7, memory=way, room_for=8)

    run = execute(request_run(batch_size=16))

    assert (run.state, run.attempt, run.is_halved) == ("finished", 1, True)
    assert trained_with(run) == (8, 2)
    assert run.at_once == (16, 8, 2)
    assert steps_written(run) == 10
    assert '"resumed_at": 5' in (launch.folder_of(run) / child.LOG).read_text()
    assert "halved" in happened(run)


def test_it_is_tried_once_and_then_the_run_says_what_to_do(request_run, fake):
    fake(at_step=7, memory="torch", room_for=4)

    run = execute(request_run(batch_size=16))

    assert run.state == "failed"
    assert "with half as many examples at once too" in run.problem
    assert "a machine with more memory" in run.problem


def test_a_restart_does_not_try_the_whole_batch_again(request_run, fake, curator):
    fake(at_step=7, memory="torch", room_for=4)
    run = execute(request_run(batch_size=16))
    fake(at_step=7, memory="torch", room_for=8)
    runs.retry(run_id=run.pk, by=curator)

    run = execute(run)

    assert (run.state, trained_with(run)) == ("finished", (8, 2))
    assert happened(run).count("halved") == 1


def test_one_example_cannot_be_halved(request_run, fake):
    fake(at_step=2, memory="torch")

    run = execute(request_run(batch_size=1))

    assert run.state == "failed"
    assert "nothing can be taken in smaller parts" in run.problem
    assert not run.is_halved


def test_a_child_that_the_kernel_ended_for_memory_is_known_by_its_count(
    request_run, fake, monkeypatch
):
    counts = iter([3, 4])  # at its start, and after its end
    monkeypatch.setattr(out_of_memory, "kills", lambda: next(counts, 4))
    fake(at_step=7, killed="once")

    run = execute(request_run(batch_size=6))

    assert (run.state, trained_with(run)) == ("finished", (3, 2))


def test_the_counters_are_read_where_there_are_any(tmp_path, monkeypatch):
    found = tmp_path / "memory.events"
    found.write_text("low 0\noom 7\noom_kill 2\noom_group_kill 9\n")
    monkeypatch.setattr(out_of_memory, "COUNTERS", (found, tmp_path / "none"))

    assert out_of_memory.kills() == 2


@pytest.mark.parametrize(
    ("batch", "fewer"), [(16, 8), (6, 3), (15, 5), (9, 3), (7, 1), (2, 1), (1, 1)]
)
def test_a_step_is_made_of_whole_batches(batch, fewer):
    assert out_of_memory.at_once(batch) == fewer


def test_a_step_in_smaller_parts_is_the_same_run():
    whole = {"run": "run-1", "batch_size": 16, "accumulate": 1, "steps": 3}
    halves = whole | {"batch_size": 8, "accumulate": 2}

    assert outputs.identity(whole, []) == outputs.identity(halves, [])
    assert outputs.identity(whole, []) != outputs.identity(whole | {"batch_size": 8}, [])


def test_the_page_says_it(request_run, fake, client, curator):
    fake(at_step=7, memory="torch", room_for=8)
    run = execute(request_run(batch_size=16))
    client.force_login(curator)

    page = client.get(f"/models/runs/{run.pk}/").content.decode()

    said = "ran out of memory with 16 examples at once; goes on with 8, 2 times a step"
    assert said in " ".join(page.split())


# ---- a child that is ended from outside ------------------------------------------------


def test_a_child_killed_by_nobody_knows_whom_goes_on_as_it_was(request_run, fake):
    fake(at_step=7, killed="once")
    run = execute(request_run(batch_size=16))
    assert (run.state, run.lost, run.problem) == ("queued", 1, "")

    assert fence.requeue_silent(Run) == [run.pk]
    run = execute(run)

    assert (run.state, trained_with(run)) == ("finished", (16, 1))
    assert steps_written(run) == 10


def test_killed_each_time_it_is_given_up(request_run, fake):
    fake(at_step=2, killed=True)
    run = request_run()

    for _ in range(3):
        run = execute(run)

    assert run.state == "failed"
    assert "ended three times" in run.problem


# ---- the disk --------------------------------------------------------------------------


def test_a_full_disk_under_the_child_is_said_and_made_good(request_run, fake, curator):
    fake(at_step=7, file_limit=4096)
    run = execute(request_run())
    assert run.state == "failed"
    assert run.problem.startswith("The trainer's disk is full. Make room there")

    fake()
    runs.retry(run_id=run.pk, by=curator)

    assert execute(run).state == "finished"


def test_a_full_disk_under_the_worker_is_said_too(request_run, fake, monkeypatch):
    def full(*args, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(child, "start", full)

    assert execute(request_run()).problem.startswith("The trainer's disk is full.")


def test_what_will_not_fit_is_not_begun(request_run, fake, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10 * 2**20))
    monkeypatch.setattr(child, "start", lambda *_, **__: pytest.fail("a child was started"))

    run = execute(request_run())

    assert run.state == "failed"
    assert "too little room" in run.problem
    assert "64 MB are needed" in run.problem and "10 MB are free" in run.problem


def test_the_estimate_grows_with_the_model(tmp_path):
    model = {"hidden_size": 2048, "num_hidden_layers": 24, "intermediate_size": 8192}
    (tmp_path / "config.json").write_text(json.dumps(model))
    (tmp_path / "model.safetensors").write_bytes(bytes(1000))
    config = {"base": str(tmp_path), "lora_r": 16}

    adapter = 16 * 24 * (8 * 2048 + 3 * (2048 + 8192))
    assert space._written(config) == adapter * 4 * 3 * 4
    assert space._written(config | {"tuning": "full"}) == 24_000
    assert space._written({"base": str(tmp_path)}) == 0


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk"),
        (RuntimeError("PytorchStreamWriter failed writing file data/0"), "disk"),
        (ValueError("out of memory, wrote somebody in a text"), ""),
        (OSError(errno.ENOENT, "No such file"), ""),
    ],
)
def test_shortages_are_told_from_other_faults(error, what):
    assert shortage(error) == what


def test_a_shortage_that_was_wrapped_is_still_one():
    try:
        try:
            raise MemoryError
        except MemoryError as why:
            raise ValueError("cannot build the batch") from why
    except ValueError as wrapped:
        assert shortage(wrapped) == "memory"


# ---- files that are gone ---------------------------------------------------------------


def test_a_version_whose_files_are_gone_is_written_again(request_run, fake, settings):
    execute(request_run())
    shutil.rmtree(settings.VERSIONS_DIR)

    run = execute(request_run())

    assert run.state == "finished"


def test_a_base_that_is_gone_says_so(request_run, folders, base):
    BaseModel.objects.filter(pk=base.pk).update(location="/nowhere/at/all")

    run = execute(request_run())

    assert run.state == "failed"
    assert "There is no base model at /nowhere/at/all" in run.problem


# ---- the database ----------------------------------------------------------------------


class Away:
    """The database, away from one call of a verb until some seconds later."""

    def __init__(self, monkeypatch, name, *, seconds):
        self.verb, self.seconds, self.since = getattr(runs, name), seconds, None
        monkeypatch.setattr(runs, name, self)

    def __call__(self, *args, **options):
        if self.since is None:
            self.since = time.monotonic()
        if time.monotonic() < self.since + self.seconds:
            raise OperationalError("the server closed the connection unexpectedly")
        return self.verb(*args, **options)


@pytest.mark.parametrize("name", ["report", "enter", "publish", "finish"])
def test_a_database_that_is_away_for_a_while_costs_nothing(
    request_run, fake, monkeypatch, name
):
    fake(pause=0.05)
    monkeypatch.setattr("trainer.progress.WRITE_EVERY", 0.1)
    Away(monkeypatch, name, seconds=1.5)

    run = execute(request_run())

    assert (run.state, run.attempt, run.lost) == ("finished", 1, 0)
    assert steps_written(run) == 10
    log = (launch.folder_of(run) / child.LOG).read_text()
    assert log.count("--- sft") == 1  # its child went on meanwhile


def test_away_for_longer_than_the_lease_the_run_goes_on_from_its_checkpoint(
    request_run, fake, monkeypatch
):
    """The child is ended, as another could have begun; none has, so this worker goes on."""
    monkeypatch.setattr(watch, "LEASE", type(watch.LEASE)(seconds=1))
    monkeypatch.setattr(watch, "SECONDS", 0.2)
    beat, back_at = fence.beat, time.monotonic() + 2.5

    def away(row):
        if time.monotonic() < back_at:
            raise OperationalError("could not connect")
        return beat(row)

    monkeypatch.setattr(fence, "beat", away)
    fake(pause=0.2)
    run = request_run(steps=20)

    run = execute(run)

    assert (run.state, run.attempt, run.lost) == ("finished", 1, 0)
    assert steps_written(run) == 20
    assert (launch.folder_of(run) / child.LOG).read_text().count("--- sft") == 2


def test_away_for_ever_the_worker_gives_up_and_another_takes_over(
    request_run, fake, monkeypatch
):
    monkeypatch.setattr(tasks, "AWAY_SECONDS", 0.5)
    Away(monkeypatch, "enter", seconds=1)
    beat = fence.beat

    def away(row):
        raise OperationalError("could not connect")

    run = request_run()
    with monkeypatch.context() as patched:
        patched.setattr(fence, "beat", away)
        with pytest.raises(OperationalError):
            execute(run)
    assert fence.beat is beat
    Run.objects.update(lease_until="2020-01-01T00:00Z")
    fence.requeue_silent(Run)
    time.sleep(1)

    run = execute(run)

    assert (run.state, run.attempt) == ("finished", 2)


def test_one_that_was_given_to_another_meanwhile_stays_theirs(
    request_run, fake, monkeypatch
):
    monkeypatch.setattr(watch, "SECONDS", 0.1)
    fake(pause=0.1)
    run = request_run(steps=50)

    def give_away():
        time.sleep(1)
        Run.objects.filter(pk=run.pk).update(attempt=7)
        connection.close()

    thread = threading.Thread(target=give_away)
    thread.start()
    run = execute(run)
    thread.join()

    assert (run.state, run.attempt) == ("running", 7)

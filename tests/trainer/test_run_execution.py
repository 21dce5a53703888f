"""One run from its row to its results: what is kept, and how it fails, stops, goes on."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager

import psutil
import pytest
from django.db import connection

from curation.models import Message
from trainer import child, launch, tasks, watch
from trainer.actions import fence, runs
from trainer.models import Run

pytestmark = pytest.mark.django_db(transaction=True)


def execute(run):
    tasks.execute_run(run_id=run.pk)
    return Run.objects.for_page().get(pk=run.pk)


@contextmanager
def executing(run):
    """The run at work in another thread, as a worker has it."""

    def work():
        try:
            tasks.execute_run(run_id=run.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join(60)
        assert not thread.is_alive()


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def processes_of(run):
    mark = json.loads((launch.folder_of(run) / child.PID_FILE).read_text())["mark"]
    return [process for process in psutil.process_iter() if child._has_mark(process, mark)]


def steps_written(run):
    return run.metrics.filter(name="loss").count()


@pytest.fixture
def often(monkeypatch):
    """A heart that beats ten times a second."""
    monkeypatch.setattr(watch, "SECONDS", 0.1)


def test_a_run_leaves_its_curve_adapter_evaluation_and_answers(request_run, fake, folders):
    run = execute(request_run())

    assert (run.state, run.problem, run.step, run.of) == ("finished", "", 10, 10)
    names = set(run.metrics.values_list("name", flat=True))
    assert names == {"loss", "held_out_loss", "learning_rate", "grad_norm", "tokens_per_s"}
    assert steps_written(run) == 10
    assert run.made_with == {"device": "none", "versions": {"fake": "1"}}
    (checkpoint,) = run.checkpoints.all()
    weights = folders / checkpoint.path / "adapter_model.safetensors"
    assert checkpoint.sha256 == run.adapter_sha256 == child_sha256(weights)
    assert (run.evaluation.loss_before, run.evaluation.loss_after) == (2.0, 1.0)
    assert run.evaluation.categories()[0]["change"] == -50
    held_out = Message.objects.filter(conversation__split="held_out").exclude(
        origin="model"
    )
    replies = set(held_out.filter(role="assistant").values_list("uid", flat=True))
    assert set(run.scores.values_list("message_uid", flat=True)) == replies
    assert len(run.samples.all()) == 4


def child_sha256(path):
    from trainer.recipes.common import sha256

    return sha256(path)


def test_what_a_model_says_is_made_fit_to_store(request_run, fake):
    run = execute(request_run())

    assert {sample.base_text for sample in run.samples.all()} == {"blah \ufffd ?"}


def test_tuned_answers_come_back_as_proposals(request_run, fake):
    run = execute(request_run())

    offered = Message.objects.filter(origin="model")
    assert (run.offered, run.offer_refused) == (4, 0)
    assert {message.state for message in offered} == {"submitted"}
    assert {message.generator for message in offered} == {f"test-base, run {run.pk}"}
    assert {message.parent.uid for message in offered} == {
        sample.prompt_uid for sample in run.samples.all()
    }


def test_without_offering_they_stay_here(request_run, fake):
    run = execute(request_run(offer=False))

    assert (run.state, run.offered) == ("finished", None)
    assert not Message.objects.filter(origin="model").exists()


def test_it_fails_with_the_recipes_own_sentence(request_run, fake):
    fake(at_step=7, trouble="The loss is no number any more; lower the learning rate.")

    run = execute(request_run())

    assert run.state == "failed"
    assert run.problem == "The loss is no number any more; lower the learning rate."
    assert steps_written(run) == 6  # what was told before is kept


def test_a_crash_says_its_last_words(request_run, fake):
    fake(at_step=2, crash="a wire came loose")

    run = execute(request_run())

    assert run.problem.endswith("ended early: RuntimeError: a wire came loose")


def test_a_version_that_was_tampered_with_is_refused(request_run, fake):
    run = request_run()
    Message.objects.filter(role="assistant").update(text="Something else.")

    run = execute(run)

    assert run.state == "failed"
    assert "is not what was frozen" in run.problem


def test_our_own_mistake_fails_the_run_and_is_logged(
    request_run, fake, monkeypatch, caplog
):
    monkeypatch.setattr("trainer.held_out.prompts", lambda *_: 1 / 0)

    run = execute(request_run())

    assert "ZeroDivisionError" in run.problem
    assert "ZeroDivisionError" in caplog.text


def test_started_again_it_goes_on_from_its_checkpoint(request_run, fake, curator):
    fake(at_step=7, trouble="No.")
    run = execute(request_run())
    fake()
    runs.retry(run_id=run.pk, by=curator)

    run = execute(run)

    assert (run.state, run.attempt, steps_written(run)) == ("finished", 2, 10)
    log = (launch.folder_of(run) / child.LOG).read_text()
    assert '"resumed_at": 5' in log


def test_what_is_done_is_not_done_again(request_run, fake, monkeypatch, curator):
    run = request_run()
    claimed = runs.claim(run.pk, "host:1")
    launch.train(claimed)  # and here its worker dies, just before the end
    Run.objects.update(lease_until="2020-01-01T00:00Z")
    fence.requeue_silent(Run)
    monkeypatch.setattr(child, "start", lambda *_, **__: pytest.fail("a child was started"))

    run = execute(run)

    assert (run.state, run.attempt, run.offered) == ("finished", 2, 4)
    assert Message.objects.filter(origin="model").count() == 4


def test_a_cancel_ends_the_child_and_all_that_it_started(request_run, fake, often, curator):
    fake(pause=0.1, grandchild=True, stubborn=False)
    run = request_run(steps=500)

    with executing(run):
        until(lambda: steps_written(run) > 1)
        assert len(processes_of(run)) == 2
        runs.cancel(run_id=run.pk, by=curator)

    run.refresh_from_db()
    assert (run.state, run.problem) == ("cancelled", "")
    assert processes_of(run) == []


def test_one_that_will_not_listen_is_ended_all_the_same(
    request_run, fake, often, curator, monkeypatch
):
    monkeypatch.setattr(child.Child.kill, "__kwdefaults__", {"gentle_seconds": 0.3})
    fake(pause=0.1, stubborn=True)
    run = request_run(steps=500)

    with executing(run):
        until(lambda: steps_written(run) > 1)
        runs.cancel(run_id=run.pk, by=curator)

    run.refresh_from_db()
    assert run.state == "cancelled"
    assert processes_of(run) == []


def test_a_worker_that_lost_its_run_kills_the_child_and_writes_nothing(
    request_run, fake, often
):
    fake(pause=0.05)
    run = request_run(steps=500)

    with executing(run):
        until(lambda: steps_written(run) > 1)
        Run.objects.filter(pk=run.pk).update(attempt=7)
        written = steps_written(run)

    assert processes_of(run) == []
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("running", 7)  # as the other worker left it
    assert steps_written(run) == written


def test_what_an_earlier_attempt_left_running_is_ended_first(request_run, fake, folders):
    run = request_run()
    folder = folders / str(run.pk)
    folder.mkdir()
    fake(pause=10)
    config = {"base": "b", "data": "d", "out": str(folder), "steps": 500}
    left = child.start("sft", config, folder)
    left.process.stdout.close()

    child.end_previous(folder)

    assert not psutil.pid_exists(left.process.pid)
    left.process.wait()
    fake()
    assert execute(run).state == "finished"


def test_a_child_knows_no_address_and_no_secret_of_ours(monkeypatch):
    for name in (
        "DATABASE_URL",
        "REDIS_URL",
        "WINNOW_SECRET_KEY",
        "HF_TOKEN",
        "AWS_SECRET",
    ):
        monkeypatch.setenv(name, "hush")

    given = child._environment("mark", threads=1, may_reach_hub=False)

    assert "hush" not in given.values()
    assert (given["HF_HUB_OFFLINE"], given["OMP_NUM_THREADS"]) == ("1", "1")

"""How long a run will take, how much memory, and how good that guess was."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils.timezone import now

from tests.trainer.safetensors_bytes import told
from trainer import estimates
from trainer.actions import workers
from trainer.errors import TrainerError
from trainer.models import Attempt, Estimate, Run
from trainer.recipes.memory import RUNTIME
from trainer.tasks import execute_run

pytestmark = pytest.mark.django_db
GIB = 2**30
CONFIG = {
    "num_hidden_layers": 2, "hidden_size": 128, "vocab_size": 1024,
    "num_attention_heads": 4,
}  # fmt: skip
SHAPES = {"embed.weight": [1024, 128], "q_proj.weight": [128, 128]}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def shaped(base, tmp_path):
    """The base is there on disk, small as the starter is."""
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "model.safetensors").write_bytes(told(SHAPES))
    base.location = str(tmp_path)
    base.save()
    return base


@pytest.fixture
def finished(request_run):
    """`finished(took=60)` is an earlier run of ten steps at a second each."""

    def finished(took=40.0, pace=1.0, **settings):
        run = request_run(**settings)
        Run.objects.filter(pk=run.pk).update(
            state="finished", finished_at=now(), adapter_sha256="a" * 64,
            seconds_per_step=pace, made_with={"device": "cpu"},
        )  # fmt: skip
        Attempt.objects.create(
            kind="run", subject=run.pk, number=1, dataset=run.version.dataset, devices=2,
            began_at=now() - timedelta(seconds=took), ended_at=now(), seconds=2 * took,
        )  # fmt: skip
        return run

    return finished


def guess(run, **settings):
    return estimates.guess(
        base=run.base, method="sft", config=run.config | settings,
        dataset_id=run.version.dataset_id,
    )  # fmt: skip


def test_without_an_earlier_run_no_time_is_told(request_run):
    found = guess(request_run())

    assert (found.seconds, found.of_runs, found.memory) == (None, 0, None)


def test_the_same_run_again_takes_as_long(finished):
    run = finished(took=40)

    found = guess(run)

    assert found.seconds == pytest.approx(40)
    assert (found.least, found.most) == (pytest.approx(20), pytest.approx(80))
    assert (found.as_run, found.of_runs) == (run.pk, 1)


def test_more_steps_and_larger_batches_take_longer(finished):
    run = finished(took=40)  # ten of it in steps

    assert guess(run, steps=30).seconds == pytest.approx(60)
    assert guess(run, batch_size=2 * run.config["batch_size"]).seconds == pytest.approx(50)
    assert guess(run, samples=0).seconds == pytest.approx(25)


def test_the_more_earlier_runs_the_narrower(finished):
    few = guess(finished())
    many = [guess(finished()) for _ in range(4)][-1]

    assert few.most / few.least > many.most / many.least > 1
    assert many.of_runs == 5


def test_memory_goes_by_the_shape_and_then_by_what_was_seen(shaped, finished):
    run = finished()
    by_shape = guess(run).memory
    assert RUNTIME < by_shape < 2 * RUNTIME
    assert guess(run, batch_size=512, max_length=4096).memory > 20 * GIB

    estimates.note_peak(run.pk, 500_000_000)
    estimates.note_peak(run.pk, 400_000_000)

    assert guess(run).memory == 500_000_000
    assert Estimate.objects.get(run=run).peak == 500_000_000


def test_a_whole_model_needs_more_than_an_adapter(shaped, request_run):
    run = request_run(batch_size=1, max_length=32)

    assert guess(run, tuning="full").memory > guess(run).memory


def test_what_is_kept_for_the_way_back_is_less_on_a_gpu(shaped, finished):
    run = finished(batch_size=512, max_length=4096)
    by_shape = guess(run).memory
    estimates.note_peak(run.pk, 99 * GIB)  # in a CPU's memory, which says nothing of a GPU
    facts = {"memory_total": 4 * GIB, "memory_free": 1 * GIB, "cpus": 2}
    assert guess(run).memory == 99 * GIB

    workers.heard("gpu:1", devices=[{"name": "A", "total": 999 * GIB, "free": 0}], **facts)

    assert GIB < guess(run).memory < 0.7 * by_shape


@pytest.mark.parametrize("odd", ["", "[]", "{}", '{"hidden_size": "wide"}'])
def test_of_a_base_that_says_nothing_of_itself_nothing_is_told(odd, shaped, request_run):
    run = request_run()
    Path(shaped.location, "config.json").write_text(odd)

    assert guess(run).memory is None


def test_what_no_worker_could_hold_is_refused_at_the_door(shaped, request_run):
    large = {"batch_size": 512, "max_length": 8192}
    assert request_run(**large)  # no worker is known: it may be tried

    facts = {"memory_total": 4 * GIB, "memory_free": 1 * GIB, "cpus": 2}
    workers.heard("host:1", devices=[], **facts)
    with pytest.raises(TrainerError, match="largest worker has 4.0"):
        request_run(**large)
    assert request_run()  # fits it, though not now

    workers.heard("gpu:1", devices=[{"name": "A", "total": 999 * GIB, "free": 0}], **facts)
    assert request_run(**large)


@pytest.mark.django_db(transaction=True)
def test_what_was_expected_stands_beside_what_it_was(
    request_run, finished, fake, client, curator
):
    finished(took=10)
    run = request_run(steps=10)

    execute_run(run_id=run.pk)

    found = estimates.outcome(Run.objects.for_page().get(pk=run.pk))
    assert found.expected == "10 seconds"
    assert found.off < 0
    assert found.peak is None  # the fake recipe runs on no device
    assert Estimate.objects.get(run=run).peak > 5_000_000
    client.force_login(curator)
    said = client.get(reverse("trainer:run", args=[run.pk])).text
    assert "10 seconds" in said
    assert "% less" in said


def test_the_launch_form_tells_it_before_the_start(shaped, finished, client, curator):
    run = finished(took=240)
    client.force_login(curator)
    asked = {"version": run.version_id, "base": run.base_id, "steps": "10"}

    said = client.get(reverse("trainer:estimate"), asked, headers=HTMX).text

    assert f"as run {run.pk} took." in said
    assert "minutes" in said
    assert "of memory" in said
    assert reverse("trainer:estimate") in client.get(reverse("trainer:launch")).text


@pytest.mark.parametrize(
    "odd", [{}, {"version": "x"}, {"base": "0"}, {"steps": "-1"}, {"batch_size": "9" * 50}]
)
def test_an_odd_form_is_no_error(odd, frozen, base, client, curator):
    client.force_login(curator)
    asked = {"version": frozen.pk, "base": base.pk} | odd

    answer = client.get(reverse("trainer:estimate"), asked, headers=HTMX)

    assert answer.status_code == 200
    assert 'id="estimate"' in answer.text

"""Trained again without a part of the examples, and on parts of all; and what is told."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils.timezone import now

from curation import handoff
from curation.models import VersionItem
from tests.trainer.effects import (
    BY_CATEGORY,
    asker,
    finished,
    finished_run,
    two_categories,
    without_training,
)
from trainer import forgetting, launch, tasks, trials, watch
from trainer.actions import fence, jobs
from trainer.errors import Lost, TrainerError
from trainer.jobs import effect, forecast
from trainer.models import Job, Run
from trainer.recipes.common import read_object

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mixed(frozen, dataset, curator):
    return two_categories(dataset, curator)


@pytest.fixture
def tuned(mixed, request_run, folders):
    return finished_run(request_run, mixed)


@pytest.fixture
def trained(monkeypatch):
    return without_training(monkeypatch)


@pytest.fixture
def ask(tuned, curator):
    return asker(tuned, curator)


@contextmanager
def executing(job):
    def work():
        try:
            tasks.execute_job(job_id=job.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join(60)


def wait_for(is_so):
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


# ---- the job ---------------------------------------------------------------------------


def test_it_trains_with_and_without_and_without_as_many_others(ask, trained):
    job = ask()

    result = finished(job)

    assert (result["left_out"], result["of"], result["trainings"]) == (6, 16, 6)
    names = [trial.name for trial in trained]
    assert names[:3] == ["with-0", "without-0", "others-0"]
    assert [len(trial.without) for trial in trained] == [0, 6, 6, 0, 6, 6]
    assert not trained[1].without & trained[2].without
    assert len({trial.seed for trial in trained}) == 2
    assert trained[2].without != trained[5].without
    whole = effect.lines(job)[0]
    assert (whole.examples, whole.kept.value, whole.change.value) == (10, 1.0, 0.0)
    assert not (whole.was_missed or whole.was_in_the_way)


def test_of_each_training_the_losses_alone_are_kept(ask, trained):
    job = ask()
    finished(job)

    left = {path.name for path in (launch.folder_of_job(job) / trials.FOLDER).iterdir()}
    assert left == {f"{arm}-{n}.json" for arm in effect.ARMS for n in (0, 1)}


def test_each_training_learns_from_its_part_alone(ask, mixed, trained, monkeypatch):
    seen = {}
    as_it_was = trials._part

    def part(version, data, without):
        made = as_it_was(version, data, without)
        lines = (made / "train.jsonl").read_text().splitlines()
        seen[data.parent.name] = {json.loads(line)["id"] for line in lines}
        assert (made / "held_out.jsonl").read_bytes() == (
            version / "held_out.jsonl"
        ).read_bytes()
        return made

    monkeypatch.setattr(trials, "_part", part)
    finished(ask())

    thanks = {str(uid) for uid in handoff.ids_of_portion(mixed.pk, "category", "thanks")}
    assert seen["with-0"] - seen["without-0"] == thanks
    assert thanks < seen["others-0"]
    assert len(seen["others-0"]) == len(seen["without-0"]) == 10


def test_another_attempt_repeats_no_training_that_is_done(ask, trained, monkeypatch):
    """The worker is gone half-way through the fifth."""
    train = trials._trained

    def lost_at_the_fifth(work, trial, out):
        if len(trained) == 4 and not out.exists():
            out.mkdir()
            raise Lost
        if out.exists():
            out.rmdir()
        return train(work, trial, out)

    monkeypatch.setattr(trials, "_trained", lost_at_the_fifth)
    job = ask()
    with pytest.raises(Lost):
        launch.perform(jobs.claim(job.pk, "host:1"))
    Job.objects.filter(pk=job.pk).update(lease_until=now() - timedelta(seconds=1))
    fence.requeue_silent(Job)

    assert finished(job)["trainings"] == 6

    names = [trial.name for trial in trained]
    assert names == [f"{arm}-{n}" for n in (0, 1) for arm in effect.ARMS]


def test_a_training_that_is_done_clears_the_workers_that_were_lost(ask, trained):
    """Three lost in a row park a job; with a training done between, they are in no row."""
    job = ask()
    Job.objects.filter(pk=job.pk).update(lost=2)

    finished(job)

    job.refresh_from_db()
    assert job.lost == 0
    assert (job.step, job.of) == (6, 6)


def test_paused_in_the_middle_it_goes_on_there(ask, curator, fake, monkeypatch):
    monkeypatch.setattr(watch, "SECONDS", 0.1)
    job = ask()
    place = launch.folder_of_job(job) / trials.FOLDER
    place.mkdir(parents=True)
    (place / "fake.json").write_text(json.dumps({"pause": 0.1, "listens": True}))
    with executing(job):
        wait_for(lambda: (place / "with-0.json").exists())
        jobs.pause(job_id=job.pk, by=curator)
    job.refresh_from_db()
    assert job.state == "paused"
    done = {path: path.stat().st_mtime_ns for path in place.glob("*-*.json")}
    assert 1 <= len(done) < 6

    (place / "fake.json").write_text("{}")
    jobs.retry(job_id=job.pk, by=curator)
    finished(job)

    assert {path: path.stat().st_mtime_ns for path in done} == done


# ---- what is refused -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "Choose what is left out"),
        ({"by": "mood", "value": "good"}, "Choose what is left out"),
        ({"by": "category", "value": 3}, "Choose what is left out"),
        ({"by": "category", "value": "nothing"}, "no such examples"),
        ({"by": "contributor", "value": "1"}, "no such examples"),
        ({"by": "source", "value": "person"}, "nothing to learn from"),
        (BY_CATEGORY | {"seeds": 1}, "Choose 2 to 5 seeds"),
        (BY_CATEGORY | {"seeds": 6}, "Choose 2 to 5 seeds"),
        (BY_CATEGORY | {"seeds": True}, "Choose 2 to 5 seeds"),
        (BY_CATEGORY | {"colour": "red"}, "Unknown setting “colour”"),
    ],
)
def test_it_refuses_what_cannot_be_left_out(ask, config, said):
    with pytest.raises(TrainerError, match=said):
        ask(config)
    assert not Job.objects.filter(kind="effect").exists()


def test_a_forecast_refuses_few_examples_and_odd_settings(ask):
    with pytest.raises(TrainerError, match="takes 25 examples"):
        ask({}, kind="forecast")
    with pytest.raises(TrainerError, match="Unknown setting"):
        ask({"by": "category"}, kind="forecast")
    with pytest.raises(TrainerError, match="2 to 5 seeds"):
        ask({"seeds": 9}, kind="forecast")


# ---- a forecast ------------------------------------------------------------------------


def test_parts_are_nested_and_of_each_category(monkeypatch):
    by_category = {"a": [f"a{n}" for n in range(40)], "b": [f"b{n}" for n in range(8)]}
    every = {one for ids in by_category.values() for one in ids}

    asked = forecast._trials(by_category, [1, 2], steps=96)

    kept = [every - trial.without for trial in asked]
    assert [len(part) for part in kept[:4]] == [6, 12, 24, 48]
    assert kept[0] < kept[1] < kept[2] < kept[3] == every
    assert [len([one for one in part if one[0] == "b"]) for part in kept[:4]] == [
        1,
        2,
        4,
        8,
    ]
    assert kept[0] != kept[4]
    assert [trial.steps for trial in asked] == [12, 24, 48, 96] * 2


@pytest.mark.parametrize(("steps", "taken"), [(None, (40, 10)), (8, (8, 2))])
def test_a_part_takes_its_steps_and_warms_up_in_proportion(tuned, tmp_path, steps, taken):
    tuned.config |= {"steps": 40, "warmup_steps": 10}
    for name in ("train.jsonl", "held_out.jsonl"):
        (tmp_path / name).touch()
    out, heard = tmp_path / "out", {}

    def recipe(name, told, **_):
        heard[name] = told
        (out / "eval.json").write_text('{"examples": []}')

    work = SimpleNamespace(row=SimpleNamespace(run=tuned), data=tmp_path, recipe=recipe)
    trials._trained(work, trials.Trial("part", 1, frozenset(), steps), out)

    assert (heard["sft"]["steps"], heard["sft"]["warmup_steps"]) == taken


def test_a_forecast_is_told_by_category_beside_its_target(
    ask, trained, monkeypatch, client, curator, mixed
):
    monkeypatch.setattr("trainer.prospects.FEWEST", 8)
    job = ask({"seeds": 2}, kind="forecast")
    assert finished(job)["trainings"] == 8
    assert trained[3].steps == job.run.config["steps"] > trained[2].steps

    thanks, letters = sorted(forecast.rows(job), key=lambda row: row.prospect.examples)
    assert (letters.name, letters.target.wanted) == ("Letters", 40)
    assert letters.prospect.sizes == [1, 2, 5, 10]
    assert letters.prospect.change.value == 0.0
    assert thanks.prospect.why in ("few", "few_held_out")
    client.force_login(curator)
    for address in (
        reverse("trainer:job", args=[job.pk]),
        reverse("trainer:evaluation", args=[job.run_id]),
        reverse("trainer:next_hundred", args=[mixed.dataset.slug]),
    ):
        said = client.get(address).content.decode()
        assert "Letters" in said
        assert "Cannot be told yet." in said


# ---- the parts of a version ------------------------------------------------------------


def test_words_of_trainings_are_forgotten_with_the_texts(ask, mixed):
    job = ask()
    place = launch.folder_of_job(job) / trials.FOLDER
    (place / "with-0" / "data").mkdir(parents=True)
    (place / "with-0" / "data" / "train.jsonl").write_text("words\n")
    text = VersionItem.objects.filter(version=mixed).first().reply

    forgetting.forget(person_id=0, message_ids=[text.pk], uids=[text.uid])

    assert not place.exists()


# ---- for real ----------------------------------------------------------------------------


@pytest.mark.slow
def test_a_true_model_is_trained_with_and_without(mixed, curator, folders, warmed):
    """With all and its own seed, the run comes out as it was."""
    call_command("build_base", steps=25)
    where = f"{mixed.dataset.slug}/{mixed.number}"
    call_command("train", where, by=curator.email, steps=4, wait=True)
    run = Run.objects.get(state="finished")

    job = jobs.request(kind="effect", run=run, config=BY_CATEGORY, by=curator)
    assert finished(job)["trainings"] == 6

    whole = effect.lines(job)[0]
    assert whole.examples == 10
    assert whole.change.low < whole.change.value < whole.change.high
    kept = launch.folder_of_job(job) / trials.FOLDER / "with-0.json"
    again = {one["id"]: one["loss_after"] for one in read_object(kept)["examples"]}
    first = {str(one.message_uid): one.loss_after for one in run.scores.all()}
    assert again == first


def test_a_run_that_goes_on_from_another_is_refused(tuned, mixed, request_run, curator):
    """Its parent may know what is left out, so that nothing would be missed."""
    child = request_run(version=mixed, parent=tuned)
    Run.objects.filter(pk=child.pk).update(
        state="finished", adapter_sha256="1" * 64, started_at=now(), finished_at=now()
    )

    for kind in (effect.KIND, forecast.KIND):
        with pytest.raises(TrainerError, match="begins at its base"):
            trials_of = Run.objects.get(pk=child.pk)
            kind.require(trials_of, {"by": "category", "value": "thanks"}, curator)

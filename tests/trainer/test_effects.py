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
from curation.actions import versions
from curation.models import Guideline, Message, VersionItem
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    ConversationFactory,
    MessageFactory,
    ReplyFactory,
)
from trainer import forgetting, launch, tasks, trials, watch
from trainer.actions import fence, jobs
from trainer.errors import Lost, TrainerError
from trainer.jobs import effect, forecast
from trainer.models import Job, Run
from trainer.recipes.common import read_object

pytestmark = pytest.mark.django_db(transaction=True)

BY_CATEGORY = {"by": "category", "value": "thanks", "seeds": 2}


@pytest.fixture
def mixed(frozen, dataset, curator):
    """Sixteen examples of two categories to learn from; half of the people wrote some."""
    category = CategoryFactory(dataset=dataset, slug="letters", name="Letters", target=40)
    writer = ContributorFactory(member=dataset, name="Ada Writer")
    for number in range(16):
        split = "held_out" if number < 6 else "train"
        conversation = ConversationFactory(dataset=dataset, category=category, split=split)
        prompt = MessageFactory(conversation=conversation, accepted=True)
        more = {"author": writer} if number % 2 else {}
        ReplyFactory(parent=prompt, accepted=True, **more)
    return versions.freeze(dataset_id=dataset.pk, by=curator)


@pytest.fixture
def tuned(mixed, request_run, folders):
    """A finished run that took twenty seconds."""
    run = request_run(version=mixed)
    Run.objects.filter(pk=run.pk).update(
        state="finished", adapter_sha256="0" * 64, started_at=now() - timedelta(seconds=20),
        finished_at=now(),
    )  # fmt: skip
    return Run.objects.for_page().get(pk=run.pk)


@pytest.fixture
def trained(monkeypatch):
    """The trials that were trained; each loses 1 on each answer, and no process starts."""
    asked = []

    def train(work, trial, out):
        out.mkdir(parents=True)
        trials._part(work.data, out / "data", trial.without)
        asked.append(trial)
        lines = trials.lines(work.data / "held_out.jsonl")
        return {"examples": [line | {"tokens": 10, "loss_after": 1.0} for line in lines]}

    monkeypatch.setattr(trials, "_trained", train)
    return asked


@pytest.fixture
def ask(tuned, curator):
    def ask(config=BY_CATEGORY, *, kind="effect"):
        return jobs.request(kind=kind, run=tuned, config=config, by=curator)

    return ask


def finished(job):
    tasks.execute_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.problem) == ("finished", "")
    return job.result


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


# ---- pages -----------------------------------------------------------------------------


def test_the_form_says_what_it_would_take_and_asks(tuned, client, curator):
    client.force_login(curator)
    page = reverse("trainer:run_effect", args=[tuned.pk])

    said = client.get(page).content.decode()

    assert "3: 9 trainings, about" in said
    assert "Letters: 10 examples" in said
    assert "Ada Writer: 5 examples" in said
    assert client.post(page, {"seeds": 3}).status_code == 422
    assert client.post(page).status_code == 422
    assert client.post(page, {"what": "category:none", "seeds": 3}).status_code == 422
    everything = client.post(page, {"what": "source:person", "seeds": 3})
    assert everything.status_code == 409
    assert "nothing to learn from" in everything.content.decode()
    answer = client.post(page, {"what": "category:thanks", "seeds": 2})
    job = Job.objects.get(kind="effect")
    assert answer.url == reverse("trainer:job", args=[job.pk])
    assert job.config == BY_CATEGORY


def test_names_are_for_those_who_may_see_who_wrote_what(
    ask, trained, tuned, mixed, client, curator, dataset
):
    person = next(
        one
        for one in handoff.portions_of(mixed.pk, named=True)
        if one.label == "Ada Writer"
    )
    secret = next(
        one.label
        for one in handoff.portions_of(mixed.pk, named=False)
        if one.value == person.value
    )
    assert secret == f"Contributor {person.value[:6]}"
    job = ask({"by": "contributor", "value": person.value, "seeds": 2})
    finished(job)
    pages = [reverse("trainer:job", args=[job.pk])]
    pages.append(reverse("trainer:evaluation", args=[tuned.pk]))

    for who, shown, hidden in [
        (curator, "Ada Writer", secret),
        (ContributorFactory(member=dataset), secret, "Ada Writer"),
    ]:
        client.force_login(who)
        for page in pages:
            said = client.get(page).content.decode()
            assert shown in said
            assert hidden not in said
    assert "Ada" not in json.dumps([job.config, job.result])


def test_no_change_beyond_chance_is_said_plainly(ask, trained, client, curator):
    job = ask()
    finished(job)
    client.force_login(curator)

    said = client.get(reverse("trainer:job", args=[job.pk])).content.decode()

    assert "No change beyond chance." in said
    assert "6 of 16 examples were left out, with 2 seeds." in said


def test_a_running_one_stands_on_the_evaluation_page_too(ask, tuned, client, curator):
    ask()
    client.force_login(curator)
    said = client.get(reverse("trainer:evaluation", args=[tuned.pk])).content.decode()
    name = tuned.version.dataset.categories.get(slug="thanks").name
    assert f"{name}</a>" in said
    assert "Queued" in said


@pytest.mark.parametrize("name", ["run_effect", "run_forecast"])
def test_who_may_ask(tuned, client, dataset, name, request_run):
    page = reverse(f"trainer:{name}", args=[tuned.pk])
    client.force_login(ContributorFactory(member=dataset))
    assert client.get(page).status_code == 404
    assert client.post(page, {"seeds": 3}).status_code == 404
    client.force_login(tuned.requested_by)
    assert client.get(page).status_code == 200
    unfinished = request_run(steps=20)
    page = reverse(f"trainer:{name}", args=[unfinished.pk])
    assert client.get(page).status_code == 404


def test_a_datasets_page_without_a_forecast_leads_to_one(tuned, client, curator, dataset):
    page = reverse("trainer:next_hundred", args=[dataset.slug])
    client.force_login(ContributorFactory(member=dataset))
    assert client.get(page).status_code == 404
    client.force_login(curator)
    said = client.get(page).content.decode()
    assert reverse("trainer:run_forecast", args=[tuned.pk]) in said
    dashboard = reverse("curation:dashboard", args=[dataset.slug])
    assert page in client.get(dashboard).content.decode()


def test_a_dataset_without_a_model_says_what_comes_first(frozen, client, curator):
    client.force_login(curator)
    page = reverse("trainer:next_hundred", args=[frozen.dataset.slug])
    assert "No model has learned from this dataset yet" in client.get(page).content.decode()


# ---- the parts of a version ------------------------------------------------------------


def test_a_person_is_behind_what_they_asked_answered_and_first_wrote(dataset, curator):
    """An edit stands on its first author's words; what is held out is learned by nobody."""
    writer, editor = (ContributorFactory(member=dataset) for _ in range(2))
    for split in ("train", "held_out"):
        talk = ConversationFactory(dataset=dataset, split=split)
        prompt = MessageFactory(conversation=talk, accepted=True)
        first = ReplyFactory(parent=prompt, author=writer)
        ReplyFactory(parent=prompt, revises=first, author=editor, accepted=True)
    asked = MessageFactory(
        conversation=ConversationFactory(dataset=dataset, split="train"),
        author=writer,
        accepted=True,
    )
    answer = ReplyFactory(parent=asked, accepted=True)
    version = versions.freeze(dataset_id=dataset.pk, by=curator)

    found = {
        one.label: one
        for one in handoff.portions_of(version.pk, named=True)
        if one.by == "contributor"
    }

    assert found[str(writer)].examples == 2
    assert found[str(editor)].examples == 1
    theirs = handoff.ids_of_portion(version.pk, "contributor", found[str(writer)].value)
    edits = VersionItem.objects.filter(version=version, reply__author=editor, split="train")
    assert theirs == {answer.uid, edits.get().reply.uid}


def test_guidelines_and_sources_are_parts_too(dataset, curator):
    rules = Guideline.objects.create(dataset=dataset, number=2, text="Be kind.")
    for origin, more in [
        ("person", {"guideline": rules}),
        ("person", {}),
        ("import", {"origin": "import", "author": None}),
    ]:
        talk = ConversationFactory(dataset=dataset, split="train")
        prompt = MessageFactory(conversation=talk, accepted=True)
        made = ReplyFactory(parent=prompt, accepted=True, **more)
        assert made.origin == origin
    version = versions.freeze(dataset_id=dataset.pk, by=curator)

    found = {
        (one.by.value, one.value): one.examples
        for one in handoff.portions_of(version.pk, named=False)
        if one.by != "contributor"
    }

    assert found["guideline", "2"] == 1
    assert found["source", "person"] == 2
    assert found["source", "import"] == 1
    (imported,) = handoff.ids_of_portion(version.pk, "source", "import")
    assert Message.objects.get(uid=imported).origin == "import"


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

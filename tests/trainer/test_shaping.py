"""What shaped a model's answers: asked by a curator, told to them and to the authors."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from curation.models import Message
from tests.factories import ContributorFactory
from trainer import forgetting, tasks
from trainer.folders import folder_of, folder_of_job
from trainer.models import Influence, Job, Run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(request_run, fake):
    asked = request_run()
    tasks.execute_run(run_id=asked.pk)
    return Run.objects.get(pk=asked.pk)


@pytest.fixture
def looked_at(run, client, curator, django_capture_on_commit_callbacks):
    client.force_login(curator)
    answer = client.post(reverse("trainer:run_shaped", args=[run.pk]))
    job = Job.objects.get(kind="influence")
    assert answer.url == reverse("trainer:job", args=[job.pk])
    tasks.execute_job(job_id=job.pk)
    job.refresh_from_db()
    assert job.state == "finished", job.problem
    return job


def strongest(run):
    """The reply that the fake recipe names for every answer."""
    return Message.objects.get(uid=run.influences.filter(score__gt=0).first().message_uid)


def test_each_answer_has_the_texts_that_made_it_likelier(looked_at, run, client):
    assert looked_at.result == {"examples": 6, "parameters": 9, "seconds": 0.1}
    assert run.influences.count() == 2 * run.samples.count() == 8

    page = client.get(reverse("trainer:job", args=[looked_at.pk])).content.decode()

    assert "Made it likelier" in page
    assert "25.0%" in page
    assert strongest(run).text[:30] in page
    queries = (folder_of_job(looked_at) / "queries.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in queries] == ["0", "1", "2", "3"]


def test_those_who_rank_blind_do_not_read_whose_they_are(looked_at, client, dataset):
    client.force_login(ContributorFactory(member=dataset))

    page = client.get(reverse("trainer:job", args=[looked_at.pk])).content.decode()

    assert "Made it likelier" not in page
    assert "Tuned answer" not in page


def test_an_author_reads_how_many_answers_were_theirs(looked_at, run, client):
    client.force_login(strongest(run).author)
    page = client.get(reverse("trainer:mine")).content.decode()
    assert "4 of 4 answers" in page

    client.force_login(ContributorFactory())
    assert "Nothing to tell yet" in client.get(reverse("trainer:mine")).content.decode()


def test_looked_at_again_the_old_lines_go(looked_at, run, client, curator):
    client.force_login(curator)
    client.post(reverse("trainer:run_shaped", args=[run.pk]))
    tasks.execute_job(job_id=Job.objects.latest("pk").pk)

    assert Influence.objects.count() == 8


def test_only_a_curator_may_ask(run, client, dataset):
    client.force_login(ContributorFactory(member=dataset))

    assert client.post(reverse("trainer:run_shaped", args=[run.pk])).status_code == 404
    assert not Job.objects.exists()


def test_without_its_answers_a_job_says_what_to_do(run, client, curator):
    (folder_of(run) / "prompts.jsonl").unlink()
    client.force_login(curator)
    client.post(reverse("trainer:run_shaped", args=[run.pk]))
    job = Job.objects.get()
    tasks.execute_job(job_id=job.pk)

    job.refresh_from_db()
    assert job.problem.startswith("This model's answers to held-out prompts are gone")


def test_a_destroyed_text_is_forgotten_with_what_it_shaped(looked_at, run):
    text = strongest(run)

    forgetting.forget(person_id=text.author_id, message_ids=[text.pk], uids=[text.uid])

    assert not Influence.objects.filter(message_uid=text.uid).exists()


def test_a_destroyed_prompt_is_forgotten_in_the_files_of_the_question(looked_at, run):
    prompt = Message.objects.get(uid=run.samples.first().prompt_uid)

    forgetting.forget(
        person_id=prompt.author_id, message_ids=[prompt.pk], uids=[prompt.uid]
    )

    assert not (folder_of_job(looked_at) / "queries.jsonl").exists()


@pytest.mark.parametrize("name", ["eval.json", "prompts.jsonl", "samples/samples.jsonl"])
def test_files_of_a_run_that_never_ended_are_forgotten_too(request_run, run, name):
    """Stopped while it answered, it has no rows that say whose words lie there."""
    stopped = request_run(seed=2)
    file = folder_of(stopped) / name
    file.parent.mkdir(parents=True)
    file.write_text("their words")
    prompt = Message.objects.get(uid=run.samples.first().prompt_uid)

    forgetting.forget(
        person_id=prompt.author_id, message_ids=[prompt.pk], uids=[prompt.uid]
    )

    assert not file.exists()


def test_what_a_killed_worker_left_of_a_question_to_models_is_forgotten(run, curator):
    job = Job.objects.create(
        kind="generate", run=run, base=run.base, version=run.version, key="k" * 64,
        requested_by=curator, state="failed", problem="Lost.", finished_at=run.queued_at,
    )  # fmt: skip
    left = folder_of_job(job) / "side-0" / "prompts.jsonl"
    left.parent.mkdir(parents=True)
    left.write_text("their words")
    prompt = Message.objects.get(uid=run.samples.first().prompt_uid)

    forgetting.forget(
        person_id=prompt.author_id, message_ids=[prompt.pk], uids=[prompt.uid]
    )

    assert not left.exists()


def test_a_model_of_all_weights_has_no_adapter_to_compare_on(run, client, curator):
    Run.objects.filter(pk=run.pk).update(config=run.config | {"tuning": "full"})
    client.force_login(curator)

    asked = client.post(reverse("trainer:run_shaped", args=[run.pk]), follow=True)

    assert "no adapter to compare its examples on" in asked.text
    assert reverse("trainer:run_shaped", args=[run.pk]) not in asked.text
    assert not Job.objects.exists()

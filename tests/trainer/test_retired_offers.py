"""A retired model is offered nowhere, and is at work nowhere."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.timezone import now

from curation.actions import versions
from curation.errors import NotAllowed
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory
from tests.trainer.removing import fresh, retire
from trainer import evaluation, judges, outlook, tasks
from trainer.actions import jobs
from trainer.errors import TrainerError
from trainer.models import Job, Run, Talk

pytestmark = pytest.mark.django_db(transaction=True)


def test_no_retired_judge_is_offered_or_marks(trained, preferred, curator):
    judge = trained(method="reward", version=preferred)
    run = trained(version=preferred)
    asked = {"judge": judge.pk, "made": 2}
    failed = jobs.request(kind="generate", run=run, config=asked, by=curator)
    scored = jobs.request(
        kind="score", run=run, config={"reward_run": judge.pk}, by=curator
    )
    assert judges.to_choose(run.dataset_id) == [judge]
    retire(judge)

    assert judges.to_choose(run.dataset_id) == []
    assert judges.of_dataset(run.dataset_id) is None
    for job in (failed, scored):
        tasks.execute_job(job_id=job.pk)
        job.refresh_from_db()
        assert job.state == "failed" and "taken back" in job.problem
    refused = pytest.raises(TrainerError, match="taken back")
    with refused:
        jobs.retry(job_id=failed.pk, by=curator)
    for kind, config in (("wins", {"judge": judge.pk}), ("score", scored.config)):
        with refused:
            jobs.request(kind=kind, run=run, config=config, by=curator)


def test_no_retired_rival_answers(trained, curator):
    one, other = trained(), trained(seed=2)
    retire(other)

    with pytest.raises(TrainerError, match="taken back"):
        jobs.request(kind="generate", run=one, config={"rivals": [other.pk]}, by=curator)


def test_none_is_compared_with_or_forecast_by(trained, preferred, curator):
    parent = trained()
    child = fresh(trained(method="dpo", version=preferred, parent=parent))
    later = fresh(trained(seed=2))
    assert evaluation.opponent(child) == (parent, "parent")
    assert evaluation.opponent(later) == (parent, "before")
    assert outlook.newest_fine_tune(parent.dataset_id) == later
    retire(parent)
    retire(later)

    assert evaluation.opponent(fresh(child)) is None
    assert evaluation.opponent(later) is None
    assert outlook.newest_fine_tune(parent.dataset_id) is None


def test_what_was_exported_before_is_handed_out_no_more(trained, curator, client):
    run = trained()
    job = jobs.request(kind="export", run=run, by=curator)
    tasks.execute_job(job_id=job.pk)
    client.force_login(curator)
    address = reverse("trainer:job_files", args=[job.pk])
    assert client.get(address).status_code == 200
    retire(run)

    answer = client.get(address)

    assert answer.status_code == 409 and "taken back" in answer.text


def test_a_talk_s_second_voice_does_not_come_back(begin, curator, finished):
    talk = Talk.objects.get(pk=begin().pk)
    Job.objects.update(state="failed", finished_at=now(), problem="No.", worker="")
    retire(finished)
    voice = talk.voices.filter(run=None).get()
    Job.objects.update(run=None, base=voice.base)

    with pytest.raises(TrainerError, match="taken back"):
        jobs.retry(job_id=talk.job_id, by=curator)


def test_nobody_starts_a_talk_again_without_a_right_to_each_voice(begin, finished):
    """One learned from a dataset that the person does not curate."""
    talk = Talk.objects.get(pk=begin().pk)
    Job.objects.update(state="failed", finished_at=now(), problem="No.", worker="")
    elsewhere = DatasetFactory(pairs=True)
    prompt = MessageFactory(
        conversation__dataset=elsewhere, conversation__split="train", accepted=True
    )
    ReplyFactory(parent=prompt, accepted=True)
    keeper = ContributorFactory(member=elsewhere, member__roles=["curator"])
    version = versions.freeze(dataset_id=elsewhere.pk, by=keeper)
    Run.objects.filter(pk=finished.pk).update(version=version)
    Job.objects.update(run=None)

    with pytest.raises(NotAllowed):
        jobs.retry(job_id=talk.job_id, by=talk.owner)


def test_a_benchmark_is_not_asked_of_it(trained, curator):
    from trainer.views.benchmarks import _question_form

    one, other = trained(), trained(seed=2)
    retire(other)

    offered = str(_question_form(one.version.dataset)["model"])

    assert f"run {one.pk}" in offered and f"run {other.pk}" not in offered

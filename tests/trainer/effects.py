"""A version of two categories, a run of it, and trials that take no time."""

from __future__ import annotations

from datetime import timedelta

from django.utils.timezone import now

from curation.actions import versions
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    ConversationFactory,
    MessageFactory,
    ReplyFactory,
)
from trainer import tasks, trials
from trainer.actions import jobs
from trainer.models import Run

BY_CATEGORY = {"by": "category", "value": "thanks", "seeds": 2}


def finished(job):
    tasks.execute_job(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.problem) == ("finished", "")
    return job.result


def two_categories(dataset, curator):
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


def finished_run(request_run, version):
    """A finished run that took twenty seconds."""
    run = request_run(version=version)
    Run.objects.filter(pk=run.pk).update(
        state="finished", adapter_sha256="0" * 64, started_at=now() - timedelta(seconds=20),
        finished_at=now(),
    )  # fmt: skip
    return Run.objects.for_page().get(pk=run.pk)


def without_training(monkeypatch):
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


def asker(run, curator):
    """`ask()`: the effect of a part of what the run learned from."""

    def ask(config=BY_CATEGORY, *, kind="effect"):
        return jobs.request(kind=kind, run=run, config=config, by=curator)

    return ask

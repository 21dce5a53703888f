"""What tests of talks do: let the worker answer, and read what it said."""

from __future__ import annotations

import uuid

from django.urls import reverse
from django.utils.timezone import now

from trainer import tasks
from trainer.models import Job, TalkAnswer


def answered(talk):
    """The worker does all that waits in a talk."""
    talk.refresh_from_db()
    tasks.execute_job(job_id=talk.job_id)
    talk.refresh_from_db()
    return texts(talk)


def texts(talk):
    """What was said to each question, left and right."""
    there = TalkAnswer.objects.filter(turn__talk=talk).order_by(
        "turn__number", "voice__place"
    )
    return list(there.values_list("text", flat=True))


def done(talk, *said):
    """As a worker leaves it."""
    for answer, text in zip(
        TalkAnswer.objects.filter(turn__talk=talk, state="waiting").order_by(
            "voice__place"
        ),
        said,
        strict=True,
    ):
        TalkAnswer.objects.filter(pk=answer.pk).update(
            state="done", text=text, seconds=2, first_after=1
        )
    Job.objects.update(state="finished", finished_at=now(), lease_until=None)
    talk.refresh_from_db()
    return list(
        TalkAnswer.objects.filter(turn__talk=talk).order_by("turn__number", "voice__place")
    )


def page_of(talk):
    return reverse("trainer:talk", args=[talk.pk])


def send_to(answer):
    return reverse("trainer:talk_send", args=[answer.pk])


def first_words(run, text="Say hello.", **more):
    sent = {"first": f"run-{run.pk}", "second": f"base-{run.base_id}", "text": text}
    shape = {"temperature": "0.7", "max_new_tokens": "64", "key": str(uuid.uuid4())}
    return sent | shape | more

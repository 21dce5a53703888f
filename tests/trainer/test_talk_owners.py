"""A talk is its owner's: who has it, who sees that there is one, what is left of it."""

from __future__ import annotations

import os
import threading
import time
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from curation.actions import versions
from curation.errors import NotAllowed
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.trainer.talks import answered
from trainer import access, launch, served, tasks
from trainer.actions import fence, jobs, talking, talks
from trainer.models import Job, Run, Talk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("brief")]


def test_cancel_is_heard_while_a_server_thinks(begin, fake, monkeypatch):
    take, thinks = talks.take_turn, threading.Event()

    def take_turn(job):
        Job.objects.update(cancel_requested_at=now())
        return take(job)

    monkeypatch.setattr("trainer.watch.SECONDS", 0.05)
    monkeypatch.setattr(talks, "take_turn", take_turn)
    monkeypatch.setattr(served, "serves", lambda name: True)
    monkeypatch.setattr(served, "answers", lambda *_said, **_shape: thinks.wait(30))
    talk, began = begin(), time.monotonic()
    try:
        said = answered(talk)
        took = time.monotonic() - began
    finally:
        thinks.set()

    assert (talk.job.state, said) == ("cancelled", ["", ""])
    assert took < 15


def left_by_a_worker_that_was_killed(talk):
    """Words in its folder, and the job waits for another attempt."""
    jobs.claim(talk.job.pk, "host:1")
    folder = launch.folder_of_job(talk.job)
    folder.mkdir()
    for name in ("talk-asked.json", "talk-said.json"):
        (folder / name).write_text("Between us")
        os.utime(folder / name, (0, 0))
    Job.objects.update(lease_until=now() - timedelta(seconds=1))
    fence.requeue_silent(Job)
    return folder


def test_who_deletes_a_talk_leaves_no_word_of_it_on_a_disk(begin, fake):
    talk = begin()
    folder = left_by_a_worker_that_was_killed(talk)

    talks.forget(talk_id=talk.pk, by=talk.owner)

    assert list(folder.iterdir()) == []


def test_an_attempt_without_a_talk_leaves_no_word_either(begin, fake):
    talk = begin()
    folder = left_by_a_worker_that_was_killed(talk)
    Talk.objects.all().delete()

    tasks.execute_job(job_id=talk.job_id)

    assert list(folder.glob("talk-*")) == []


def test_what_no_attempt_clears_the_clock_does(begin, fake):
    talk = begin()
    folder = left_by_a_worker_that_was_killed(talk)
    jobs.cancel(job_id=talk.job_id, by=talk.owner)

    tasks.forget_talks()

    assert Talk.objects.exists()
    assert list(folder.iterdir()) == []


def test_a_question_whose_session_was_paused_is_answered_all_the_same(begin, fake):
    talk = begin()
    jobs.pause(job_id=talk.job_id, by=talk.owner)
    assert Job.objects.get().state == "paused"

    talking.try_again(talk_id=talk.pk, seed=talk.turns.get().seed, by=talk.owner)

    assert all("heard" in text for text in answered(talk))


def test_who_may_not_see_all_that_a_model_learned_from_does_not_talk_to_it(
    begin, finished, curator, rf
):
    other = DatasetFactory(pairs=True)
    prompt = MessageFactory(conversation__dataset=other, accepted=True)
    ReplyFactory(parent=prompt, accepted=True)
    theirs = ContributorFactory(member=other, member__roles=["curator"])
    elsewhere = versions.freeze(dataset_id=other.pk, by=theirs)
    parent = Run.objects.get(pk=finished.pk)
    parent.pk, parent._state.adding = None, True
    parent.version, parent.version_digest = elsewhere, elsewhere.digest
    parent.save()
    request = rf.get("/")
    request.user = curator
    assert access.runs_to_talk_to(request) == [finished]
    Run.objects.filter(pk=finished.pk).update(parent=parent)

    assert access.runs_to_talk_to(request) == []
    with pytest.raises(NotAllowed):
        begin()


def test_other_peoples_sessions_are_theirs(begin, dataset, client):
    talk = begin()
    admin = ContributorFactory(is_staff=True)
    other = ContributorFactory(member=dataset, member__roles=["curator"])
    page = reverse("trainer:job", args=[talk.job_id])
    seen = []
    for person in (talk.owner, admin, other):
        client.force_login(person)
        seen.append(client.get(page).status_code)
    assert seen == [200, 200, 404]

    for act in (jobs.pause, jobs.cancel, jobs.retry):
        with pytest.raises(NotAllowed):
            act(job_id=talk.job_id, by=other)
    assert jobs.cancel(job_id=talk.job_id, by=admin).state == "cancelled"

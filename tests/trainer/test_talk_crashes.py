"""What becomes of a talk when a worker, an answer or the talk itself is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from tests.trainer.talks import answered, texts
from trainer import tasks
from trainer.actions import fence, jobs, talking, talks
from trainer.errors import Lost
from trainer.models import Job, TalkAnswer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("brief")]


def seed_of(talk):
    return talk.turns.order_by("-number").first().seed


def test_an_answer_whose_process_is_killed_is_given_again(begin, fake):
    fake(pieces=2, dies=True)
    talk = begin()
    answered(talk)
    assert (talk.job.state, talk.job.lost) == ("queued", 1)
    assert talks.unanswered(talk).count() == 2

    fake()
    assert all("heard" in text for text in answered(talk))
    assert TalkAnswer.objects.count() == 2


def test_one_that_dies_each_time_says_so_and_is_asked_again_by_hand(begin, say, fake):
    fake(pieces=2, dies=True)
    talk = begin()
    for _ in range(3):
        answered(talk)
    assert talk.job.state == "failed"
    assert "ended three times" in talk.job.problem

    fake()
    talking.try_again(talk_id=talk.pk, seed=seed_of(talk), by=talk.owner)
    assert all("heard" in text for text in answered(talk))
    # Or they leave it and ask something else.
    say(talk, "Fine?")
    assert "Fine?" in answered(talk)[-1]


def test_a_question_without_an_answer_may_be_left_behind(begin, say, fake):
    fake(fails="The base model is gone. Build it again.")
    talk = begin("One?")
    answered(talk)
    assert talk.job.problem == "The base model is gone. Build it again."

    fake()
    say(talk, "Two?")
    said = answered(talk)
    assert len(said) == 2
    assert not any("One?" in text for text in said)
    assert talking.left_over() == []


def test_a_worker_that_was_given_up_writes_nothing_more(begin, fake):
    talk = begin()
    stale = jobs.claim(talk.job.pk, "host:1")
    asked = talks.take_turn(stale)
    talks.tell(stale, asked.turn, [{"text": "Half"}] * 2, is_done=False)
    Job.objects.update(lease_until=now() - timedelta(seconds=1))
    assert fence.requeue_silent(Job) == [stale.pk]

    said = answered(talk)
    with pytest.raises(Lost):
        talks.tell(stale, asked.turn, [{"text": "Late"}] * 2, is_done=True)
    assert texts(talk) == said
    assert "Half" not in said


def test_a_talk_that_is_deleted_ends_its_session(begin, fake):
    talk = begin()
    job = jobs.claim(talk.job.pk, "host:1")
    talks.forget(talk_id=talk.pk, by=talk.owner)

    assert talks.take_turn(job) is None
    Job.objects.update(lease_until=now() - timedelta(seconds=1))
    fence.requeue_silent(Job)
    tasks.execute_job(job_id=job.pk)

    job.refresh_from_db()
    assert (job.state, job.result) == ("finished", {"answers": 0})

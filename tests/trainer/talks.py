"""What tests of talks do: let the worker answer, and read what it said."""

from __future__ import annotations

from trainer import tasks
from trainer.models import TalkAnswer


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

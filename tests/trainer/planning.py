"""What schedules run, what is new for them, and when they are due."""

from __future__ import annotations

from datetime import timedelta

from django.utils.timezone import now

from tests.factories import ConversationFactory, MessageFactory, ReplyFactory
from trainer.models import Schedule

SMALL = {
    "steps": 10, "eval_every": 5, "checkpoint_every": 5, "samples": 4, "max_length": 64,
    "max_new_tokens": 16,
}  # fmt: skip


def add_pair(dataset, *, accepted=True):
    """One more question with its accepted answer; returns the answer."""
    conversation = ConversationFactory(dataset=dataset)
    prompt = MessageFactory(conversation=conversation, accepted=True)
    return ReplyFactory(parent=prompt, accepted=accepted)


def fall_due(schedule, days=0):
    Schedule.objects.filter(pk=schedule.pk).update(
        due_at=now() - timedelta(days=days, minutes=1)
    )


def fired(schedule):
    """Of the newest firing."""
    found = schedule.firings.order_by("-pk").first()
    return found.state, found.said()

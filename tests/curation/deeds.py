"""Arrangements for undo: where history stands, who else takes part, what is taken back."""

from __future__ import annotations

from django.db.models import Max

from curation.actions import undo
from curation.models import Event, Message
from tests.factories import ContributorFactory


def here():
    return Event.objects.aggregate(last=Max("pk"))["last"] or 0


def someone(message, **fields):
    return ContributorFactory(member=message.conversation.dataset, **fields)


def states():
    return list(Message.objects.order_by("pk").values_list("state", flat=True))


def take_back(message, by, after):
    undo.take_back(conversation_id=message.conversation_id, by=by, after=after)

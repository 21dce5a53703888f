"""Arrangements that several of these files share: records with their slots planned."""

from __future__ import annotations

import uuid

from django.urls import resolve, reverse

from annotate import planner
from annotate.models import Assignment
from curation.actions import conversations


def planned(message):
    """Bring the conversation's state up to date, and make its slots."""
    conversation = conversations.lock(message.conversation_id)
    conversations.advance(conversation)
    planner.plan(message.conversation_id)
    return message


def slots(**wanted):
    return Assignment.objects.filter(**wanted)


def claim(client, **wanted):
    """Claim through the page; return the slot that was given, or None."""
    response = client.post(reverse("annotate:claim"), wanted)
    assert response.status_code == 302
    found = resolve(response.url)
    is_task = found.view_name == "annotate:task"
    return Assignment.objects.get(**found.kwargs) if is_task else None


def submit(client, slot, key=None, **fields):
    fields = {"key": str(key or uuid.uuid4()), **fields}
    return client.post(reverse("annotate:submit", args=[slot.pk]), fields)

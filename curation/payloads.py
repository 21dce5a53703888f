"""What a hook is sent: ids and facts, and texts only where it may have them.

It is made anew for each attempt, so that what was taken back or erased meanwhile is not
sent.
"""

from __future__ import annotations

import json
from typing import Any

from curation.happenings import HAPPENINGS
from curation.models import DatasetVersion, Delivery, Event, Message

# Of a text that is read by nobody any more, only the id is told.
READABLE = frozenset(
    {Message.State.ACCEPTED, Message.State.REJECTED, Message.State.SUBMITTED}
)


def body_of(delivery: Delivery) -> bytes:
    """As JSON. Needs the hook and the event with its dataset."""
    event = delivery.event
    data = {"hook": delivery.hook_id} if event is None else _facts(event, delivery)
    told = {
        "type": delivery.kind,
        "timestamp": (delivery.created_at if event is None else event.at).isoformat(),
        "data": data,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _facts(event: Event, delivery: Delivery) -> dict[str, Any]:
    happening = HAPPENINGS.get(delivery.kind)
    facts = {} if happening is None else {
        name: event.data[name] for name in happening.facts if name in event.data
    }  # fmt: skip
    told: dict[str, Any] = {"event": event.pk}
    if event.dataset is not None:
        told["dataset"] = event.dataset.slug
    has_text = happening is not None and happening.has_text and delivery.hook.with_texts
    return {**told, **_subject(event, has_text=has_text), **facts}


def _subject(event: Event, *, has_text: bool) -> dict[str, Any]:
    if event.subject_kind == "message":
        return _message(event.subject_id, has_text=has_text)
    if event.subject_kind == "datasetversion":
        version = DatasetVersion.objects.get(pk=event.subject_id)
        return {"version": version.number, "digest": version.digest}
    if event.subject_kind == "dataset":
        return {}
    return {event.subject_kind: event.subject_id}


def _message(pk: int, *, has_text: bool) -> dict[str, Any]:
    """Not by its number, which says when it was made; and not whose it is."""
    joined = Message.objects.select_related("conversation__category")
    message = joined.get(pk=pk)
    category = message.conversation.category
    told: dict[str, Any] = {
        "message": str(message.uid),
        "conversation": str(message.conversation.uid),
        "role": message.role,
        "language": message.conversation.language,
        "category": category.slug if category is not None else None,
    }
    if has_text and message.state in READABLE:
        told |= {"text": message.text, "context": message.context}
    return told

"""One thing done to several messages: each by its own verb, each refused on its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions import conversations, flags, messages
from curation.actions.rights import require
from curation.errors import CurationError
from curation.models import (
    Category,
    Contributor,
    Conversation,
    Dataset,
    Event,
    Message,
)

AT_ONCE = 500  # texts in memory


@dataclass
class Done:
    """What came of it: how many, and for the others the reason."""

    done: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


def act(fields: Mapping[str, Any], *, message_ids: Sequence[int], by: Contributor) -> Done:
    """What a filled BulkForm says, with these."""
    if fields["verb"] == "hold":
        return hold(message_ids=message_ids, by=by, why=fields["why"])
    if fields["verb"] == "flag":
        said = {"reason": fields["reason"], "note": fields["why"]}
        return flag(message_ids=message_ids, by=by, **said)
    return categorise(message_ids=message_ids, by=by, category=fields["category"])


def hold(*, message_ids: Iterable[int], by: Contributor, why: str) -> Done:
    """Each in a transaction of its own: what was done stays, whatever comes after it."""
    return _each(message_ids, messages.hold, by=by, why=why)


def flag(
    *, message_ids: Iterable[int], by: Contributor, reason: str, note: str = ""
) -> Done:
    return _each(message_ids, flags.raise_flag, by=by, reason=reason, note=note)


def categorise(*, message_ids: Sequence[int], by: Contributor, category: Category) -> Done:
    """The conversations that these messages stand in; each once."""
    done, seen = Done(), set()
    rows = Message.objects.filter(pk__in=message_ids).order_by("pk")
    for pk, conversation in rows.values_list("pk", "conversation"):
        if conversation in seen:
            continue
        seen.add(conversation)
        try:
            categorise_one(conversation_id=conversation, by=by, category=category)
            done.done += 1
        except CurationError as refusal:
            done.refused.append((pk, str(refusal)))
    return done


@transaction.atomic
def categorise_one(
    *, conversation_id: int, by: Contributor, category: Category
) -> Conversation:
    """Put a conversation into another category of its dataset."""
    conversation = conversations.lock(conversation_id)
    require(by, conversation.dataset)
    if category.dataset_id != conversation.dataset_id:
        raise CurationError(_("This category belongs to another dataset."))
    if category.pk == conversation.category_id:
        raise CurationError(_("It is in this category already."))
    if category.needs_context and _stands_alone(conversation):
        raise CurationError(
            _("Prompts of %(category)s stand on a passage; this one has none.")
            % {"category": category}
        )
    before = conversation.category_id
    conversation.category = category
    conversation.save(update_fields=["category"])
    Event.objects.record(
        "conversation.categorised",
        conversation,
        by=by,
        dataset=conversation.dataset,
        before=before,
        after=category.pk,
    )
    conversations.advance(conversation)  # what it waits for is offered under its new name
    return conversation


def _stands_alone(conversation: Conversation) -> bool:
    return conversation.messages.filter(parent=None, context="").exists()


def _each(message_ids: Iterable[int], verb: Callable[..., Any], **given: Any) -> Done:
    done = Done()
    for pk in message_ids:
        try:
            verb(message_id=pk, **given)
            done.done += 1
        except CurationError as refusal:
            done.refused.append((pk, str(refusal)))
    return done


def taken(
    *, dataset: Dataset, message_ids: Sequence[int], by: Contributor
) -> Iterator[dict[str, Any]]:
    """What may be published of each, and its state. History notes who took how many."""
    require(by, dataset)
    Event.objects.record(
        "selection.exported", dataset, by=by, dataset=dataset, messages=len(message_ids)
    )
    return _records(message_ids)


def exported(
    *, dataset: Dataset, message_ids: Sequence[int], by: Contributor
) -> Iterator[str]:
    """The same as JSON lines."""
    rows = taken(dataset=dataset, message_ids=message_ids, by=by)
    return (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _records(message_ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    for start in range(0, len(message_ids), AT_ONCE):
        rows = Message.objects.select_related(
            "conversation__category", "parent", "guideline"
        )
        found = rows.in_bulk(message_ids[start : start + AT_ONCE])
        for pk in message_ids[start : start + AT_ONCE]:
            if pk in found:
                yield _record(found[pk])


def _record(message: Message) -> dict[str, Any]:
    conversation, guideline = message.conversation, message.guideline
    return {
        "id": str(message.uid),
        "parent_id": str(message.parent.uid) if message.parent else None,
        "conversation": str(conversation.uid),
        "category": conversation.category.slug if conversation.category else None,
        "language": message.language,
        "role": message.role,
        "origin": message.origin,
        "generator": message.generator,
        "state": message.state,
        "guideline": guideline.number if guideline else None,
        "text": message.text,
        "context": message.context,
    }

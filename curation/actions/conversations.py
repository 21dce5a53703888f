"""Conversations begin, grow and complete."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.timezone import now

from curation.actions.people import Role, require
from curation.actions.turns import rules_of, turns_of
from curation.aggregate import demand
from curation.aggregate.splits import prompt_key, split_of
from curation.clean.text import TEXT_AT_MOST, sightings, tidied
from curation.errors import CurationError
from curation.models import (
    Category,
    Contributor,
    Conversation,
    Dataset,
    Event,
    Finding,
    Message,
)


@transaction.atomic
def write_pair(
    *,
    dataset: Dataset,
    by: Contributor,
    prompt: str,
    reply: str,
    category: Category | None = None,
    context: str = "",
    language: str = "",
) -> Conversation:
    """A prompt and its answer, written together and reviewed as one."""
    if not dataset.is_pairs:
        raise CurationError(f"{dataset} grows as conversations: write a prompt instead.")
    root = _start(dataset, by, category, prompt, context, language)
    add_message(
        root.conversation,
        parent=root,
        role=Message.Role.ASSISTANT,
        text=reply,
        author=by,
        language=root.language,
    )
    return root.conversation


@transaction.atomic
def write_prompt(
    *,
    dataset: Dataset,
    by: Contributor,
    text: str,
    category: Category | None = None,
    context: str = "",
    language: str = "",
) -> Conversation:
    """The first prompt of a conversation that others continue."""
    if dataset.is_pairs:
        raise CurationError(f"{dataset} holds pairs: write the answer with the prompt.")
    return _start(dataset, by, category, text, context, language).conversation


def begin(
    dataset: Dataset, *, text: str, category: Category | None, **fields: Any
) -> Conversation:
    """A conversation without its messages yet. The split is given here, once."""
    side = sides_of(dataset, [text])[text]
    return Conversation.objects.create(
        dataset=dataset, category=category, **side._asdict(), **fields
    )


class Side(NamedTuple):
    """On which side a conversation with such a first prompt stands, and why."""

    prompt_key: str
    split: str


def sides_of(dataset: Dataset, first_prompts: Iterable[str]) -> dict[str, Side]:
    """The side for each text. Words that are there already keep their side.

    Otherwise a changed percentage would put the same words on both.
    """
    keys = {text: prompt_key(dataset.slug, text) for text in first_prompts}
    there = Conversation.objects.filter(dataset=dataset, prompt_key__in=set(keys.values()))
    known = dict(there.order_by("-pk").values_list("prompt_key", "split"))
    percent = dataset.policy.held_out_percent
    return {
        text: Side(key, known.get(key) or split_of(dataset.slug, text, percent))
        for text, key in keys.items()
    }


def add_message(conversation: Conversation, *, text: str, **fields: Any) -> Message:
    """Store one tidied text with what the checks see in it, and its line of history."""
    parent: Message | None = fields.get("parent")
    message = Message.objects.create(
        conversation=conversation,
        text=checked_text(text),
        guideline=conversation.dataset.guideline_in_force(),
        **fields,
    )
    Finding.objects.bulk_create(findings_in(message, parent))
    Event.objects.record(
        "message.submitted",
        message,
        by=message.author,
        dataset=conversation.dataset,
        origin=message.origin,
    )
    return message


def findings_in(message: Message, parent: Message | None) -> list[Finding]:
    """What the checks see in a text, not written yet."""
    return [
        Finding(
            message=message,
            check_name=sighting.check,
            check_version=sighting.version,
            score=sighting.score,
            spans=sighting.spans,
            advice=sighting.advice,
        )
        for sighting in sightings(message.text, prompt=parent.text if parent else "")
    ]


def checked_text(text: str, what: str = "text") -> str:
    """Tidied, or a refusal that says what is wrong with it."""
    text = tidied(text)
    if not text:
        raise CurationError(f"The {what} is empty: write something first.")
    if len(text) > TEXT_AT_MOST:
        raise CurationError(
            f"The {what} has {len(text):,} characters; at most {TEXT_AT_MOST:,} fit. "
            "Shorten it or split it in two."
        )
    return text


def lock(conversation_id: int) -> Conversation:
    """Every change below a conversation takes this lock first, so changes queue up."""
    return _locked().get(pk=conversation_id)


def lock_around(message_id: int) -> Conversation:
    """The same for the conversation that a message stands in."""
    try:
        return _locked().get(messages=message_id)
    except Conversation.DoesNotExist as error:
        raise Message.DoesNotExist(f"There is no message {message_id}.") from error


def _locked() -> QuerySet[Conversation]:
    # of=("self",): lock the conversation, not the dataset row that everybody shares.
    locked = Conversation.objects.select_for_update(of=("self",))
    return locked.select_related("dataset__policy")


def advance(conversation: Conversation) -> None:
    """Bring the state of a locked conversation up to date with its messages."""
    advance_all([conversation])


def advance_all(conversations: Sequence[Conversation]) -> None:
    """The same for many locked ones, in a few queries."""
    turns = turns_of(conversations)
    still = set(turns)
    moved: dict[str, list[Conversation]] = defaultdict(list)
    for conversation in conversations:
        state = demand.state_of(turns[conversation.pk], rules_of(conversation.dataset))
        if state != conversation.state:
            allowed = Conversation.MOVES[conversation.state]
            assert state in allowed, (conversation.state, state)
            conversation.state = state
            moved[state].append(conversation)
            still.remove(conversation.pk)
    raised = F("changes") + 1
    if still:
        Conversation.objects.filter(pk__in=still).update(changes=raised)
    for state, those in moved.items():
        completed_at = now() if state == Conversation.State.COMPLETE else None
        Conversation.objects.filter(pk__in=[one.pk for one in those]).update(
            changes=raised, state=state, completed_at=completed_at
        )
        Event.objects.bulk_create(
            Event.objects.line(f"conversation.{state}", one, by=None, dataset=one.dataset)
            for one in those
        )


def wants_of(conversation: Conversation) -> list[demand.Want]:
    """What people could do for it now. This causes a query."""
    if conversation.state in (Conversation.State.HELD, Conversation.State.REJECTED):
        return []
    turns = turns_of([conversation])[conversation.pk]
    return demand.wants(turns, rules_of(conversation.dataset))


def _start(
    dataset: Dataset,
    by: Contributor,
    category: Category | None,
    text: str,
    context: str,
    language: str,
) -> Message:
    """The first prompt. Its conversation is where it would advance to: under review."""
    require(by, dataset, Role.WRITER)
    text, context = checked_text(text, "prompt"), tidied(context)
    if category is not None and category.needs_context and not context:
        raise CurationError(
            f"{category} stands on a passage: put the text that it is about there."
        )
    language = language or dataset.languages[0]
    conversation = begin(dataset, text=text, category=category, language=language)
    return add_message(
        conversation,
        role=Message.Role.PROMPTER,
        text=text,
        context=context,
        author=by,
        language=language,
    )

"""Conversations begin, grow and complete."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils.timezone import now

from curation.actions.people import Role, require
from curation.aggregate import demand
from curation.aggregate.splits import split_of
from curation.clean.text import sightings, tidied
from curation.errors import CurationError
from curation.models import (
    Ballot,
    Category,
    Contributor,
    Conversation,
    Dataset,
    Event,
    Finding,
    Message,
    Settlement,
)

TEXT_AT_MOST = 20_000  # characters; a longer text is a document, not a turn


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
    conversation = _start(dataset, by, category, prompt, context, language)
    root = conversation.messages.get()
    add_message(
        conversation,
        parent=root,
        role=Message.Role.ASSISTANT,
        text=reply,
        author=by,
        language=conversation.language,
    )
    advance(conversation)
    return conversation


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
    conversation = _start(dataset, by, category, text, context, language)
    advance(conversation)
    return conversation


def begin(
    dataset: Dataset, *, text: str, category: Category | None, **fields: Any
) -> Conversation:
    """A conversation without its messages yet. The split is given here, once."""
    return Conversation.objects.create(
        dataset=dataset,
        category=category,
        split=split_of(dataset.slug, text, dataset.policy.held_out_percent),
        **fields,
    )


def add_message(conversation: Conversation, *, text: str, **fields: Any) -> Message:
    """Store one tidied text with what the checks see in it, and its line of history."""
    parent: Message | None = fields.get("parent")
    message = Message.objects.create(
        conversation=conversation,
        text=checked_text(text),
        guideline=conversation.dataset.guideline_in_force(),
        **fields,
    )
    seen = sightings(message.text, prompt=parent.text if parent else "")
    Finding.objects.bulk_create(
        Finding(
            message=message,
            check_name=sighting.check,
            check_version=sighting.version,
            score=sighting.score,
            spans=sighting.spans,
            advice=sighting.advice,
        )
        for sighting in seen
    )
    Event.objects.record(
        "message.submitted",
        message,
        by=message.author,
        dataset=conversation.dataset,
        origin=message.origin,
    )
    return message


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
    # of=("self",): lock the conversation, not the dataset row that everybody shares.
    locked = Conversation.objects.select_for_update(of=("self",))
    return locked.select_related("dataset__policy").get(pk=conversation_id)


def advance(conversation: Conversation) -> None:
    """Bring the state of a locked conversation up to date with its messages."""
    state = demand.state_of(turns_of(conversation), rules_of(conversation.dataset))
    changed: dict[str, Any] = {"changes": F("changes") + 1}
    if state != conversation.state:
        assert state in Conversation.MOVES[conversation.state], (conversation.state, state)
        changed["state"] = state
        changed["completed_at"] = now() if state == Conversation.State.COMPLETE else None
        Event.objects.record(
            f"conversation.{state}", conversation, by=None, dataset=conversation.dataset
        )
    Conversation.objects.filter(pk=conversation.pk).update(**changed)
    conversation.state = state


def wants_of(conversation: Conversation) -> list[demand.Want]:
    """What people could do for it now. This causes two queries."""
    if conversation.state in (Conversation.State.HELD, Conversation.State.REJECTED):
        return []
    return demand.wants(turns_of(conversation), rules_of(conversation.dataset))


def rules_of(dataset: Dataset) -> demand.Rules:
    policy = dataset.policy
    return demand.Rules(
        is_pairs=dataset.is_pairs,
        replies_wanted=policy.replies_wanted,
        max_depth=policy.max_depth,
        reviews_wanted=policy.reviews_wanted,
        rankings_wanted=policy.rankings_wanted,
    )


def turns_of(conversation: Conversation) -> list[demand.Turn]:
    in_this_round = Q(ballots__ranking_round=F("ranking_round"))
    judged = ~Q(ballots__outcome=Ballot.Outcome.CANNOT_JUDGE)
    rows = (
        conversation.messages.order_by("pk")
        .annotate(
            review_count=Count("reviews", distinct=True),
            ballot_count=Count("ballots", filter=in_this_round & judged, distinct=True),
            came_ranked=Count(
                "ballots", filter=in_this_round & Q(ballots__ranker=None), distinct=True
            ),
        )
        .values_list(
            "pk", "parent_id", "role", "state", "origin", "review_count", "ballot_count",
            "came_ranked",
        )
    )  # fmt: skip
    best = _best_replies(conversation)
    enough = conversation.dataset.policy.rankings_wanted
    return [
        # An imported order is already what many people said: nothing more is wanted.
        demand.Turn(*row[:6], ballots=row[6] + enough * 99 * row[7], is_best=row[0] in best)
        for row in rows
    ]


def _best_replies(conversation: Conversation) -> set[int]:
    orders = Settlement.objects.filter(prompt__conversation=conversation)
    return {
        pk for order in orders.values_list("order", flat=True) if order for pk in order[0]
    }


def _start(
    dataset: Dataset,
    by: Contributor,
    category: Category | None,
    text: str,
    context: str,
    language: str,
) -> Conversation:
    require(by, dataset, Role.WRITER)
    text, context = checked_text(text, "prompt"), tidied(context)
    if category is not None and category.needs_context and not context:
        raise CurationError(
            f"{category} stands on a passage: put the text that it is about there."
        )
    language = language or dataset.languages[0]
    conversation = begin(dataset, text=text, category=category, language=language)
    add_message(
        conversation,
        role=Message.Role.PROMPTER,
        text=text,
        context=context,
        author=by,
        language=language,
    )
    return conversation

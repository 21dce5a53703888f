"""Prompts that models may answer for people to rank: which, and for how many is room."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from curation.aggregate.demand import RANK_AT_MOST
from curation.formats.record import CHAT_ROLE, Turn, content
from curation.models import Conversation, Dataset, Membership, Message, Settlement

State = Message.State
CLOSED = (Conversation.State.HELD, Conversation.State.REJECTED)


class Choice(TextChoices):
    HELD_OUT = "held_out", _("Held-out prompts, which no model has learned from")
    FEWEST = "fewest", _("Prompts with the fewest answers")
    UNSETTLED = "unsettled", _("Prompts on whose answers people agree least")


class Prompt(NamedTuple):
    """A prompt with all that was said before it, as a model reads it."""

    uid: str
    category: str
    messages: list[dict[str, str]]


class Room(NamedTuple):
    """How many more prompts people can rank now, and why not more."""

    prompts: int
    waiting: int  # conversations that wait for ballots
    at_most: int  # of them, by the dataset's rules
    rankers: int  # people who may rank
    ballots: int  # wanted per prompt


def room(dataset_id: int) -> Room:
    """Three queries. Nobody is asked to rank faster than the rules say that people can."""
    dataset = Dataset.objects.select_related("policy").get(pk=dataset_id)
    waiting = dataset.conversations.filter(state=Conversation.State.RANKING).count()
    people = Membership.objects.filter(
        dataset=dataset,
        role__in=[Membership.Role.REVIEWER, Membership.Role.CURATOR],
        suspended_at=None,
        contributor__is_active=True,
    )
    rankers = people.values("contributor").distinct().count()
    policy = dataset.policy
    free = max(0, policy.open_conversations - waiting)
    return Room(
        prompts=free if rankers >= policy.rankings_wanted else 0,
        waiting=waiting,
        at_most=policy.open_conversations,
        rankers=rankers,
        ballots=policy.rankings_wanted,
    )


def prompts(
    dataset_id: int,
    *,
    choice: str,
    answers: int,
    at_most: int,
    without: Collection[str] = (),
    but_not: Collection[str] = (),
) -> list[Prompt]:
    """Accepted prompts on which so many more answers fit, the most wanted first.

    Not those that one of the generators `without` has answered already, nor the uids
    `but_not`. Where people still write or review an answer, models wait. Two queries.
    """
    chosen = list(_fitting(dataset_id, choice, answers, without, but_not)[:at_most])
    said = _said_in({prompt.conversation_id for prompt in chosen})
    found = []
    for prompt in chosen:
        path = _path(prompt.pk, said)
        if path:
            category = prompt.conversation.category
            named = category.slug if category else ""
            found.append(Prompt(str(prompt.uid), named, path))
    return found


def _fitting(
    dataset_id: int,
    choice: str,
    answers: int,
    without: Collection[str],
    but_not: Collection[str],
) -> QuerySet[Any]:
    dataset = Dataset.objects.select_related("policy").get(pk=dataset_id)
    replies = Message.objects.filter(parent=OuterRef("pk"), role=Message.Role.ASSISTANT)
    there = replies.rankable().order_by().values("parent").annotate(n=Count("pk"))
    undecided = replies.filter(state__in=[State.SUBMITTED, State.HELD]).exclude(
        origin=Message.Origin.MODEL
    )
    found = (
        Message.objects.filter(
            role=Message.Role.PROMPTER,
            state=State.ACCEPTED,
            conversation__dataset=dataset,
        )
        .exclude(conversation__state__in=CLOSED)
        .annotate(answers=Coalesce(Subquery(there.values("n")), 0))
        .filter(~Exists(undecided), answers__lte=RANK_AT_MOST - answers)
        .exclude(uid__in=but_not)
        .select_related("conversation__category")
    )
    if not dataset.is_pairs:  # ranked only where enough answers stand
        found = found.filter(answers__gte=dataset.policy.replies_wanted - answers)
    if without:
        found = found.filter(~Exists(replies.filter(generator__in=without)))
    return _ordered(found, choice)


def _ordered(found: QuerySet[Any], choice: str) -> QuerySet[Any]:
    """Of equals chance decides, but always alike: `uid` is drawn once."""
    if choice == Choice.HELD_OUT:
        found = found.filter(conversation__split=Conversation.Split.HELD_OUT)
    if choice == Choice.UNSETTLED:
        contested = When(settlement__status=Settlement.Status.CONTESTED, then=Value(0))
        found = found.filter(settlement__isnull=False).annotate(
            peace=Case(contested, default=Value(1), output_field=IntegerField())
        )
        agreement = F("settlement__agreement").asc(nulls_last=True)
        return found.order_by("peace", agreement, "uid")
    return found.order_by("answers", "uid")


def _said_in(conversations: Collection[int]) -> dict[int, tuple[int | None, Turn]]:
    accepted = Message.objects.filter(
        conversation__in=conversations, state=State.ACCEPTED
    ).values_list("pk", "parent", "role", "text", "context")
    return {pk: (parent, Turn(*turn)) for pk, parent, *turn in accepted}


def _path(pk: int, said: dict[int, tuple[int | None, Turn]]) -> list[dict[str, str]]:
    """From the first prompt down; empty where something above is not accepted."""
    turns: list[Turn] = []
    above: int | None = pk
    while above is not None:
        if above not in said:
            return []
        above, turn = said[above]
        turns.insert(0, turn)
    return _chat(turns)


def _chat(turns: Sequence[Turn]) -> list[dict[str, str]]:
    return [{"role": CHAT_ROLE[turn.role], "content": content(turn)} for turn in turns]

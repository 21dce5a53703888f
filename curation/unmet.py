"""Known items that a person may yet be given as if nobody had judged them.

Until then nothing may tell them from texts that wait for verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Q, QuerySet

from curation.actions.rights import Sight
from curation.models import (
    Contributor,
    Conversation,
    Dataset,
    GoldItem,
    GoldRanking,
    Message,
)


class Unmet(NamedTuple):
    """Known items of a dataset, and the conversations that they stand in."""

    messages: frozenset[int] = frozenset()
    conversations: frozenset[int] = frozenset()

    def state_of(self, message: Message) -> Message.State:
        """As it is told."""
        if message.pk in self.messages:
            return Message.State.SUBMITTED
        return Message.State(message.state)

    def state_around(self, conversation: Conversation) -> Conversation.State:
        if conversation.pk in self.conversations:
            return Conversation.State.REVIEW
        return Conversation.State(conversation.state)


NOTHING = Unmet()


def unmet_in(dataset: Dataset, reader: Contributor, seen: Sight) -> Unmet:
    """None for curators, who are told all, nor for who reads what was accepted. A query."""
    if seen != Sight.WORK:
        return NOTHING
    there = items_ahead(reader).filter(message__conversation__dataset=dataset)
    rows = list(there.values_list("message", "message__conversation"))
    return Unmet(*(frozenset(column) for column in zip(*rows, strict=True)))


def items_ahead(reader: Contributor) -> QuerySet[GoldItem]:
    met = Q(answers__person=reader) | Q(message__reviews__reviewer=reader)
    own = Q(message__author=reader)
    return GoldItem.objects.filter(retired_at=None).exclude(met | own)


def known_ahead(messages: Iterable[int], reader: Contributor) -> set[int]:
    """Those of the messages whose verdict is known. A query."""
    there = items_ahead(reader).filter(message__in=messages)
    return set(there.values_list("message", flat=True))


def orders_ahead(prompts: Iterable[int], reader: Contributor) -> set[int]:
    """Those of the prompts of whose answers the order is known. A query."""
    there = GoldRanking.objects.in_use().filter(prompt__in=prompts)
    there = there.exclude(Q(given__person=reader) | Q(prompt__ballots__ranker=reader))
    return set(there.values_list("prompt", flat=True))

"""Known items that a person may yet be given as if nobody had judged them.

Until then nothing may tell them from texts that wait for verdicts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
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

State = Conversation.State
# What becomes of a conversation only once no answer in it waits for verdicts.
LATER = frozenset({State.RANKING, State.COMPLETE})
SHAPE = "message__conversation__dataset__shape"


class Unmet(NamedTuple):
    """Known items of a dataset, and the conversations that begin with one or have one as
    an answer: each is told to be in the state in which that would wait."""

    messages: frozenset[int] = frozenset()
    begun: frozenset[int] = frozenset()
    answered: frozenset[int] = frozenset()

    def state_of(self, message: Message) -> Message.State:
        """As it is told."""
        if message.pk in self.messages:
            return Message.State.SUBMITTED
        return Message.State(message.state)

    def state_around(self, conversation: int, state: str) -> State:
        """The same of a conversation."""
        if conversation in self.begun:
            return State.REVIEW
        is_later = state in LATER and conversation in self.answered
        return State.GROWING if is_later else State(state)

    def around(self, wanted: Collection[str], *, pk: str, state: str) -> Q:
        """Conversations that are told to be in one of these states, by their columns."""
        found = Q(**{f"{state}__in": list(wanted)})
        if not self.messages:
            return found
        begun = Q(**{f"{pk}__in": self.begun})
        grows = Q(**{f"{pk}__in": self.answered, f"{state}__in": LATER})
        found &= ~begun & ~grows
        if State.REVIEW in wanted:
            found |= begun
        return found | grows if State.GROWING in wanted else found


NOTHING = Unmet()


def unmet_in(dataset: Dataset, reader: Contributor, seen: Sight) -> Unmet:
    """None for curators, who are told all, nor for who reads what was accepted. A query."""
    if seen != Sight.WORK:
        return NOTHING
    there = items_ahead(reader).filter(message__conversation__dataset=dataset)
    columns = ("message", "message__conversation", "message__parent")
    rows = list(there.values_list(*columns))
    around = {conversation for _, conversation, _ in rows}
    # A pair waits as one, on its answer.
    begun = {one for _, one, parent in rows if parent is None or dataset.is_pairs}
    messages = {message for message, *_ in rows}
    if dataset.is_pairs:
        messages |= {parent for *_, parent in rows if parent is not None}
    return Unmet(frozenset(messages), frozenset(begun), frozenset(around - begun))


def items_ahead(reader: Contributor) -> QuerySet[GoldItem]:
    met = Q(answers__person=reader) | Q(message__reviews__reviewer=reader)
    own = Q(message__author=reader)
    return GoldItem.objects.filter(retired_at=None).exclude(met | own)


class Known(NamedTuple):
    """Texts whose verdict is known, and prompts that are judged with them, as pairs."""

    items: frozenset[int] = frozenset()
    prompts: frozenset[int] = frozenset()

    def waits(self, message: int) -> bool:
        """As it is told."""
        return message in self.items or message in self.prompts


NONE_KNOWN = Known()


def known_ahead(messages: Iterable[int], reader: Contributor) -> Known:
    """Those that have to do with these messages. A query."""
    about = list(messages)
    of_pair = Q(message__parent__in=about, **{SHAPE: Dataset.Shape.PAIRS})
    there = items_ahead(reader).filter(Q(message__in=about) | of_pair)
    rows = list(there.values_list("message", "message__parent", SHAPE))
    pairs = (prompt for _, prompt, shape in rows if shape == Dataset.Shape.PAIRS)
    return Known(
        frozenset(message for message, *_ in rows),
        frozenset(prompt for prompt in pairs if prompt is not None),
    )


def orders_ahead(prompts: Iterable[int], reader: Contributor) -> set[int]:
    """Those of the prompts of whose answers the order is known. A query."""
    there = GoldRanking.objects.in_use().filter(prompt__in=prompts)
    there = there.exclude(Q(given__person=reader) | Q(prompt__ballots__ranker=reader))
    return set(there.values_list("prompt", flat=True))

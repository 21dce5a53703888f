"""Known items that a person may yet be given as if nobody had judged them.

Until then nothing may tell them from texts that wait for verdicts. Nothing answers or
revises those, so what answers or revises a known item is not told either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from django.db.models import Q, QuerySet

from curation.actions.rights import Sight
from curation.models import (
    Contributor,
    Conversation,
    Dataset,
    GoldItem,
    GoldRanking,
    Membership,
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
    # What came of them: messages that are not told, and their conversations.
    later: Mapping[int, int] = MappingProxyType({})

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

    def count_in(self, conversation: int, count: int) -> int:
        """Of so many messages of it, how many are told."""
        return count - sum(around == conversation for around in self.later.values())

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
    items, turns = _among_turns(there)
    rows = [(conversation, parent) for conversation, parent, _shape in items.values()]
    # A pair waits as one, on its answer.
    begun = {one for one, parent in rows if parent is None or dataset.is_pairs}
    prompts: set[int] = set()
    if dataset.is_pairs:
        prompts = {parent for _, parent in rows if parent is not None}
    known = Known(frozenset(items), frozenset(prompts))
    return Unmet(
        known.items | known.prompts,
        frozenset(begun),
        frozenset(turns.keys() - begun),
        {pk: one for one in turns for pk in come_of(known, turns[one], reader)},
    )


def hidden_from(reader: Contributor) -> frozenset[int]:
    """Where the person wrote something: known items ahead and what came of them, of all
    datasets where unmet_in() has any. A query."""
    if reader.is_staff:
        return frozenset()
    roles = Membership.objects.filter(contributor=reader)
    curated = roles.filter(role=Membership.Role.CURATOR, suspended_at=None)
    worked_in = roles.exclude(role=Membership.Role.VIEWER)
    written = Message.objects.filter(author=reader).values("conversation")
    there = items_ahead(reader).filter(
        message__conversation__in=written,
        message__conversation__dataset__in=worked_in.values("dataset"),
    )
    there = there.exclude(message__conversation__dataset__in=curated.values("dataset"))
    items, turns = _among_turns(there)
    pairs = (prompt for _, prompt, shape in items.values() if shape == Dataset.Shape.PAIRS)
    prompts = frozenset(prompt for prompt in pairs if prompt is not None)
    known = Known(frozenset(items), prompts)
    later = {pk for around in turns.values() for pk in come_of(known, around, reader)}
    return known.items | known.prompts | later


Items = dict[int, tuple[int, int | None, str]]  # to conversation, parent, and shape


def _among_turns(there: QuerySet[GoldItem]) -> tuple[Items, dict[int, set[Turn]]]:
    """These, and all that is said in each of their conversations. A query."""
    columns = ("message", "message__conversation", "message__parent", SHAPE)
    beside = (f"message__conversation__messages{one}" for one in TURN)
    items: Items = {}
    turns: dict[int, set[Turn]] = defaultdict(set)
    for message, conversation, parent, shape, *turn in there.values_list(*columns, *beside):
        items[message] = conversation, parent, shape
        turns[conversation].add(Turn(*turn))
    return items, turns


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
TURN = ("", "__author", "__parent", "__revises")


class Turn(NamedTuple):
    """A message, with what it hangs on."""

    pk: int
    author_id: int | None
    parent_id: int | None
    revises_id: int | None


class Hanging(Protocol):
    """A turn, or a message."""

    @property
    def pk(self) -> int: ...
    @property
    def author_id(self) -> int | None: ...
    @property
    def parent_id(self) -> int | None: ...
    @property
    def revises_id(self) -> int | None: ...


def come_of(known: Known, turns: Collection[Hanging], reader: Contributor) -> set[int]:
    """Of the messages of a conversation those that answer or revise a known item, and so
    on. What people said themselves they are told."""
    above: dict[int | None, set[int | None]] = {
        one.pk: {one.parent_id, one.revises_id} - {None} for one in turns
    }
    below: dict[int | None, set[int | None]] = defaultdict(set)
    for pk, hangs_on in above.items():
        for one in hangs_on:
            below[one].add(pk)
    items = known.items & above.keys()
    first = items - _reached(items, below)
    told = first | _reached(first, above)
    own = {one.pk for one in turns if one.author_id == reader.pk}
    later = _reached(items | (known.prompts & above.keys()), below) - told - own
    return {one.pk for one in turns if one.pk in later}


def is_come_of(message: Message, reader: Contributor) -> bool:
    """Whether it answers or revises a known item, however far below. Two queries."""
    turns = list(Message.objects.filter(conversation=message.conversation_id))
    known = known_ahead([one.pk for one in turns], reader)
    return bool(known.items) and message.pk in come_of(known, turns, reader)


def _reached(
    start: Collection[int | None], steps: Mapping[int | None, Collection[int | None]]
) -> set[int | None]:
    found: set[int | None] = set()
    waiting = list(start)
    while waiting:
        new = set(steps.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return found


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

"""A conversation as one person may see it, in reading order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation import access
from curation.actions.rights import Sight
from curation.models import Contributor, Conversation, Event, Message, Settlement
from curation.threads import Thread
from curation.trails import Trail
from curation.unmet import NONE_KNOWN, Known, come_of, known_ahead, orders_ahead

State = Message.State
WORDS = {
    "ballot.cast": gettext_noop("answers ranked"),
    "ballot.imported": gettext_noop("ranking imported"),
    "ballot.set_aside": gettext_noop("rankings set aside, people are asked again"),
    "ballot.undone": gettext_noop("ranking taken back"),
    "conversation.categorised": gettext_noop("put into another category"),
    "conversation.complete": gettext_noop("complete"),
    "conversation.growing": gettext_noop("waits for answers"),
    "conversation.held": gettext_noop("held"),
    "conversation.ranking": gettext_noop("answers to be ranked"),
    "conversation.rejected": gettext_noop("rejected"),
    "conversation.review": gettext_noop("waits for review"),
    "conversation.joined": gettext_noop("put into one group with others like it"),
    "conversation.undone": gettext_noop("last step taken back"),
    "duplicate.dismissed": gettext_noop("found to be no duplicate"),
    "duplicate.merged": gettext_noop("found to be a duplicate"),
    "message.accepted": gettext_noop("accepted"),
    "message.flagged": gettext_noop("reported to the curators"),
    "message.held": gettext_noop("held"),
    "message.imported": gettext_noop("imported"),
    "message.rejected": gettext_noop("rejected"),
    "message.submitted": gettext_noop("submitted"),
    "message.undecided": gettext_noop("undecided again"),
    "message.withdrawn": gettext_noop("withdrawn"),
    "moderation.assigned": gettext_noop("given to a curator to look at"),
    "moderation.hold": gettext_noop("looked at: set aside"),
    "moderation.keep": gettext_noop("looked at: stays as it is"),
    "moderation.reject": gettext_noop("looked at: rejected"),
    "moderation.release": gettext_noop("looked at: accepted"),
    "moderation.undone": gettext_noop("a curator's decision was undone"),
    "moderation.withdraw": gettext_noop("looked at: taken back"),
    "prompt.asked_again": gettext_noop("answers to be ranked again"),
    "prompt.resettled": gettext_noop("settled again, as other ballots count or weigh"),
    "review.accept": gettext_noop("approved"),
    "review.edit": gettext_noop("edited"),
    "review.reject": gettext_noop("voted against"),
    "review.set_aside": gettext_noop("verdict set aside, others are asked"),
    "review.undone": gettext_noop("verdict taken back"),
    "surprise.dismissed": gettext_noop("surprised a model, and was found right as it is"),
}


@dataclass
class Node:
    """One message on the page. The tree is flat: `closes` says how many lists end here."""

    message: Message
    number: int  # in reading order, what people call it by
    who: str
    is_mine: bool
    is_shown: bool  # its text may be read
    is_judged: bool  # verdicts so far may be seen
    settlement: Settlement | None
    is_blind: bool = False  # the reader may yet have to judge it
    parent_id: int | None = None  # None also where it would tell what became of that
    revises_id: int | None = None
    place: int | None = None  # among the answers to its prompt, from 1
    has_replies: bool = False
    closes: int = 0
    revises: Node | None = None
    order: list[list[Node]] = field(default_factory=list)  # of its answers, best first
    form: forms.Form | None = None
    thread: Thread | None = None
    trail: Trail | None = None
    gold_form: forms.Form | None = None
    is_gold: bool = False
    gold_ranking_form: forms.Form | None = None  # of a prompt with answers to order
    is_gold_ranking: bool = False
    is_asked: bool = False  # its forms were asked for, so they are open

    @property
    def state(self) -> str:
        """As it is told: known items look like what waits for verdicts."""
        return State.SUBMITTED if self.is_blind else self.message.state

    def get_state_display(self) -> str:
        return str(State(self.state).label)

    @property
    def is_folded(self) -> bool:
        return self.state == State.REJECTED

    @property
    def is_cut_off(self) -> bool:
        """What it answers or revises is not told, so neither is where it stands."""
        told, there = (self.parent_id, self.revises_id), self.message
        return not self.is_mine and told != (there.parent_id, there.revises_id)

    @property
    def shows_changes(self) -> bool:
        """Both texts may be read, so what the one changes in the other may be shown."""
        return self.is_shown and self.revises is not None and self.revises.is_shown

    @property
    def can_be_held(self) -> bool:
        return State.HELD in Message.MOVES[self.message.state]

    @property
    def could_be_decided(self) -> bool:
        """Its forms are a page away: see views.conversations."""
        return self.form is None and (self.can_be_held or self.is_decided)

    @property
    def is_decided(self) -> bool:
        return self.message.state in (State.ACCEPTED, State.REJECTED)

    @property
    def can_be_withdrawn(self) -> bool:
        return self.is_mine and State.WITHDRAWN in Message.MOVES[self.message.state]

    def closing(self) -> range:
        return range(self.closes)


class Line(NamedTuple):
    """One event, with the message that it is about."""

    event: Event
    node: Node | None
    words: str


def nodes_of(conversation: Conversation, *, reader: Contributor, seen: Sight) -> list[Node]:
    """From `Conversation.objects.for_tree()`. Causes up to two queries for who is blind.

    Who has yet to judge sees no names, verdicts or places: those would tell them what to
    think. Curators see all of it.
    """
    unmet = unmet_among(conversation.messages.all(), reader, seen)
    children = _children(conversation.messages.all(), unmet, reader)
    unordered = _orders_ahead(conversation, reader, seen)
    is_open = conversation.state != Conversation.State.COMPLETE
    hides_places = is_open and seen != Sight.ALL
    nodes: list[Node] = []
    waiting = [(message, 0) for message in reversed(children[None])]
    while waiting:
        message, closes = waiting.pop()
        node = node_of(message, reader, seen, number=len(nodes) + 1, unmet=unmet)
        would_tell = any(answer.pk in unmet.items for answer in children[message.pk])
        if hides_places or node.is_blind or would_tell or message.pk in unordered:
            node.settlement = None
        replies = _best_first(children[message.pk], node.settlement)
        node.has_replies, node.closes = bool(replies), 0 if replies else closes
        # The list of replies ends with the last of them, and all that ends with it here.
        ends = [0] * (len(replies) - 1) + [closes + 1] if replies else []
        waiting += list(zip(replies, ends, strict=True))[::-1]
        nodes.append(node)
    _link(nodes)
    return nodes


def _children(
    messages: Collection[Message], unmet: Known, reader: Contributor
) -> dict[int | None, list[Message]]:
    """What is told of them, each under the nearest message above it that is told too."""
    later = come_of(unmet, messages, reader) if unmet.items else set()
    parents = {message.pk: message.parent_id for message in messages}
    children: dict[int | None, list[Message]] = defaultdict(list)
    for message in messages:
        if message.pk in later:
            continue
        parent = message.parent_id
        while parent in later:
            parent = parents[parent]
        children[parent].append(message)
    return children


def first_prompt(roots: Iterable[Message]) -> Message | None:
    """Of several revisions the one that is still alive."""
    roots = list(roots)
    alive = [m for m in roots if m.state not in (State.REJECTED, State.WITHDRAWN)]
    return next(iter(alive or roots), None)


def history_of(conversation: Conversation, nodes: Iterable[Node]) -> list[Line]:
    """Every line about it, newest first. This causes a query."""
    by_id = {node.message.pk: node for node in nodes}
    events = Event.objects.about(message=by_id, conversation=[conversation.pk])
    return [
        Line(
            event=event,
            node=by_id.get(event.subject_id) if event.subject_kind == "message" else None,
            words=_(WORDS.get(event.kind, event.kind.partition(".")[2])),
        )
        for event in events
    ]


def unmet_among(messages: Collection[Message], reader: Contributor, seen: Sight) -> Known:
    """Of these, and of what they answer and revise, the known items still ahead."""
    if seen != Sight.WORK or not messages:
        return NONE_KNOWN
    about = {pk for m in messages for pk in (m.pk, m.parent_id, m.revises_id) if pk}
    return known_ahead(about, reader)


def _orders_ahead(conversation: Conversation, reader: Contributor, seen: Sight) -> set[int]:
    """Places are hidden anyway while it is open."""
    if seen != Sight.WORK or conversation.state != Conversation.State.COMPLETE:
        return set()
    return orders_ahead([m.pk for m in conversation.messages.all()], reader)


def node_of(
    message: Message,
    reader: Contributor,
    seen: Sight,
    *,
    number: int = 1,
    unmet: Known = NONE_KNOWN,
) -> Node:
    """One message as the person may see it. Its settlement is for `nodes_of` to hide."""
    is_curator = seen == Sight.ALL
    is_mine = message.author_id == reader.pk
    is_waiting = message.state == State.SUBMITTED or unmet.waits(message.pk)
    return Node(
        message=message,
        number=number,
        who=_who(message, is_mine=is_mine, is_curator=is_curator),
        is_mine=is_mine,
        is_shown=access.may_read(reader, message, seen),
        is_judged=is_curator or not is_waiting,
        settlement=getattr(message, "settlement", None),
        is_blind=seen == Sight.WORK and not is_mine and is_waiting,
        parent_id=None if message.parent_id in unmet.items else message.parent_id,
        revises_id=None if message.revises_id in unmet.items else message.revises_id,
    )


def _who(message: Message, *, is_mine: bool, is_curator: bool) -> str:
    if is_mine:
        return _("You")
    if is_curator and message.author is not None:
        return str(message.author)
    if is_curator:
        return message.generator or _("Imported")
    # Answers are ranked blind, so nobody is told that one is a model's.
    is_prompt = message.role == Message.Role.PROMPTER
    return _("A colleague") if is_prompt else _("A colleague or a model")


def _best_first(replies: list[Message], settlement: Settlement | None) -> list[Message]:
    if settlement is None:
        return replies
    ranks = {pk: rank for rank, group in enumerate(settlement.order) for pk in group}
    return sorted(replies, key=lambda m: ranks.get(m.pk, len(ranks)))


def _link(nodes: list[Node]) -> None:
    """Revisions to what they revise, and settlements to the answers that they order."""
    by_id = {node.message.pk: node for node in nodes}
    for node in nodes:
        node.revises = by_id.get(node.revises_id or 0)
        if node.settlement is None:
            continue
        order = node.settlement.order
        groups = [[by_id[pk] for pk in group if pk in by_id] for group in order]
        node.order = [group for group in groups if group]
        for place, group in enumerate(node.order, start=1):
            for answer in group:
                answer.place = place

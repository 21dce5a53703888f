"""Which answers a recipe takes, conversation by conversation, and how they were ranked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from curation.actions import rankings
from curation.aggregate.rewrites import with_rewrites
from curation.clean import personal_data, secrets
from curation.formats.recipe import CONVERSATION_STATES, Recipe
from curation.models import (
    ClusterMember,
    Conversation,
    Dataset,
    Message,
    Review,
    Settlement,
)
from curation.models.conversations import ConversationQuerySet

Row = TypeVar("Row")
Messages = dict[int, Message]
Order = list[list[int]]
AT_ONCE = 500  # conversations whose messages are in memory together
NEEDED = (
    "uid", "conversation_id", "parent_id", "revises_id", "role", "origin", "author_id",
    "generator", "language", "state",
)  # fmt: skip


class Taken(NamedTuple):
    """One reply that a recipe takes, with the facts that are frozen beside it."""

    reply: Message
    rank: int | None
    instead_of: Message | None


class Choice(NamedTuple):
    """What is taken of one conversation; `found` has all its messages."""

    conversation: Conversation
    replies: list[Taken]
    rankings: list[tuple[int, dict[str, Any]]]  # a prompt, and its canonical facts
    found: Messages
    place: Place


class Place(NamedTuple):
    """Where a conversation stands in a version."""

    split: str
    group: str
    category: str


def conversations(dataset: Dataset, recipe: Recipe) -> ConversationQuerySet:
    """In the order of opaque ids, which is the same in every database."""
    found = Conversation.objects.filter(_wanted(recipe), dataset=dataset)
    if recipe.duplicates == "out":
        found = found.exclude(Exists(_merged(recipe)))
    return found.select_related("category").order_by("uid")


def _wanted(recipe: Recipe, conversation: str = "") -> Q:
    """Conversations of the states, categories and languages of a recipe."""
    wanted = {"state__in": recipe.states or CONVERSATION_STATES}
    if recipe.categories:
        wanted["category__slug__in"] = recipe.categories
    if recipe.languages:
        wanted["language__in"] = recipe.languages
    return Q(**{conversation + name: values for name, values in wanted.items()})


def _merged(recipe: Recipe) -> QuerySet[ClusterMember]:
    """What stands for a conversation in the version: the head that it is a duplicate of.

    One that the recipe does not want, or without an accepted answer, stands for nothing.
    """
    head = "cluster__head__conversation"
    answers = Message.objects.filter(
        conversation=OuterRef(head),
        state=Message.State.ACCEPTED,
        role=Message.Role.ASSISTANT,
        parent__parent=None,
        parent__state=Message.State.ACCEPTED,
    )
    return ClusterMember.objects.filter(
        _wanted(recipe, f"{head}__"),
        Exists(answers),
        message__conversation=OuterRef("pk"),
        state=ClusterMember.State.MERGED,
    )


def chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, AT_ONCE)):
        yield chunk


def choose(
    chunk: Sequence[Conversation], recipe: Recipe, *, with_text: bool = True
) -> Iterator[Choice]:
    """Without text nothing can be frozen, only counted."""
    by_conversation = messages_of([conversation.pk for conversation in chunk], with_text)
    found = {pk: one for some in by_conversation.values() for pk, one in some.items()}
    said = _Said(chunk, found, recipe)
    edits = edited(found) if recipe.edits and with_text else {}
    for conversation in chunk:
        theirs = by_conversation.get(conversation.pk, {})
        replies = _taken(theirs, said, recipe)
        taken = [Taken(reply, said.rank(reply), edits.get(reply.pk)) for reply in replies]
        ranked = said.rankings(conversation, replies) if recipe.asks_for_rankings else []
        yield Choice(conversation, taken, ranked, theirs, _place(conversation))


def _place(conversation: Conversation) -> Place:
    return Place(
        split=conversation.split,
        group=str(conversation.group or conversation.uid),
        category=conversation.category.slug if conversation.category else "",
    )


def messages_of(
    conversation_ids: Sequence[int],
    with_text: bool = True,  # noqa: FBT001, FBT002
) -> dict[int, Messages]:
    """By conversation, then by number."""
    texts = ("text", "context") if with_text else ()
    rows = Message.objects.filter(conversation__in=conversation_ids).only(*NEEDED, *texts)
    found: dict[int, Messages] = defaultdict(dict)
    for message in rows:
        found[message.conversation_id][message.pk] = message
    return found


class _Said:
    """What people said of the answers in a chunk. A query a kind that the recipe reads."""

    def __init__(
        self, chunk: Sequence[Conversation], found: Messages, recipe: Recipe
    ) -> None:
        ids = [conversation.pk for conversation in chunk]
        settled = Settlement.objects.filter(prompt__conversation__in=ids)
        self.settlements = {one.prompt_id: one for one in settled}
        self.orders = _orders(self.settlements, found)
        self.ranks = {
            pk: rank
            for order in self.orders.values()
            for rank, group in enumerate(order)
            for pk in group
        }
        self.recipe = recipe
        self.ballots = rankings.ballots_in(ids, recipe) if recipe.reads_ballots else None
        self.accepts: dict[int, int] = {}
        if recipe.reviews_from:
            given = Review.objects.filter(
                message__conversation__in=ids, verdict="accept", set_aside_at=None
            )
            counts = given.values_list("message").annotate(Count("pk")).order_by()
            self.accepts = dict(counts)
        self.found = found

    def rank(self, reply: Message) -> int | None:
        """None also where people disagree and the recipe wants no winner there."""
        if (
            self.recipe.forces_no_winner
            and self.status(reply) == Settlement.Status.CONTESTED
        ):
            return None
        return self.ranks.get(reply.pk)

    def status(self, reply: Message) -> str:
        settled = self.settlements.get(reply.parent_id or 0)
        return settled.status if settled else "unranked"

    def meets(self, reply: Message, recipe: Recipe) -> bool:
        """Whether what people said of it is what the recipe asks for."""
        status = self.status(reply)
        if recipe.statuses and status not in recipe.statuses:
            return False
        if recipe.contested == "out" and status == Settlement.Status.CONTESTED:
            return False
        if recipe.agreement_from > -100:
            settled = self.settlements.get(reply.parent_id or 0)
            agreement = settled.agreement if settled else None
            if agreement is None or round(agreement * 100) < recipe.agreement_from:
                return False
        if self.accepts.get(reply.pk, 0) < recipe.reviews_from:
            return False
        if recipe.rating_from and self.ballots is not None:
            return self.ballots.is_rated(reply.pk, recipe.rating_from)
        return True

    def rankings(
        self, conversation: Conversation, replies: Sequence[Message]
    ) -> list[tuple[int, dict[str, Any]]]:
        """Of each prompt with two or more answers that are taken and have a place."""
        assert self.ballots is not None
        by_prompt: dict[int, dict[int, str]] = defaultdict(dict)
        for reply in replies:
            if reply.pk in self.ranks and reply.parent_id is not None:
                by_prompt[reply.parent_id][reply.pk] = str(reply.uid)
        return [
            (
                prompt,
                self.ballots.facts(
                    self.found[prompt],
                    conversation,
                    order=self.orders[prompt],
                    answers=answers,
                    settled=self.settlements.get(prompt),
                ),
            )
            for prompt, answers in sorted(
                by_prompt.items(), key=lambda pair: str(self.found[pair[0]].uid)
            )
            if len(answers) > 1
        ]


def _orders(settlements: dict[int, Settlement], found: Messages) -> dict[int, Order]:
    """The answers to each prompt as people ranked them, a rewrite before its original."""
    pairs: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for message in found.values():
        original = _accepted_original(message, found)
        if original is not None and message.parent_id is not None:
            pairs[message.parent_id].append((message.pk, original.pk))
    return {
        prompt: with_rewrites(
            settlements[prompt].order if prompt in settlements else [], pairs[prompt]
        )
        for prompt in settlements.keys() | pairs.keys()
    }


def _taken(found: Messages, said: _Said, recipe: Recipe) -> list[Message]:
    """The replies to train on, by opaque id."""
    by_prompt: dict[int, list[Message]] = defaultdict(list)
    for message in found.values():
        if (
            is_trainable(message, found)
            and (recipe.with_models or message.origin != Message.Origin.MODEL)
            and said.meets(message, recipe)
        ):
            assert message.parent_id is not None
            by_prompt[message.parent_id].append(message)
    taken = []
    for replies in by_prompt.values():
        replies.sort(key=lambda m: (said.ranks.get(m.pk, len(said.ranks)), str(m.uid)))
        taken += replies[: recipe.best_replies or None]
    return sorted(taken, key=lambda m: str(m.uid))


def is_trainable(message: Message, found: Messages) -> bool:
    """An accepted answer under nothing but accepted turns."""
    if message.role != Message.Role.ASSISTANT:
        return False
    step: Message | None = message
    while step is not None:
        if step.state != Message.State.ACCEPTED:
            return False
        step = found.get(step.parent_id) if step.parent_id is not None else None
    return True


def _accepted_original(message: Message, found: Messages) -> Message | None:
    """What an accepted answer was written in place of, where that is accepted itself."""
    if message.state != Message.State.ACCEPTED or message.role != Message.Role.ASSISTANT:
        return None
    step = found.get(message.revises_id or 0)
    while step is not None and step.state != Message.State.ACCEPTED:
        step = found.get(step.revises_id or 0)
    return step


def edited(found: Messages) -> Messages:
    """Each accepted answer that is a reviewer's edit, with the words that it replaced.

    Not with words that hold what may have been the reason: personal data and secrets. A
    query where there may be any.
    """
    there = {
        one.pk: found[one.revises_id]
        for one in found.values()
        if one.revises_id in found
        and (one.state, one.role) == (Message.State.ACCEPTED, Message.Role.ASSISTANT)
        and found[one.revises_id].state == Message.State.REJECTED
    }
    if not there:
        return {}
    edits = set(
        Review.objects.filter(
            verdict=Review.Verdict.EDIT,
            message__in=[one.pk for one in there.values()],
            set_aside_at=None,
        ).values_list("message", "reviewer")
    )
    return {
        pk: original
        for pk, original in there.items()
        if (original.pk, found[pk].author_id) in edits and _may_be_shown(original.text)
    }


def _may_be_shown(text: str) -> bool:
    return not [*personal_data.seen(text), *secrets.seen(text)]


class Cap:
    """At most so many answers by one author; the first ones by opaque id are kept."""

    def __init__(self, at_most: int) -> None:
        self.at_most = at_most
        self.taken: Counter[str] = Counter()

    def takes(self, author: str) -> bool:
        if not self.at_most:
            return True
        if author and self.taken[author] >= self.at_most:
            return False
        self.taken[author] += 1
        return True


def author_of(message: Message) -> str:
    """A person, a model, or nobody that is known: what was imported has no cap."""
    return f"person:{message.author_id}" if message.author_id else message.generator

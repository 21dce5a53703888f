"""What has been said about messages, as one person may read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db.models import Q

from curation.clean.mentions import mentions
from curation.models import (
    Ballot,
    Comment,
    Contributor,
    Conversation,
    Membership,
    Message,
    Review,
)
from curation.prepared import Among, Prepared
from curation.unmet import known_ahead

State = Message.State


@dataclass
class Said:
    """One comment, cut at the names in it: each part with whether it is one."""

    comment: Comment
    is_mine: bool
    parts: list[tuple[str, bool]] = field(default_factory=list)


@dataclass
class Thread:
    message: Message
    said: list[Said]
    text: str = ""  # what was typed and refused
    problem: str = ""

    @property
    def count(self) -> int:
        return sum(one.comment.deleted_at is None for one in self.said)


_comments = Prepared(
    lambda messages: (
        Comment.objects.filter(Among("message_id", messages))
        .select_related("author")
        .prefetch_related("mentions")
        .order_by("created_at", "pk")
    )
)


def thread_of(message: Message, reader: Contributor) -> Thread:
    return threads_of([message], reader)[message.pk]


def threads_of(messages: Collection[Message], reader: Contributor) -> dict[int, Thread]:
    """The thread of each message of one conversation. A query; some more if it has any.

    While a message is judged, who has yet to judge it reads of it only what they said
    themselves, what curators said, and what calls them by name.
    """
    comments = _comments(messages=[message.pk for message in messages])
    others = [
        one
        for one in comments
        if one.author_id != reader.pk and reader not in one.mentions.all()
    ]
    hidden = _hidden(messages, others, reader) if others else set()
    threads = {message.pk: Thread(message, []) for message in messages}
    for one in comments:
        if one.pk not in hidden:
            said = Said(one, one.author_id == reader.pk, list(_cut(one)))
            threads[one.message_id].said.append(said)
    return threads


def _hidden(
    messages: Iterable[Message], comments: Iterable[Comment], reader: Contributor
) -> set[int]:
    """Those of others that would tell the reader what to think before they judge."""
    by_id = {message.pk: message for message in messages}
    curators = _curators(by_id.values())
    if reader.pk in curators:
        return set()
    judges = _judges(by_id.values())
    unknown = known_ahead(by_id, reader)
    hidden = set()
    for one in comments:
        message = by_id[one.message_id]
        parties = {*judges[message.pk], message.author_id}
        is_blind = _is_open(message) and reader.pk not in parties
        if unknown.waits(message.pk) or (
            is_blind and one.author_id in parties and one.author_id not in curators
        ):
            hidden.add(one.pk)
    return hidden


def _judges(messages: Iterable[Message]) -> dict[int, set[int | None]]:
    """Who has a verdict on it, or of a prompt whose answers are ranked, a ballot."""
    judges: dict[int, set[int | None]] = defaultdict(set)
    ids: dict[bool, list[int]] = {True: [], False: []}
    for message in messages:
        ids[message.state == State.SUBMITTED].append(message.pk)
    reviews = Review.objects.filter(message__in=ids[True])
    ballots = Ballot.objects.filter(prompt__in=ids[False])
    for pk, person in reviews.values_list("message", "reviewer"):
        judges[pk].add(person)
    for pk, person in ballots.values_list("prompt", "ranker"):
        judges[pk].add(person)
    return judges


def _is_open(message: Message) -> bool:
    """Verdicts on it, or ballots on the answers to it, may still come."""
    if message.state == State.SUBMITTED:
        return True
    is_finished = message.conversation.state == Conversation.State.COMPLETE
    return message.role == Message.Role.PROMPTER and not is_finished


def _curators(messages: Iterable[Message]) -> set[int]:
    datasets = {message.conversation.dataset_id for message in messages}
    held = Membership.objects.filter(dataset__in=datasets, role=Membership.Role.CURATOR)
    admins = Q(is_staff=True) | Q(pk__in=held.values("contributor"))
    return set(Contributor.objects.filter(admins).values_list("pk", flat=True))


def _cut(comment: Comment) -> Iterable[tuple[str, bool]]:
    people = [(one.pk, one.name, one.email) for one in comment.mentions.all()]
    end = 0
    for mention in mentions(comment.text, people):
        if mention.people:
            yield comment.text[end : mention.start], False
            yield comment.text[mention.start : mention.end], True
            end = mention.end
    yield comment.text[end:], False

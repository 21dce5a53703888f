"""Records and leaves of what was chosen, as lines that wait in a file to be published."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from curation.actions.choosing import Choice, Messages, Taken, author_of
from curation.actions.salts import salts_for
from curation.formats.record import Turn, leaf, record
from curation.models import Message


class Item(NamedTuple):
    """What becomes a row of the version."""

    reply: int
    uid: str
    instead_of: int | None
    rank: int | None
    leaf: str
    author: str


class Entry(NamedTuple):
    """All that a version takes of one conversation."""

    uid: str
    conversation: int
    split: str
    group: str
    category: str
    items: list[Item]
    rankings: list[tuple[int, dict[str, Any]]]

    def as_line(self) -> bytes:
        return json.dumps(self, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def of_line(cls, line: bytes) -> Entry:
        *facts, items, rankings = json.loads(line)
        ranked = [(prompt, found) for prompt, found in rankings]
        return cls._make([*facts, [Item(*item) for item in items], ranked])


def seal(choices: Sequence[Choice]) -> Iterator[Entry]:
    """What is chosen, hashed. Messages that no version has held yet get a salt."""
    wanted = {
        message.pk
        for choice in choices
        for taken in choice.replies
        for message in messages_in(taken.reply, choice.found, taken.instead_of)
    }
    salts = salts_for(wanted) if wanted else {}
    for choice in choices:
        if choice.replies:
            yield _entry(choice, salts)


def counted(choices: Iterable[Choice]) -> Iterator[Entry]:
    """The same for a count: without hashes, and so without reading a text."""
    for choice in choices:
        if choice.replies:
            yield _entry(choice, None)


def _entry(choice: Choice, salts: Mapping[int, bytes] | None) -> Entry:
    conversation, place = choice.conversation, choice.place
    items = [
        Item(
            reply=taken.reply.pk,
            uid=str(taken.reply.uid),
            instead_of=taken.instead_of.pk if taken.instead_of else None,
            rank=taken.rank,
            leaf=_leaf(choice, taken, place.category, salts) if salts is not None else "",
            author=author_of(taken.reply),
        )
        for taken in choice.replies
    ]
    return Entry(
        uid=str(conversation.uid),
        conversation=conversation.pk,
        split=place.split,
        group=place.group,
        category=place.category,
        items=items,
        rankings=choice.rankings,
    )


def _leaf(choice: Choice, taken: Taken, category: str, salts: Mapping[int, bytes]) -> str:
    reply, worse = taken.reply, taken.instead_of
    built = built_record(
        reply,
        choice.found,
        conversation=str(choice.conversation.uid),
        category=category,
        rank=taken.rank,
        instead_of=worse,
    )
    return leaf([salts[m.pk] for m in messages_in(reply, choice.found, worse)], built)


def messages_in(
    reply: Message, found: Messages, instead_of: Message | None
) -> list[Message]:
    """Whose words a record has, in their order. KeyError where one is gone."""
    return [*above(reply, found), reply, *([instead_of] if instead_of else [])]


def above(reply: Message, found: Messages) -> list[Message]:
    """The turns that it answers, from the first prompt down."""
    turns: list[Message] = []
    step = reply
    while step.parent_id is not None:
        step = found[step.parent_id]
        turns.insert(0, step)
    return turns


def built_record(
    reply: Message,
    found: Messages,
    *,
    conversation: str,
    category: str,
    rank: int | None,
    instead_of: Message | None,
) -> dict[str, Any]:
    turns = above(reply, found)
    return record(
        uid=str(reply.uid),
        prompt_uid=str(turns[-1].uid),
        conversation=conversation,
        category=category,
        language=reply.language,
        origin=reply.origin,
        rank=rank,
        path=[Turn(m.role, m.text, m.context) for m in turns],
        reply=reply.text,
        instead_of=instead_of.text if instead_of else None,
    )

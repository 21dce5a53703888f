"""A dataset's record as lines of our own format: what versions are made of, no more.

Messages that are accepted, under accepted ones, and what a reviewer's edit replaced; what
people said of them; what is a duplicate of what. The rest stays here: what was taken back,
held or rejected.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from curation.actions.choosing import Messages, chunks, conversations, edited
from curation.actions.choosing import messages_of as all_messages_of
from curation.actions.rights import require
from curation.actions.salts import salts_for
from curation.actions.sealing import above
from curation.actions.versions import POLICY
from curation.formats.archive import FORMAT
from curation.formats.recipe import Recipe
from curation.models import (
    Ballot,
    BallotEntry,
    ClusterMember,
    Contributor,
    Conversation,
    Dataset,
    Event,
    Message,
    Original,
    Profile,
    Review,
    Settlement,
)

ACCEPTED = Message.State.ACCEPTED


def export_lines(*, dataset: Dataset, by: Contributor) -> Iterator[bytes]:
    """A stream, in the order of opaque ids. Every message in it has a salt from then on."""
    require(by, dataset)
    Event.objects.record("record.exported", dataset, by=by, dataset=dataset)
    return _lines(dataset)


def _lines(dataset: Dataset) -> Iterator[bytes]:
    yield _line(_header(dataset))
    people = _People()
    rows = conversations(dataset, Recipe()).iterator(2_000)
    for chunk in chunks(rows):
        yield from (_line(one) for one in _conversations(chunk, people))


class _People:
    """A number for each person, in the order in which they come up."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}

    def number(self, pk: int | None) -> int | None:
        if pk is None:
            return None
        return self._numbers.setdefault(pk, len(self._numbers) + 1)


def _line(found: dict[str, Any]) -> bytes:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _header(dataset: Dataset) -> dict[str, Any]:
    fields = ("slug", "name", "brief", "needs_context", "target", "topics")
    return {
        "format": FORMAT,
        "dataset": dataset.slug,
        "title": dataset.title,
        "shape": dataset.shape,
        "languages": dataset.languages,
        "licence": dataset.licence,
        "policy": {name: getattr(dataset.policy, name) for name in POLICY},
        "categories": list(dataset.categories.order_by("slug").values(*fields)),
    }


def _conversations(
    chunk: Sequence[Conversation], people: _People
) -> Iterator[dict[str, Any]]:
    ids = [conversation.pk for conversation in chunk]
    moved = {pk: _moved(found) for pk, found in all_messages_of(ids).items()}
    there = {pk: one for found in moved.values() for pk, one in found.items()}
    salts = salts_for(list(there))
    originals = _originals(there)
    said = _said(ids, there, people)
    duplicates = _duplicates(ids)
    for conversation in chunk:
        found = moved.get(conversation.pk)
        if found:
            yield {
                "uid": str(conversation.uid),
                "category": conversation.category.slug if conversation.category else "",
                "language": conversation.language,
                "state": conversation.state,
                "split": conversation.split,
                "group": str(conversation.group or conversation.uid),
                "source_key": conversation.source_key,
                "duplicate_of": duplicates[conversation.pk],
                "messages": [
                    _message(one, there, people, salts) | originals.get(one.pk, {})
                    for one in found.values()
                ],
                **{kind: by_conversation[conversation.pk] for kind, by_conversation in
                   said.items()},
            }  # fmt: skip


def _duplicates(ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """What a curator called them duplicates of: versions may leave them out."""
    merged = ClusterMember.objects.filter(
        message__conversation__in=ids, state=ClusterMember.State.MERGED
    )
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for conversation, of, likeness in merged.order_by("pk").values_list(
        "message__conversation", "cluster__head__conversation__uid", "likeness"
    ):
        found[conversation].append({"uid": str(of), "likeness": likeness})
    return found


def _moved(found: Messages) -> Messages:
    """Parents first, and what is revised before what revises it."""
    kept = {
        pk: one
        for pk, one in found.items()
        if all(m.state == ACCEPTED for m in (*above(one, found), one))
    }
    kept |= {one.pk: one for pk, one in edited(found).items() if pk in kept}
    return dict(sorted(kept.items()))


def _message(
    one: Message, there: Messages, people: _People, salts: dict[int, bytes]
) -> dict[str, Any]:
    return {
        "uid": str(one.uid),
        "parent": _uid(one.parent_id, there),
        "revises": _uid(one.revises_id, there),
        "role": one.role,
        "origin": one.origin,
        "author": people.number(one.author_id),
        "generator": one.generator,
        "text": one.text,
        "context": one.context,
        "language": one.language,
        "state": one.state,
        "salt": salts[one.pk].hex(),
    }


def _originals(there: Messages) -> dict[int, dict[str, Any]]:
    """What a file said beside a message."""
    rows = Original.objects.filter(message__in=there)
    return {
        pk: {"original": {"format": format, "facts": facts}}
        for pk, format, facts in rows.values_list("pk", "format", "facts")
    }


def _uid(pk: int | None, there: Messages) -> str | None:
    return str(there[pk].uid) if pk in there else None


def _said(
    ids: Iterable[int], there: Messages, people: _People
) -> dict[str, dict[int, list[dict[str, Any]]]]:
    """Reviews, ballots and settlements, each by conversation."""
    found: dict[str, dict[int, list[dict[str, Any]]]] = {
        kind: defaultdict(list) for kind in ("reviews", "ballots", "settlements")
    }
    counted = Review.objects.filter(message__in=there, set_aside_at=None)
    reviews = counted.exclude(verdict="reject")
    for review in reviews.order_by("pk"):
        found["reviews"][there[review.message_id].conversation_id].append({
            "message": _uid(review.message_id, there),
            "by": people.number(review.reviewer_id),
            "verdict": review.verdict,
        })  # fmt: skip
    ballots = _ballots(there)
    raters = _groups_of({ranker for _prompt, _pk, ranker, _round in ballots})
    for (prompt, _pk, ranker, round_number), places in ballots.items():
        found["ballots"][there[prompt].conversation_id].append({
            "prompt": _uid(prompt, there),
            "by": people.number(ranker),
            "round": round_number,
            "places": places,
            **raters.get(ranker, {}),
        })  # fmt: skip
    for settled in Settlement.objects.filter(prompt__in=there).order_by("pk"):
        groups = (
            [_uid(pk, there) for pk in group if pk in there] for group in settled.order
        )
        found["settlements"][there[settled.prompt_id].conversation_id].append({
            "prompt": _uid(settled.prompt_id, there),
            "order": [group for group in groups if group],
            "ballots": settled.ballots,
            "agreement": settled.agreement,
            "status": settled.status,
        })  # fmt: skip
    return found


def _groups_of(people: Iterable[int | None]) -> dict[int | None, dict[str, list[str]]]:
    """The groups that versions may ask for: see rankings.py."""
    rows = Profile.objects.filter(pk__in=[one for one in people if one is not None])
    return {
        one.pk: {"languages": one.languages, "topics": one.topics}
        for one in rows
        if one.languages or one.topics
    }


def _ballots(
    there: Messages,
) -> dict[tuple[int, int, int | None, int], list[dict[str, Any]]]:
    """Those that count: what is frozen of them elsewhere must come to the same."""
    counted = Ballot.objects.filter(prompt__in=there, outcome="ranked").standing()
    rows = BallotEntry.objects.filter(ballot__in=counted, reply__in=there)
    rows = rows.select_related("ballot")
    found: dict[tuple[int, int, int | None, int], list[dict[str, Any]]] = defaultdict(list)
    for entry in rows.order_by("ballot", "shown"):
        ballot = entry.ballot
        key = (ballot.prompt_id, ballot.pk, ballot.ranker_id, ballot.ranking_round)
        found[key].append({
            "reply": _uid(entry.reply_id, there),
            "position": entry.position,
            "shown": entry.shown,
            "rating": entry.rating,
        })  # fmt: skip
    return found

"""Conversations as `aggregate/demand.py` sees them: rows of the record in, turns out."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import Avg, QuerySet

from curation.aggregate import demand
from curation.models import (
    Ballot,
    Conversation,
    Dataset,
    Label,
    Message,
    Review,
    Settlement,
)
from curation.prepared import Among, Prepared

Outcome = Ballot.Outcome


def rules_of(dataset: Dataset) -> demand.Rules:
    policy = dataset.policy
    return demand.Rules(
        is_pairs=dataset.is_pairs,
        replies_wanted=policy.replies_wanted,
        max_depth=policy.max_depth,
        reviews_wanted=policy.reviews_wanted,
        rankings_wanted=policy.rankings_wanted,
        rankings_at_most=policy.rankings_at_most,
    )


def turns_of(conversations: Sequence[Conversation]) -> dict[int, list[demand.Turn]]:
    """The messages of each, oldest first. One query, and one for each sort of judgement
    that there can be."""
    rows = list(_rows(conversations))
    best = {pk for row in rows for pk in (row.settlement__order or [[]])[0]}
    poor = _rated_poor(conversations)
    verdicts, ballots = _verdicts(rows), _ballots(rows)
    asks_curator = {c.pk for c in conversations if c.dataset.policy.adjudicates}
    split = _split([row for row in rows if row.conversation_id in asks_curator], verdicts)
    turns: dict[int, list[demand.Turn]] = {one.pk: [] for one in conversations}
    for row in rows:
        cast = _cast(row, ballots[row.pk])
        turn = demand.Turn(
            id=row.pk,
            parent=row.parent_id,
            role=row.role,
            state=row.state,
            origin=row.origin,
            reviews=len(verdicts[row.pk]),
            ballots=cast.judged,
            is_best=row.pk in best,
            revises=row.revises_id,
            author=row.author_id,
            ranking_round=row.ranking_round,
            is_split=row.pk in split,
            is_contested=row.settlement__status == Settlement.Status.CONTESTED,
            is_lacking=row.pk in poor or cast.is_none_good,
        )
        turns[row.conversation_id].append(turn)
    return turns


def _split(rows: Sequence[Any], verdicts: Mapping[int, list[str]]) -> set[int]:
    """Where reviewers disagree.

    What a reviewer edited is rejected for their version, and that is their approval.
    """
    replaced = {row.pk for row in rows if row.state == Message.State.REJECTED}
    found = set()
    for row in rows:
        given = verdicts.get(row.pk, [])
        rejections = given.count(Review.Verdict.REJECT)
        if rejections and (rejections < len(given) or row.revises_id in replaced):
            found.add(row.pk)
    return found


class _Cast(NamedTuple):
    """What the ballots on a prompt say, in its present round."""

    judged: int
    is_none_good: bool


def _cast(prompt: Any, ballots: Sequence[Any]) -> _Cast:
    cast = [one for one in ballots if one.ranking_round == prompt.ranking_round]
    judged = [one for one in cast if one.outcome != Outcome.CANNOT_JUDGE]
    none_good = sum(one.outcome == Outcome.NONE_GOOD for one in cast)
    # An imported order is already what many people said: no more is wanted.
    came_ranked = any(one.ranker_id is None for one in cast)
    return _Cast(
        judged=sys.maxsize if came_ranked else len(judged),
        is_none_good=none_good > 0 and 2 * none_good >= len(judged),
    )


def _rows(conversations: Sequence[Conversation]) -> Iterable[Any]:
    if len(conversations) == 1:
        return _rows_of_one(conversation=conversations[0].pk)
    return _as_rows(Message.objects.filter(conversation__in=conversations))


def _as_rows(messages: QuerySet[Message]) -> QuerySet[Any, Any]:
    return messages.order_by("pk").values_list(
        "pk", "parent_id", "revises_id", "author_id", "role", "state", "origin",
        "ranking_round", "conversation_id", "settlement__order", "settlement__status",
        named=True,
    )  # fmt: skip


_rows_of_one = Prepared(
    lambda conversation: _as_rows(Message.objects.filter(conversation=conversation))
)


def _verdicts(rows: Sequence[Any]) -> dict[int, list[str]]:
    """Of what is undecided; nobody asks how the rest was judged."""
    found: dict[int, list[str]] = defaultdict(list)
    waiting = [row.pk for row in rows if row.state == Message.State.SUBMITTED]
    if not waiting:
        return found
    for message, verdict in _verdicts_on(messages=waiting):
        found[message].append(verdict)
    return found


_verdicts_on = Prepared(
    lambda messages: Review.objects.filter(
        Among("message_id", messages), set_aside_at=None
    ).values_list("message_id", "verdict")
)


def _ballots(rows: Sequence[Any]) -> dict[int, list[Any]]:
    """On prompts with answers to compare."""
    found: dict[int, list[Any]] = defaultdict(list)
    answers = Counter(row.parent_id for row in rows if row.role == Message.Role.ASSISTANT)
    prompts = [pk for pk, count in answers.items() if count > 1]
    if not prompts:
        return found
    for one in _ballots_on(prompts=prompts):
        found[one.prompt_id].append(one)
    return found


_ballots_on: Prepared[Any] = Prepared(
    lambda prompts: (
        Ballot.objects.filter(Among("prompt_id", prompts))
        .standing()
        .values_list("prompt_id", "ranking_round", "outcome", "ranker_id", named=True)
    )
)


def _rated_poor(conversations: Sequence[Conversation]) -> set[int]:
    """Answers whose mean quality label is low, where the policy asks for better ones."""
    bounds = {c.pk: c.dataset.policy.improve_below for c in conversations}
    if not any(bounds.values()):
        return set()
    means = (
        Label.objects.filter(
            name=Label.Name.QUALITY,
            review__set_aside_at=None,
            review__message__conversation__in=[pk for pk, bound in bounds.items() if bound],
        )
        .values_list("review__message", "review__message__conversation")
        .annotate(mean=Avg("value"))
    )
    return {
        message for message, conversation, mean in means if mean <= bounds[conversation]
    }

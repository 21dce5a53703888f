"""Conversations as `aggregate/demand.py` sees them: rows of the record in, turns out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from django.db.models import Avg, Count, F, Q

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

IN_THIS_ROUND = Q(ballots__ranking_round=F("ranking_round"))
NONE_GOOD = Q(ballots__outcome=Ballot.Outcome.NONE_GOOD)
JUDGED = ~Q(ballots__outcome=Ballot.Outcome.CANNOT_JUDGE)


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
    """The messages of each, oldest first. One query, or two where ratings count."""
    rows = list(_rows(conversations))
    best = {pk for row in rows for pk in (row["settlement__order"] or [[]])[0]}
    asks_curator = {c.pk for c in conversations if c.dataset.policy.adjudicates}
    lacking = _rated_poor(conversations)
    turns: dict[int, list[demand.Turn]] = {one.pk: [] for one in conversations}
    for row in rows:
        turn = demand.Turn(
            id=row["pk"],
            parent=row["parent_id"],
            role=row["role"],
            state=row["state"],
            origin=row["origin"],
            reviews=row["review_count"],
            # An imported order is already what many people said: no more is wanted.
            ballots=sys.maxsize if row["came_ranked"] else row["ballot_count"],
            is_best=row["pk"] in best,
            revises=row["revises_id"],
            is_split=row["conversation_id"] in asks_curator
            and row["accepts"] > 0
            and row["accepts"] < row["review_count"],
            is_contested=row["settlement__status"] == Settlement.Status.CONTESTED,
            is_lacking=row["pk"] in lacking
            or (row["none_good"] > 0 and 2 * row["none_good"] >= row["ballot_count"]),
        )
        turns[row["conversation_id"]].append(turn)
    return turns


def _rows(conversations: Sequence[Conversation]) -> Iterable[dict[str, object]]:
    accepts = Q(reviews__verdict__in=[Review.Verdict.ACCEPT, Review.Verdict.EDIT])
    return (
        Message.objects.filter(conversation__in=conversations)
        .order_by("pk")
        .annotate(
            review_count=Count("reviews", distinct=True),
            accepts=Count("reviews", filter=accepts, distinct=True),
            ballot_count=Count("ballots", filter=IN_THIS_ROUND & JUDGED, distinct=True),
            none_good=Count("ballots", filter=IN_THIS_ROUND & NONE_GOOD, distinct=True),
            came_ranked=Count(
                "ballots", filter=IN_THIS_ROUND & Q(ballots__ranker=None), distinct=True
            ),
        )
        .values(
            "pk", "parent_id", "revises_id", "role", "state", "origin", "review_count",
            "accepts", "ballot_count", "none_good", "came_ranked", "conversation_id",
            "settlement__order", "settlement__status",
        )
    )  # fmt: skip


def _rated_poor(conversations: Sequence[Conversation]) -> set[int]:
    """Answers whose mean quality label is low, where the policy asks for better ones."""
    bounds = {c.pk: c.dataset.policy.improve_below for c in conversations}
    if not any(bounds.values()):
        return set()
    means = (
        Label.objects.filter(
            name=Label.Name.QUALITY,
            review__message__conversation__in=[pk for pk, bound in bounds.items() if bound],
        )
        .values_list("review__message", "review__message__conversation")
        .annotate(mean=Avg("value"))
    )
    return {
        message for message, conversation, mean in means if mean <= bounds[conversation]
    }

"""What people judged together in a dataset, as rows for aggregate/shared.py.

Only the newest judgements are read, so that a page of numbers costs the same for ever.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet

from curation.aggregate.rankings import Positions
from curation.aggregate.shared import Given
from curation.models import (
    Ballot,
    BallotEntry,
    Dataset,
    Guideline,
    Label,
    Message,
    Review,
)

REVIEWS_AT_MOST = 5_000
BALLOTS_AT_MOST = 2_000
# Raised or absent: silence about a flag is no answer, so there is nothing to compare.
QUESTIONS = (*Label.YES_NO, *Label.SCALES)


class Judged(NamedTuple):
    """Everybody's answers, also on what one person judged alone; labels by name."""

    verdicts: list[Given[str | float]]
    labels: dict[str, list[Given[str | float]]]
    ballots: list[Given[Positions]]
    is_all: bool  # whether nothing older was left out


def judged_in(dataset: Dataset) -> Judged:
    """Four queries. A curator's final decision is left out: they had seen the others'."""
    reviews, ballots = _reviews(dataset), _ballots(dataset)
    return Judged(
        # An edit agrees with acceptance: it improves what is good enough to keep.
        verdicts=[
            _given(row, "reject" if row.verdict == "reject" else "accept")
            for row in reviews
        ],
        labels=_labels(_shared(reviews)),
        ballots=_places(_shared(ballots)),
        is_all=len(reviews) < REVIEWS_AT_MOST and len(ballots) < BALLOTS_AT_MOST,
    )


def _reviews(dataset: Dataset) -> list[Any]:
    """The newest that count, the oldest of them first."""
    there = Review.objects.filter(
        message__conversation__dataset=dataset, is_final=False, set_aside_at=None
    )
    rows = there.order_by("-pk").values_list(
        "pk", "message_id", "reviewer_id", "message__conversation__category_id",
        "guideline_id", "verdict", named=True,
    )  # fmt: skip
    return list(rows[:REVIEWS_AT_MOST])[::-1]


def _ballots(dataset: Dataset) -> list[Any]:
    there = Ballot.objects.standing().filter(
        prompt__conversation__dataset=dataset,
        outcome=Ballot.Outcome.RANKED,
        ranker__isnull=False,
    )
    rows = there.order_by("-pk").values_list(
        "pk", "prompt_id", "ranker_id", "prompt__conversation__category_id",
        "guideline_id", named=True,
    )  # fmt: skip
    return list(rows[:BALLOTS_AT_MOST])[::-1]


def _shared(rows: list[Any]) -> dict[int, Any]:
    """By number, those on what there is another judgement of."""
    counts = Counter(row[1] for row in rows)
    return {row.pk: row for row in rows if counts[row[1]] > 1}


def _labels(reviews: dict[int, Any]) -> dict[str, list[Given[str | float]]]:
    found: dict[str, list[Given[str | float]]] = defaultdict(list)
    there = Label.objects.filter(review__in=list(reviews), name__in=QUESTIONS)
    for review, name, value in there.values_list("review_id", "name", "value"):
        found[name].append(_given(reviews[review], float(value)))
    return found


def _places(ballots: dict[int, Any]) -> list[Given[Positions]]:
    """The oldest first, so that of several of one person the newest counts."""
    places: dict[int, dict[int, int]] = defaultdict(dict)
    there = BallotEntry.objects.filter(ballot__in=list(ballots))
    for ballot, reply, position in there.values_list("ballot_id", "reply_id", "position"):
        if position is not None:
            places[ballot][reply] = position
    return [_given(row, places[pk]) for pk, row in ballots.items()]


def _given(row: Any, value: Any) -> Given[Any]:
    _, item, person, category, guideline, *_ = row
    return Given(item, person, value, category, guideline)


class Under(NamedTuple):
    """How much was judged under one version of the guideline."""

    reviews: int = 0
    rankings: int = 0


def under_each(dataset: Dataset) -> dict[int, Under]:
    """By guideline. Two queries, which count what was judged in the dataset."""
    reviews = _counted(Review.objects.filter(guideline__dataset=dataset))
    rankings = _counted(Ballot.objects.filter(guideline__dataset=dataset))
    return {
        pk: Under(reviews.get(pk, 0), rankings.get(pk, 0)) for pk in {**reviews, **rankings}
    }


def texts_under(guideline: Guideline) -> QuerySet[Message]:
    """What was reviewed, or had its answers ranked, under it and under no newer one."""
    newer = Guideline.objects.filter(
        dataset=guideline.dataset_id, number__gt=guideline.number
    )
    there = Message.objects.filter(conversation__dataset=guideline.dataset_id)
    return there.filter(_is_judged_under([guideline])).exclude(_is_judged_under(newer))


def _is_judged_under(guidelines: Iterable[Guideline]) -> Q:
    reviewed = Review.objects.filter(guideline__in=guidelines).values("message")
    ranked = Ballot.objects.filter(guideline__in=guidelines).values("prompt")
    return Q(pk__in=reviewed) | Q(pk__in=ranked)


def _counted(rows: QuerySet[Any]) -> dict[int, int]:
    return dict(rows.order_by().values_list("guideline").annotate(Count("pk")))

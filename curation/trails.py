"""Who judged a text and how, and where it went: for the page of its conversation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Prefetch

from curation.models import Ballot, BallotEntry, Label, Review, VersionItem


@dataclass
class Trail:
    reviews: list[Review] = field(default_factory=list)
    ballots: list[Ballot] = field(default_factory=list)  # on the answers to it
    # A text is in a version as an answer, or as the prompt of one.
    items: list[VersionItem] = field(default_factory=list)

    @property
    def judgements(self) -> int:
        return len(self.reviews) + len(self.ballots)


def trails_of(message_ids: Collection[int], *, is_curator: bool) -> dict[int, Trail]:
    """Where they went; for curators also each judgement. Two queries, or seven."""
    trails: dict[int, Trail] = defaultdict(Trail)
    _add_versions(trails, message_ids)
    if is_curator:
        _add_reviews(trails, message_ids)
        _add_ballots(trails, message_ids)
    return trails


def _add_versions(trails: dict[int, Trail], message_ids: Collection[int]) -> None:
    items = VersionItem.objects.filter(reply__in=message_ids)
    items = items.select_related("version", "reply").order_by("version__number", "pk")
    for item in items.prefetch_related("version__reports"):
        trails[item.reply_id].items.append(item)
        prompt = item.reply.parent_id
        if prompt is None:
            continue
        known = {one.version_id for one in trails[prompt].items}
        if item.version_id not in known:
            trails[prompt].items.append(item)


def _add_reviews(trails: dict[int, Trail], message_ids: Collection[int]) -> None:
    reviews = Review.objects.filter(message__in=message_ids)
    labels = Label.objects.order_by("pk")
    reviews = reviews.select_related("reviewer", "guideline").order_by("created_at", "pk")
    for review in reviews.prefetch_related(Prefetch("labels", queryset=labels)):
        trails[review.message_id].reviews.append(review)


def _add_ballots(trails: dict[int, Trail], message_ids: Collection[int]) -> None:
    ballots = Ballot.objects.filter(prompt__in=message_ids)
    entries = BallotEntry.objects.order_by("position", "shown")
    ballots = ballots.select_related("ranker", "guideline").order_by("created_at", "pk")
    for ballot in ballots.prefetch_related(Prefetch("entries", queryset=entries)):
        trails[ballot.prompt_id].ballots.append(ballot)

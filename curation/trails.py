"""Who judged a text and how, and where it went: for the page of its conversation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import Prefetch

from curation.models import Ballot, BallotEntry, Label, Message, Review, VersionItem

# A text is in an example as its answer, in place of which another stands, or before it.
ANSWER, WORSE, BEFORE = "answer", "worse", "before"


class Place(NamedTuple):
    """An example that has the text, and as what."""

    item: VersionItem
    part: str


@dataclass
class Trail:
    reviews: list[Review] = field(default_factory=list)
    ballots: list[Ballot] = field(default_factory=list)  # on the answers to it
    places: list[Place] = field(default_factory=list)  # one for each version

    @property
    def judgements(self) -> int:
        return len(self.reviews) + len(self.ballots)


def trails_of(messages: Iterable[Message], *, is_curator: bool) -> dict[int, Trail]:
    """Of all messages of a conversation, where they went; for curators also each judgement.

    Two queries, or seven.
    """
    trails: dict[int, Trail] = defaultdict(Trail)
    parents = {message.pk: message.parent_id for message in messages}
    _add_versions(trails, parents)
    if is_curator:
        _add_reviews(trails, parents)
        _add_ballots(trails, parents)
    return trails


def _add_versions(trails: dict[int, Trail], parents: dict[int, int | None]) -> None:
    rows = VersionItem.objects.filter(reply__in=parents).select_related("version")
    items = list(
        rows.order_by("version__number", "pk").prefetch_related("version__reports")
    )
    places: dict[tuple[int, int], Place] = {}
    for item in items:
        places[item.version_id, item.reply_id] = Place(item, ANSWER)
    for item in items:
        if item.instead_of_id is not None:
            places.setdefault((item.version_id, item.instead_of_id), Place(item, WORSE))
    for item in items:
        above = parents[item.reply_id]
        while above is not None:
            places.setdefault((item.version_id, above), Place(item, BEFORE))
            above = parents.get(above)
    for (_, pk), place in sorted(
        places.items(), key=lambda one: one[1].item.version.number
    ):
        trails[pk].places.append(place)


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

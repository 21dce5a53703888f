"""Who did how much that counts: accepted work and finished conversations, not clicks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, Q, TextChoices
from django.utils.timezone import localtime, now
from django.utils.translation import gettext_lazy as _

from curation.models import (
    Ballot,
    Contributor,
    Conversation,
    Dataset,
    Message,
    Profile,
    Review,
)
from curation.outcomes import review_agrees

PER_TEXT, PER_CONVERSATION, PER_REVIEW, PER_BALLOT = 10, 5, 2, 1
SHOWN = 50


class Period(TextChoices):
    DAY = "day", _("Today")
    WEEK = "week", _("This week")
    MONTH = "month", _("This month")
    EVER = "ever", _("All time")


class Tally(NamedTuple):
    """What one person did that counts."""

    texts: int = 0
    conversations: int = 0
    reviews: int = 0
    ballots: int = 0

    @property
    def points(self) -> int:
        return (
            PER_TEXT * self.texts
            + PER_CONVERSATION * self.conversations
            + PER_REVIEW * self.reviews
            + PER_BALLOT * self.ballots
        )


class Standing(NamedTuple):
    place: int
    person: Contributor
    tally: Tally


def since(period: str) -> datetime | None:
    """When it began, by this server's clock; None for all time."""
    midnight = localtime(now()).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = {
        Period.DAY: midnight,
        Period.WEEK: midnight - timedelta(days=midnight.weekday()),
        Period.MONTH: midnight.replace(day=1),
    }
    return begin.get(Period(period))


def tallies(datasets: Collection[Dataset], begin: datetime | None) -> dict[int, Tally]:
    """By person, in these datasets. Four queries."""
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for name, rows in (
        ("texts", _texts(datasets, begin)),
        ("conversations", _conversations(datasets, begin)),
        ("reviews", _reviews(datasets, begin)),
        ("ballots", _ballots(datasets, begin)),
    ):
        for person, count in rows:
            counts[person][name] = count
    return {person: Tally(**row) for person, row in counts.items()}


def board(done: dict[int, Tally], viewer: Contributor) -> list[Standing]:
    """The first fifty places, and the viewer's. Equal points share a place. One query.

    Only of people who want to be on it and whose account is open.
    """
    shown = Contributor.objects.filter(pk__in=done, is_active=True)
    people = shown.exclude(profile__on_leaderboard=False).in_bulk()
    ranked = sorted(
        ((done[pk], person) for pk, person in people.items() if done[pk].points),
        key=lambda row: (-row[0].points, str(row[1]).casefold(), row[1].pk),
    )
    placed: list[Standing] = []
    for number, (tally, person) in enumerate(ranked, start=1):
        is_tied = bool(placed) and placed[-1].tally.points == tally.points
        place = placed[-1].place if is_tied else number
        placed.append(Standing(place, person, tally))
    return [one for one in placed if one.place <= SHOWN or one.person == viewer]


class Board(NamedTuple):
    """As one person sees it: nobody's but their own, where they do not take part."""

    takes_part: bool
    standings: list[Standing]
    mine: Tally


def shown(datasets: Collection[Dataset], period: str, viewer: Contributor) -> Board:
    """Of these datasets together."""
    done = tallies(datasets, since(period))
    takes_part = Profile.of(viewer).on_leaderboard
    standings = board(done, viewer) if takes_part else []
    return Board(takes_part, standings, done.get(viewer.pk, Tally()))


Rows = Collection[tuple[int, int]]


def _after(column: str, begin: datetime | None) -> Q:
    return Q(**{f"{column}__gte": begin}) if begin is not None else Q()


def _texts(datasets: Collection[Dataset], begin: datetime | None) -> Rows:
    """Accepted texts. Of a pair the answer counts, for both its halves."""
    is_whole = Q(conversation__dataset__shape=Dataset.Shape.CONVERSATIONS) | Q(
        role=Message.Role.ASSISTANT
    )
    accepted = Message.objects.filter(
        is_whole,
        _after("decided_at", begin),
        conversation__dataset__in=datasets,
        state=Message.State.ACCEPTED,
        author__isnull=False,
    )
    return accepted.order_by().values_list("author").annotate(Count("pk"))


def _conversations(datasets: Collection[Dataset], begin: datetime | None) -> Rows:
    """Complete ones with an accepted text of the person's in them."""
    words = Message.objects.filter(
        _after("conversation__completed_at", begin),
        conversation__dataset__in=datasets,
        conversation__state=Conversation.State.COMPLETE,
        state=Message.State.ACCEPTED,
        author__isnull=False,
    )
    counted = Count("conversation", distinct=True)
    return words.order_by().values_list("author").annotate(counted)


def _reviews(datasets: Collection[Dataset], begin: datetime | None) -> Rows:
    agreeing = Review.objects.annotate(agrees=review_agrees()).filter(
        _after("created_at", begin),
        message__conversation__dataset__in=datasets,
        agrees=True,
    )
    return agreeing.order_by().values_list("reviewer").annotate(Count("pk"))


def _ballots(datasets: Collection[Dataset], begin: datetime | None) -> Rows:
    """Orders, and “none is good”; who cannot judge says so without a point."""
    cast = Ballot.objects.filter(
        _after("created_at", begin),
        prompt__conversation__dataset__in=datasets,
        ranker__isnull=False,
    ).exclude(outcome=Ballot.Outcome.CANNOT_JUDGE)
    return cast.order_by().values_list("ranker").annotate(Count("pk"))

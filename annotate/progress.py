"""What a person and their team have done. Counted from the record itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, IntegerField, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncDate
from django.utils.timezone import localdate, localtime, now

from annotate.models import Assignment
from curation.models import Ballot, Contributor, Dataset, GoldAnswer, Message, Review

State = Message.State
DAYS_SHOWN = 14
STREAK_AT_MOST = 366  # days looked back
BUSY = (1, 5, 15)  # contributions in a day from which it is drawn darker
SATURDAY = 5
# Known items count as reviews: nobody is to tell them apart by a number that stands still.
DONE = (
    (Message, "author", "created_at"),
    (Review, "reviewer", "created_at"),
    (Ballot, "ranker", "created_at"),
    (GoldAnswer, "person", "at"),
)


def of(person: Contributor) -> dict[str, dict[str, int]]:
    """`today`, `ever` and the fate of own `texts`. Four queries."""
    midnight = _midnight(localtime(now()))
    fates = {
        "accepted": Count("pk", filter=Q(state=State.ACCEPTED)),
        "waiting": Count("pk", filter=Q(state=State.SUBMITTED)),
        "rejected": Count("pk", filter=Q(state=State.REJECTED)),
        "held": Count("pk", filter=Q(state=State.HELD)),
    }
    rows = []
    for model, who, at in DONE:
        extra = fates if model is Message else {}
        counts = {
            "ever": Count("pk"),
            "today": Count("pk", filter=Q(**{f"{at}__gte": midnight})),
            **extra,
        }
        theirs = _counted(model).filter(**{who: person})
        rows.append(theirs.aggregate(**counts))
    texts, reviews, ballots, known = rows

    def told(when: str) -> dict[str, int]:
        reviewed = reviews[when] + known[when]
        return {"written": texts[when], "reviewed": reviewed, "ranked": ballots[when]}

    return {
        "today": told("today"),
        "ever": told("ever"),
        "texts": {name: texts[name] for name in fates},
    }


class Day(NamedTuple):
    on: date
    done: int
    level: int  # 0 nothing, 1 to 3 the more the darker


class Streak(NamedTuple):
    """Days in a row with a contribution, and the last two weeks."""

    length: int
    days: list[Day]


def streak(person: Contributor) -> Streak:
    """By this server's days. One query.

    A weekend without work breaks nothing, and today does not yet.
    """
    counts = _by_day(person, localdate() - timedelta(days=STREAK_AT_MOST))
    today = localdate()
    last = [today - timedelta(days=ago) for ago in reversed(range(DAYS_SHOWN))]
    return Streak(
        length=length(set(counts), today),
        days=[Day(on, counts[on], sum(counts[on] >= n for n in BUSY)) for on in last],
    )


def length(worked: Collection[date], today: date) -> int:
    """How many worked days stand in a row up to today, or up to yesterday."""
    found, day = 0, today
    for _ in range(STREAK_AT_MOST):
        if day in worked:
            found += 1
        elif day != today and day.weekday() < SATURDAY:
            break
        day -= timedelta(days=1)
    return found


def _counted(model: type[Model]) -> QuerySet[Any]:
    """Without what was taken back, and what its author has written anew."""
    rows = model._default_manager.all()
    return rows.exclude(state=State.WITHDRAWN) if model is Message else rows


def _by_day(person: Contributor, since: date) -> Counter[date]:
    first, *others = (
        _counted(model)
        .filter(**{who: person, f"{at}__date__gte": since})
        .order_by()
        .annotate(day=TruncDate(at))
        .values("day")
        .annotate(count=Count("pk"))
        .values_list("day", "count")
        for model, who, at in DONE
    )
    counts: Counter[date] = Counter()
    for day, count in first.union(*others, all=True):
        counts[day] += count
    return counts


class Goal(NamedTuple):
    """What a team wants done in a week, and how far it is."""

    dataset: Dataset
    done: int
    wanted: int

    @property
    def percent(self) -> int:
        return min(100, 100 * self.done // self.wanted)


def goals(person: Contributor) -> list[Goal]:
    """Of the person's datasets that have one. One query."""
    today = _midnight(localtime(now()))
    monday = today - timedelta(days=today.weekday())
    this_week = Assignment.objects.filter(
        dataset=OuterRef("pk"), state=Assignment.State.DONE, done_at__gte=monday
    )
    done = this_week.order_by().values("dataset").annotate(n=Count("pk")).values("n")
    theirs = Dataset.objects.visible_to(person).filter(
        archived_at=None, policy__weekly_goal__gt=0
    )
    so_far = Coalesce(Subquery(done, output_field=IntegerField()), 0)
    rows = theirs.select_related("policy").annotate(so_far=so_far).order_by("title", "pk")
    return [Goal(row, vars(row)["so_far"], row.policy.weekly_goal) for row in rows]


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)

"""How much is done by day, and how long a text waits for its verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from curation.dashboards.scope import Rows, Scope, day, monday, week, weeks
from curation.dashboards.tables import Column, Row, Table

DAYS_AT_MOST = 100  # longer times are told by the week
KINDS = {
    "written": _("Written"),
    "accepted": _("Accepted"),
    "reviews": _("Reviews"),
    "ballots": _("Rankings"),
}


class Pace(NamedTuple):
    table: Table
    is_by_week: bool


def throughput(scope: Scope, reviews: Rows) -> Pace:
    """What people wrote and judged, also on days without. One query beside the reviews.

    What was imported, and what models wrote, is nobody's work; accepting the latter is.
    """
    done = Counter({(d, kind): n for kind, d, n in _texts_and_ballots(scope)})
    for at, _reason, given, _standing in reviews:
        done[at, "reviews"] += given
    days = _days(scope, {at for at, _ in done})
    is_by_week = len(days) > DAYS_AT_MOST
    if is_by_week:
        by_day, done = done, Counter()
        for (at, kind), count in by_day.items():
            done[monday(at), kind] += count
        days = weeks(days[0], days[-1])
    first = Column(_("Week from") if is_by_week else _("Day"), "day")
    columns = (first, *(Column(name) for name in KINDS.values()))
    rows = [Row((at, *(done[at, kind] for kind in KINDS))) for at in days]
    return Pace(Table("throughput", columns, rows), is_by_week)


def reviews_by_day(scope: Scope) -> Rows:
    """Day, reason of a rejection or "", reviews, those not set aside. One query."""
    return scope.rows(
        f"""
        SELECT {day("review.created_at")}, review.reason, count(*),
            count(*) FILTER (WHERE review.set_aside_at IS NULL)
        FROM curation_review review
        JOIN curation_entry entry ON entry.message_id = review.message_id
        WHERE {scope.entries} AND {scope.since("review.created_at")}
        GROUP BY 1, 2
        """
    )


def _texts_and_ballots(scope: Scope) -> Rows:
    return scope.rows(
        f"""
        SELECT 'written', {day("entry.created_at")}, count(*) FROM curation_entry entry
        WHERE {scope.entries} AND {scope.since("entry.created_at")}
            AND entry.origin = 'person' AND entry.state <> 'draft'
        GROUP BY 2
        UNION ALL
        SELECT 'accepted', {day("entry.decided_at")}, count(*) FROM curation_entry entry
        WHERE {scope.entries} AND {scope.since("entry.decided_at")}
            AND entry.origin <> 'import' AND entry.state = 'accepted'
        GROUP BY 2
        UNION ALL
        SELECT 'ballots', {day("ballot.created_at")}, count(*)
        FROM curation_ballot ballot
        JOIN curation_entry entry ON entry.message_id = ballot.prompt_id
        WHERE {scope.entries} AND {scope.since("ballot.created_at")}
            AND ballot.ranker_id IS NOT NULL
        GROUP BY 2
        """
    )


def _days(scope: Scope, found: set[date]) -> Sequence[date]:
    """All from the first to today."""
    today = localdate()
    begin = scope.begin or min(found, default=today)
    return [begin + timedelta(days=n) for n in range((today - begin).days + 1)]


def acceptance(scope: Scope) -> Table:
    """How long people's texts waited that were accepted in each week. One query.

    Those judged again are left out: their first verdict did not take so long.
    """
    found = {
        at: (count, *(seconds / 3600 for seconds in waited))
        for at, count, waited in scope.rows(
            f"""
            SELECT {week("entry.decided_at")}, count(*),
                percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
                    ORDER BY EXTRACT(EPOCH FROM entry.decided_at - entry.created_at)
                )
            FROM curation_entry entry
            WHERE {scope.entries} AND {scope.since("entry.decided_at")}
                AND entry.origin = 'person' AND entry.state = 'accepted'
                AND NOT EXISTS (
                    SELECT FROM curation_review review
                    WHERE review.message_id = entry.message_id
                        AND review.set_aside_at IS NOT NULL
                )
            GROUP BY 1
            """
        )
    }
    columns = (
        Column(_("Week from"), "day"),
        Column(_("Accepted")),
        Column(_("Median"), "hours"),
        Column(_("90th percentile"), "hours"),
    )
    today = localdate()
    begin = scope.begin or min(found, default=today)
    rows = [Row((at, *found.get(at, (0, None, None)))) for at in weeks(begin, today)]
    return Table("acceptance", columns, rows)

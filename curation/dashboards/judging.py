"""Why texts are rejected, and how far people agree week by week."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date

from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from curation.aggregate.reliability import krippendorff_alpha
from curation.dashboards.scope import Rows, Scope, week, weeks
from curation.dashboards.tables import Column, Row, Table
from curation.models import Review


def reasons(reviews: Rows) -> Table:
    """Of rejections, the most frequent first; of `reviews_by_day()`.

    What was set aside is no verdict any more.
    """
    counted: Counter[str] = Counter()
    for _at, reason, _given, standing in reviews:
        if reason:
            counted[reason] += standing
    total = counted.total()
    columns = (
        Column(_("Reason"), "text"),
        Column(_("Reviews")),
        Column(_("Share"), "share"),
    )
    rows = [
        Row((str(one.label), counted[one], counted[one] / total if total else None))
        for one in sorted(Review.Reason, key=lambda one: -counted[one])
    ]
    return Table("reasons", columns, rows)


def agreement(scope: Scope) -> Table:
    """By the same rules as on the page of agreement, of all judgements. Two queries.

    A text belongs to the week of its last review.
    """
    verdicts, orders = _verdicts(scope), _orders(scope)
    columns = (
        Column(_("Week from"), "day"),
        Column(_("Texts judged by several")),
        Column(_("Krippendorff’s alpha"), "decimal"),
        Column(_("Prompts ranked by several")),
        Column(_("Median of Kendall’s W"), "decimal"),
        Column(_("Contested")),
    )
    today = localdate()
    begin = scope.begin or min({*verdicts, *orders}, default=today)
    rows = []
    for at in weeks(begin, today):
        rated = verdicts[at]
        alpha = krippendorff_alpha(rated, times=list(rated.values()))
        rows.append(Row((at, rated.total(), alpha, *orders.get(at, (0, None, 0)))))
    return Table("agreement", columns, rows)


def _verdicts(scope: Scope) -> dict[date, Counter[tuple[str, ...]]]:
    """By week, how many texts were judged so: an edit agrees with acceptance, and final
    decisions are left out, as their curators had seen the others'. Earlier verdicts on a
    text of this time belong to it."""
    found: dict[date, Counter[tuple[str, ...]]] = defaultdict(Counter)
    lately = "SELECT message_id FROM curation_review WHERE created_at >= %(begin)s"
    candidates = f"review.message_id IN ({lately})" if scope.begin else "TRUE"
    for at, accepting, rejecting, texts in scope.rows(
        f"""
        SELECT {week("last_at")}, accepting, given - accepting, count(*) FROM (
            SELECT max(review.created_at) AS last_at, count(*) AS given,
                count(*) FILTER (WHERE review.verdict <> 'reject') AS accepting
            FROM curation_review review
            JOIN curation_entry entry ON entry.message_id = review.message_id
            WHERE {scope.entries} AND NOT review.is_final AND review.set_aside_at IS NULL
                AND {candidates}
            GROUP BY review.message_id
            HAVING count(*) > 1 AND {scope.since("max(review.created_at)")}
        ) judged
        GROUP BY 1, 2, 3
        """
    ):
        found[at][("accept",) * accepting + ("reject",) * rejecting] = texts
    return found


def _orders(scope: Scope) -> dict[date, tuple[int, float | None, int]]:
    """By the week in which they were settled; of prompts that are still there."""
    found = scope.rows(
        f"""
        SELECT {week("settlement.settled_at")}, count(*),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY settlement.kendall_w),
            count(*) FILTER (WHERE settlement.status = 'contested')
        FROM curation_settlement settlement
        JOIN curation_entry entry ON entry.message_id = settlement.prompt_id
        WHERE {scope.entries} AND {scope.since("settlement.settled_at")}
            AND entry.state = 'accepted' AND settlement.ballots > 1
        GROUP BY 1
        """
    )
    return {at: (prompts, w, contested) for at, prompts, w, contested in found}

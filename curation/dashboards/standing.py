"""How far each category is from its target, and what waits for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from curation.dashboards.scope import Scope, day
from curation.dashboards.tables import Cell, Column, Row, Table

PROGRESS = (
    Column(_("Category"), "text"),
    Column(_("Target")),
    Column(_("Complete")),
    Column(_("Of these in this time")),
    Column(_("Under way")),
    Column(_("Weeks left at this pace"), "weeks"),
)


def progress(scope: Scope) -> Table:
    """Conversations, in all languages: targets are for all of them. One query.

    The weeks that are left tell how long it takes at the pace of people in this time:
    what was imported is complete, but nobody completed it.
    """
    counted = {
        pk: rest
        for pk, *rest in scope.rows(
            f"""
            SELECT category_id, min({day("created_at")}),
                count(*) FILTER (WHERE state = 'complete'),
                count(*) FILTER (
                    WHERE state = 'complete' AND {scope.since("completed_at")}
                        AND NOT EXISTS (
                            SELECT FROM curation_message first
                            WHERE first.conversation_id = conversation.id
                                AND first.parent_id IS NULL
                                AND first.revises_id IS NULL
                                AND first.origin = 'import'
                        )
                ),
                count(*) FILTER (WHERE state IN ('review', 'growing', 'ranking'))
            FROM curation_conversation conversation
            WHERE dataset_id = %(dataset)s GROUP BY 1
            """
        )
    }
    today = localdate()
    # A young dataset has not had all of this time.
    first = min((first for first, *_counts in counted.values()), default=today)
    days = (today - max(first, scope.begin or first)).days + 1
    rows = []
    for one in [scope.category] if scope.category else scope.categories:
        _first, complete, lately, under_way = counted.get(one.pk, (today, 0, 0, 0))
        left = _weeks(one.target - complete, lately, days)
        cells = (one.name, one.target, complete, lately, under_way, left)
        rows.append(Row(cells, f"category={one.slug}"))
    return Table("progress", PROGRESS, rows)


def _weeks(missing: int, lately: int, days: int) -> float | None:
    """None where nothing moves."""
    if missing <= 0:
        return 0.0
    return missing * days / (7 * lately) if lately else None


class Kind(NamedTuple):
    """One sort of work that waits: what it is, and since when."""

    name: str | Promise
    sql: str
    is_for_curators: bool = False


# Models' answers wait to be ranked; a pair is judged as one, on its answer. Conversations
# have the columns of an entry that a scope asks for.
KINDS = {
    "review": Kind(
        _("Texts to review, since they were written"),
        "SELECT entry.created_at FROM curation_entry entry WHERE {entries} "
        "AND entry.state = 'submitted' AND entry.origin <> 'model' {whole}",
    ),
    "growing": Kind(
        _("Conversations to be answered, since they began"),
        "SELECT created_at FROM curation_conversation entry WHERE {entries} "
        "AND state = 'growing'",
    ),
    "ranking": Kind(
        _("Conversations to be ranked, since they began"),
        "SELECT created_at FROM curation_conversation entry WHERE {entries} "
        "AND state = 'ranking'",
    ),
    "held": Kind(
        _("Texts held for a curator, since then"),
        "SELECT entry.decided_at FROM curation_entry entry WHERE {entries} "
        "AND entry.state = 'held'",
    ),
    "flags": Kind(
        _("Flags without an answer, since they were raised"),
        "SELECT flag.created_at FROM curation_flag flag "
        "JOIN curation_entry entry ON entry.message_id = flag.message_id "
        "WHERE {entries} AND flag.resolved_at IS NULL",
        is_for_curators=True,
    ),
}


def waiting(scope: Scope, *, is_curator: bool) -> Table:
    """Now, by kind: how much, and for how long already. One query."""
    kinds = {
        name: kind for name, kind in KINDS.items() if is_curator or not kind.is_for_curators
    }
    found = {
        name: rest for name, *rest in scope.rows(" UNION ALL ".join(_asked(scope, kinds)))
    }
    columns = (
        Column(_("What waits"), "text"),
        Column(_("Now")),
        Column(_("Median age"), "hours"),
        Column(_("Oldest"), "hours"),
    )
    rows = []
    for name, kind in kinds.items():
        count, *ages = found[name]
        hours: tuple[Cell, ...] = tuple(None if a is None else a / 3600 for a in ages)
        rows.append(Row((str(kind.name), count, *hours)))
    return Table("waiting", columns, rows)


def _asked(scope: Scope, kinds: dict[str, Kind]) -> Iterator[str]:
    is_whole = "AND entry.role = 'assistant'" if scope.dataset.is_pairs else ""
    for name, kind in kinds.items():
        since = kind.sql.format(entries=scope.entries, whole=is_whole)
        yield f"""
            SELECT '{name}', count(*),
                percentile_cont(0.5) WITHIN GROUP (
                    ORDER BY EXTRACT(EPOCH FROM now() - since)
                ),
                EXTRACT(EPOCH FROM now() - min(since))::float
            FROM ({since}) waiting (since)
        """

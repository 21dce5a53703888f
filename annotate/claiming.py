"""Claiming in one statement: find the best open slot of a queue, lock it, lease it.

Written by hand, as every submit runs it and nothing runs more often. Who may have a slot
is said by AssignmentQuerySet.open_to() as well; tests/annotate/test_claiming.py compares
the two, so whoever changes one of them changes both.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.utils.timezone import now

from annotate.models import Assignment
from curation.models import Contributor
from curation.prepared import cursor_of_statements

# ---- where to look: each is a stretch of one index, walked in the order of the index ----
# assignment_queue_of_kind: one kind of work in one dataset.
OF_PAIR = """slot.kind = %(kind)s AND slot.dataset_id = %(dataset)s
      AND slot.reserved_for_id IS NULL"""
# assignment_queue: categories that the person prefers, over all that their roles cover.
CHOSEN = """slot.category_id = ANY(%(chosen)s) AND slot.reserved_for_id IS NULL
      AND (slot.kind, slot.dataset_id) IN (
          SELECT * FROM unnest(%(kinds)s::text[], %(datasets)s::bigint[]))"""
# assignment_reserved: what a curator gave to this person. Known items are reserved, too,
# but come only by gold.py, which sees whether they still may be shown.
PROMISED = """slot.reserved_for_id = %(person)s AND NOT slot.is_gold
      AND (slot.kind, slot.dataset_id) IN (
          SELECT * FROM unnest(%(kinds)s::text[], %(datasets)s::bigint[]))"""

# `mine` walks assignment_item_once_per_person and `passed` skip_once_per_person, a row or
# none each.
FITS = """
      -- as in AssignmentQuerySet.open_to()
      slot.state = 'open'
      AND NOT slot.barred @> ARRAY[%(person)s]::bigint[]
      AND NOT EXISTS (
          SELECT FROM annotate_assignment AS mine
          WHERE mine.person_id = %(person)s AND mine.kind = slot.kind
            AND mine.message_id = slot.message_id
            AND mine.ranking_round = slot.ranking_round)
      AND NOT EXISTS (
          SELECT FROM annotate_skip AS passed
          WHERE passed.person_id = %(person)s AND passed.kind = slot.kind
            AND passed.message_id = slot.message_id)
      -- as in queue.in_languages_of()
      AND (cardinality(%(languages)s::text[]) = 0 OR slot.language = ''
          OR slot.language = ANY(%(languages)s))"""
BEST = f"""
    SELECT slot.id
    FROM annotate_assignment AS slot
    WHERE {{where}} AND {FITS}
      -- what was asked for
      AND (%(category)s = '' OR slot.category_id IN (
          SELECT id FROM curation_category WHERE slug = %(category)s))
      -- a new text was passed over: another category, for now
      AND NOT (%(is_new_text_passed)s
          AND slot.category_id IS NOT DISTINCT FROM %(passed_category)s)
    ORDER BY slot.priority, slot.id
    LIMIT 1"""

# By name, not `*`: a prepared statement goes on while a migration adds a column.
COLUMNS = [field.column for field in Assignment._meta.concrete_fields]

# A row that somebody else is taking just now is stepped over.
LEASE_BEST = f"""
UPDATE annotate_assignment AS taken
SET state = 'leased', person_id = %(person)s, is_ahead = %(ahead)s::interval IS NOT NULL,
    lease_until = %(now)s::timestamptz
        + COALESCE(%(ahead)s::interval, make_interval(mins => policy.lease_minutes))
FROM curation_policy AS policy
WHERE policy.dataset_id = taken.dataset_id AND taken.id = ({BEST}
    FOR UPDATE SKIP LOCKED)
RETURNING {", ".join(f'taken."{column}"' for column in COLUMNS)}, policy.gold_every, (
    SELECT reputation.gold_share
    FROM curation_reputation AS reputation
    WHERE reputation.dataset_id = taken.dataset_id
      AND reputation.kind = CASE WHEN taken.kind IN ('rank', 'compare') THEN 'ranking'
          ELSE 'reviewing' END
      AND reputation.person_id = %(person)s) AS gold_share
"""

# What somebody holds already, with its lease begun anew; what they have seen comes first.
RENEW_HELD = f"""
UPDATE annotate_assignment AS held
SET lease_until = %(now)s::timestamptz + make_interval(mins => policy.lease_minutes),
    is_ahead = FALSE
FROM curation_policy AS policy
WHERE policy.dataset_id = held.dataset_id AND held.id = (
    SELECT slot.id
    FROM annotate_assignment AS slot
    WHERE slot.person_id = %(person)s AND slot.done_at IS NULL AND slot.state = 'leased'
      AND (slot.kind, slot.dataset_id) IN (
          SELECT * FROM unnest(%(kinds)s::text[], %(datasets)s::bigint[]))
      AND (%(category)s = '' OR slot.category_id IN (
          SELECT id FROM curation_category WHERE slug = %(category)s))
    ORDER BY slot.is_ahead, slot.id
    LIMIT 1
    FOR UPDATE)
RETURNING {", ".join(f'held."{column}"' for column in COLUMNS)}
"""

# How many slots of each kind and dataset are for somebody, counted no further than `most`.
WAITING = f"""
SELECT pair.kind, pair.dataset, counted.waiting
FROM unnest(%(kinds)s::text[], %(datasets)s::bigint[]) AS pair (kind, dataset), LATERAL (
    SELECT count(*) AS waiting
    FROM (
        SELECT FROM annotate_assignment AS slot
        WHERE slot.kind = pair.kind AND slot.dataset_id = pair.dataset
          -- a known item comes in the place of a review; there it is counted already
          AND NOT slot.is_gold
          AND (slot.reserved_for_id IS NULL OR slot.reserved_for_id = %(person)s)
          AND {FITS}
        ORDER BY slot.priority, slot.id  -- so that it walks the index and no further
        LIMIT %(most)s) AS found) AS counted
WHERE counted.waiting > 0
"""

# What decides where to look. A person without a profile has no wishes.
WISHES = """
SELECT COALESCE(profile.languages, '{}'),
    EXISTS (
        SELECT FROM annotate_assignment AS slot
        WHERE slot.reserved_for_id = %(person)s AND slot.state = 'open'
          AND NOT slot.is_gold),
    ARRAY(
        SELECT category.id
        FROM curation_category AS category
        WHERE category.topics && profile.topics OR category.id IN (
            SELECT picked.category_id FROM curation_profile_categories AS picked
            WHERE picked.profile_id = profile.contributor_id))
FROM (VALUES (%(person)s::bigint)) AS who (id)
LEFT JOIN curation_profile AS profile ON profile.contributor_id = who.id
"""


class Wishes(NamedTuple):
    languages: list[str]
    has_promised: bool
    chosen: list[int]  # categories


class Stretch(NamedTuple):
    """One of the queues above, with what it is asked for."""

    where: str
    asked: dict[str, Any]


class Claimed(NamedTuple):
    slot: Assignment
    gold_every: int  # by the rules of its dataset
    gold_share: float | None  # that this person should get; None of whom nothing is known


def lease_best(
    stretch: Stretch,
    by: Contributor,
    *,
    languages: Sequence[str] = (),
    category: str = "",
    passing_over: Assignment | None = None,
    ahead: timedelta | None = None,
) -> Claimed | None:
    """Lease the best slot there to the person, or None where nothing is for them.

    `ahead` is the length of a lease on what they have not seen yet; without it, the
    policy's holds. An IntegrityError says that they took the same item a moment ago.
    """
    is_new_text_passed = passing_over is not None and passing_over.message_id is None
    row = _first(
        LEASE_BEST.format(where=stretch.where),
        **stretch.asked,
        person=by.pk,
        languages=list(languages),
        category=category,
        is_new_text_passed=is_new_text_passed,
        passed_category=passing_over.category_id if passing_over else None,
        ahead=ahead,
        now=now(),
    )
    if row is None:
        return None
    gold_every, gold_share = row.pop("gold_every"), row.pop("gold_share")
    return Claimed(_slot(row), gold_every, gold_share)


def renew_held(
    by: Contributor, pairs: Sequence[tuple[str, int]], *, category: str = ""
) -> Assignment | None:
    """What the person holds of these kinds, with its lease begun anew."""
    asked = {**among(pairs), "category": category}
    row = _first(RENEW_HELD, **asked, person=by.pk, now=now())
    return _slot(row) if row else None


def find_best(
    stretch: Stretch, person: Contributor, *, languages: Sequence[str] = ()
) -> int | None:
    """The number of the slot that lease_best() would give just now; takes nothing."""
    row = _first(
        BEST.format(where=stretch.where),
        **stretch.asked,
        person=person.pk,
        languages=list(languages),
        category="",
        is_new_text_passed=False,
        passed_category=None,
    )
    return row["id"] if row else None


def waiting_for(
    person: Contributor,
    pairs: Sequence[tuple[str, int]],
    languages: Sequence[str],
    *,
    at_most: int,
) -> list[tuple[str, int, int]]:
    """Kind, dataset, and how many open slots of those the person may do."""
    asked = {**among(pairs), "person": person.pk, "languages": list(languages)}
    with cursor_of_statements() as cursor:
        cursor.execute(WAITING, {**asked, "most": at_most})
        return list(cursor.fetchall())


def wishes_of(person: Contributor) -> Wishes:
    """Causes a query."""
    with cursor_of_statements() as cursor:
        cursor.execute(WISHES, {"person": person.pk})
        return Wishes(*cursor.fetchone())


def among(pairs: Sequence[tuple[str, int]]) -> dict[str, Any]:
    return {
        "kinds": [str(kind) for kind, _ in pairs],
        "datasets": [dataset for _, dataset in pairs],
    }


def _first(sql: str, **params: Any) -> dict[str, Any] | None:
    with cursor_of_statements() as cursor:
        cursor.execute(sql, params)
        row = cursor.fetchone()
        return row and {c.name: v for c, v in zip(cursor.description, row, strict=True)}


def _slot(row: dict[str, Any]) -> Assignment:
    names = [field.attname for field in Assignment._meta.concrete_fields]
    return Assignment.from_db(connection.alias, names, [row[name] for name in names])

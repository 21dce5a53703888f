"""Whose weights are in whose: parents, and the parts of merged adapters, at any depth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db import connection

# A run that is above by two ways stands at its nearest place.
ABOVE = """
WITH RECURSIVE edge (below, above) AS (
    SELECT id, parent_id FROM trainer_run WHERE parent_id IS NOT NULL
    UNION ALL
    SELECT whole_id, run_id FROM trainer_part
), up (root, id, depth) AS (
    SELECT one, one, 0 FROM unnest(%s::bigint[]) AS one
    UNION
    SELECT up.root, edge.above, up.depth + 1 FROM up JOIN edge ON edge.below = up.id
)
SELECT up.root, up.id, run.version_id FROM up JOIN trainer_run AS run ON run.id = up.id
GROUP BY up.root, up.id, run.version_id ORDER BY up.root, min(up.depth), up.id DESC
"""


def above(run_ids: Iterable[int]) -> dict[int, list[int]]:
    """The runs whose weights went into each of these, the nearest first. A query."""
    found: dict[int, list[int]] = defaultdict(list)
    for root, run, _version in _rows(run_ids):
        if run != root:
            found[root].append(run)
    return found


def versions(run_ids: Iterable[int]) -> dict[int, list[int]]:
    """The versions whose texts are in the weights of each, its own first. A query."""
    found: dict[int, dict[int, None]] = defaultdict(dict)
    for root, _run, version in _rows(run_ids):
        found[root][version] = None
    return {root: list(those) for root, those in found.items()}


def _rows(run_ids: Iterable[int]) -> list[tuple[int, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(ABOVE, [list(run_ids)])
        rows: list[tuple[int, int, int]] = cursor.fetchall()
        return rows

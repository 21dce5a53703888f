"""How far texts reach: what was made of their words, and the versions that hold them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from curation.models import DatasetVersion

# The texts, and what others made of their words since: a reviewer's edit, an improvement.
DERIVED = """
WITH RECURSIVE theirs (id) AS (
    SELECT unnest(%s::bigint[])
    UNION
    SELECT later.id FROM curation_message AS later
    JOIN theirs ON later.revises_id = theirs.id
)
SELECT id FROM theirs ORDER BY id
"""
# An example holds its answer, all that was said before it, and the worse words that its
# answer replaced.
BELOW = """
WITH RECURSIVE below (root, id) AS (
    SELECT one, one FROM unnest(%s::bigint[]) AS one
    UNION ALL
    SELECT below.root, reply.id FROM curation_message AS reply
    JOIN below ON reply.parent_id = below.id
)
"""
UNDER = f"{BELOW} SELECT DISTINCT id FROM below ORDER BY id"
# What models said where these words had been said before: they read them, and quote them.
ECHOES = f"""{BELOW}
SELECT DISTINCT id FROM below JOIN curation_message AS said USING (id)
WHERE said.origin = 'model' AND below.id <> below.root ORDER BY id
"""
HOLDING = f"""{BELOW}
SELECT item.version_id, below.root
FROM below JOIN curation_versionitem AS item ON item.reply_id = below.id
UNION
SELECT item.version_id, below.root
FROM below JOIN curation_versionitem AS item ON item.instead_of_id = below.id
ORDER BY 1, 2
"""


def derived(message_ids: Iterable[int]) -> list[int]:
    """These messages and everything that revises them, however often."""
    return _column(DERIVED, message_ids)


def under(message_ids: Iterable[int]) -> list[int]:
    """These messages and all that stands below them: whatever is learned with them."""
    return _column(UNDER, message_ids)


def echoes(message_ids: Iterable[int]) -> list[int]:
    """What models answered anywhere below these messages."""
    return _column(ECHOES, message_ids)


def holding(message_ids: Iterable[int]) -> list[tuple[int, int]]:
    """Pairs of a version and one of these messages that an example of it contains."""
    with connection.cursor() as cursor:
        cursor.execute(HOLDING, [list(message_ids)])
        return [(version, message) for version, message in cursor.fetchall()]


def versions_holding(message_ids: Iterable[int]) -> list[DatasetVersion]:
    """Newest first, each with its dataset."""
    ids = {version for version, _ in holding(message_ids)}
    rows = DatasetVersion.objects.filter(pk__in=ids).select_related("dataset")
    return list(rows.order_by("-frozen_at", "-pk"))


def _column(sql: str, message_ids: Iterable[int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(message_ids)])
        return [pk for (pk,) in cursor.fetchall()]

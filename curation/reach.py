"""How far texts reach: what was made of their words, and the versions that hold them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from curation.models import Contributor, Conversation, DatasetVersion, Message

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
# The same, as far as these others may be known: they, and what stands below them, are none.
HOLDING_BUT_BY = """
WITH RECURSIVE below (id) AS (
    SELECT one FROM unnest(%s::bigint[]) AS one WHERE one <> ALL(%s::bigint[])
    UNION
    SELECT reply.id FROM curation_message AS reply
    JOIN below ON reply.parent_id = below.id WHERE reply.id <> ALL(%s::bigint[])
)
SELECT item.version_id FROM curation_versionitem AS item
JOIN below ON below.id = item.reply_id
UNION
SELECT item.version_id FROM curation_versionitem AS item
JOIN below ON below.id = item.instead_of_id WHERE item.reply_id <> ALL(%s::bigint[])
"""
FROZEN_SINCE = f"""{BELOW},
later AS (SELECT id FROM curation_datasetversion WHERE frozen_at >= %s)
SELECT EXISTS (
    SELECT FROM curation_versionitem AS item JOIN later ON later.id = item.version_id
    JOIN below ON below.id = item.reply_id
) OR EXISTS (
    SELECT FROM curation_versionitem AS item JOIN later ON later.id = item.version_id
    JOIN below ON below.id = item.instead_of_id
)
"""
# Of a person: in which version how many of their texts are, and how many are held out; as
# far as these others may be known, as above.
OF_PERSON = """
WITH RECURSIVE below (root, id) AS (
    SELECT id, id FROM curation_message WHERE author_id = %s AND id <> ALL(%s::bigint[])
    UNION ALL
    SELECT below.root, reply.id FROM curation_message AS reply
    JOIN below ON reply.parent_id = below.id WHERE reply.id <> ALL(%s::bigint[])
), held AS (
    SELECT item.version_id, below.root, item.split
    FROM below JOIN curation_versionitem AS item ON item.reply_id = below.id
    UNION
    SELECT item.version_id, below.root, item.split
    FROM below JOIN curation_versionitem AS item ON item.instead_of_id = below.id
    WHERE item.reply_id <> ALL(%s::bigint[])
)
SELECT held.version_id, count(DISTINCT root) FILTER (WHERE role = %s),
    count(DISTINCT root) FILTER (WHERE role <> %s),
    count(DISTINCT root) FILTER (WHERE split = %s)
FROM held JOIN curation_message AS message ON message.id = held.root
GROUP BY held.version_id
"""
# Every text of some splits of versions: their answers, all that was said before them, and
# the worse words that stand beside some.
PATH = """
WITH RECURSIVE path (id) AS (
    SELECT unnest(ARRAY[reply_id, instead_of_id]) FROM curation_versionitem
    WHERE version_id = ANY(%s) AND split = ANY(%s)
    UNION
    SELECT message.parent_id FROM curation_message AS message
    JOIN path ON message.id = path.id WHERE message.parent_id IS NOT NULL
)
"""
WRITERS = f"""{PATH}
SELECT message.author_id, count(*) FROM curation_message AS message
JOIN path USING (id) WHERE message.author_id IS NOT NULL GROUP BY 1 ORDER BY 1
"""
RANKERS = f"""{PATH}
SELECT ballot.ranker_id, count(*) FROM curation_ballot AS ballot
JOIN path ON path.id = ballot.prompt_id
WHERE ballot.ranker_id IS NOT NULL AND ballot.outcome = 'ranked'
    AND ballot.created_at <= %s
    AND (ballot.set_aside_at IS NULL OR ballot.set_aside_at > %s)
GROUP BY 1 ORDER BY 1
"""

RECALLED = """
SELECT named.key, count(DISTINCT recall.message_id),
    count(DISTINCT tombstone.message_id), min(recall.at)
FROM unnest(%s::bigint[], %s::bigint[]) AS named (key, version)
JOIN curation_recall AS recall ON recall.version_id = named.version
LEFT JOIN curation_tombstone AS tombstone ON tombstone.message_id = recall.message_id
GROUP BY named.key ORDER BY named.key
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
    return rows(HOLDING, list(message_ids))


def is_frozen_since(message_ids: Iterable[int], since: datetime) -> bool:
    """Whether a version that was frozen since then holds one of these."""
    return bool(rows(FROZEN_SINCE, list(message_ids), since)[0][0])


def versions_holding(
    message_ids: Iterable[int], *, but_by: Collection[int] = ()
) -> list[DatasetVersion]:
    """Newest first, each with its dataset. `but_by` are messages by which nobody is to know
    that it does."""
    asked, hidden = list(message_ids), list(but_by)
    ids = [version for (version,) in rows(HOLDING_BUT_BY, asked, hidden, hidden, hidden)]
    found = DatasetVersion.objects.filter(pk__in=ids).select_related("dataset")
    return list(found.order_by("-frozen_at", "-pk"))


def of_person(
    person: Contributor, *, but_by: Collection[int] = ()
) -> dict[int, tuple[int, int, int]]:
    """Version to how many answers and how many questions of theirs it holds, and how many
    of both for evaluation. `but_by` as of versions_holding()."""
    hidden = list(but_by)
    asked = (person.pk, hidden, hidden, hidden)
    role, kept = Message.Role.ASSISTANT.value, Conversation.Split.HELD_OUT.value
    return {
        version: tuple(counts)
        for version, *counts in rows(OF_PERSON, *asked, role, role, kept)
    }


def writers(
    *versions: DatasetVersion, splits: Iterable[str] = Conversation.Split.values
) -> dict[int, int]:
    """Everybody whose words are in these splits, to how many texts of theirs; one that is
    in several of the versions counts once."""
    return dict(rows(WRITERS, [version.pk for version in versions], list(splits)))


def rankers(
    version: DatasetVersion, splits: Iterable[str] = Conversation.Split.values
) -> dict[int, int]:
    """Everybody whose order of answers counted when it was frozen, to how many prompts.

    Nobody, where its recipe reads no ballots.
    """
    if not (version.manifest.get("counts") or {}).get("rankings"):
        return {}
    at = version.frozen_at
    return dict(rows(RANKERS, [version.pk], list(splits), at, at))


def recalled(versions: Mapping[int, Iterable[int]]) -> list[tuple[int, int, int, datetime]]:
    """By the key of several versions: how many of their texts were taken back, how many of
    those are destroyed, and when the first was. A text in two of them counts once."""
    pairs = [(key, version) for key, those in versions.items() for version in those]
    return rows(RECALLED, [key for key, _ in pairs], [version for _, version in pairs])


def rows(sql: str, *params: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[Any] = cursor.fetchall()
        return found


def _column(sql: str, message_ids: Iterable[int]) -> list[int]:
    return [pk for (pk,) in rows(sql, list(message_ids))]

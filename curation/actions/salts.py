"""Random bytes beside each message that a version holds: see models/salts.py."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from curation.models import MessageSalt

# Two random UUIDs have 244 random bits, from the source that PostgreSQL keeps for keys.
GIVE = """
INSERT INTO curation_messagesalt (message_id, salt)
SELECT id, decode(
    replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'
)
FROM unnest(%s::bigint[]) AS id ORDER BY id
ON CONFLICT DO NOTHING
"""


def salts_of(message_ids: Collection[int]) -> dict[int, bytes]:
    """Of those that have one. A salt that was destroyed is not there."""
    rows = MessageSalt.objects.filter(message__in=message_ids)
    return {pk: bytes(salt) for pk, salt in rows.values_list("message", "salt")}


def salts_for(message_ids: Collection[int]) -> dict[int, bytes]:
    """Of all of them: who has none gets one now, in one statement."""
    found = salts_of(message_ids)
    if missing := [pk for pk in message_ids if pk not in found]:
        with connection.cursor() as cursor:
            cursor.execute(GIVE, [missing])
        found |= salts_of(missing)
    return found

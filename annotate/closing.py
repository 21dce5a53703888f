"""A task is done: all that the work surface notes of it, in one statement.

Written by hand, as every submit runs it.
"""

from __future__ import annotations

from typing import Any

from django.utils.timezone import now
from psycopg.types.json import Jsonb

from annotate.models import Assignment, Submission
from curation.prepared import cursor_of_statements

CLOSE = """
WITH closed AS (
    UPDATE annotate_assignment
    SET state = 'done', done_at = %(at)s, lease_until = NULL, is_ahead = false,
        conversation_id = %(conversation)s::bigint
    WHERE id = %(slot)s
), sent AS (
    DELETE FROM annotate_draft WHERE assignment_id = %(slot)s AND person_id = %(person)s
), planned AS (
    -- as planner.plan_locked() notes it; its work follows in the same transaction
    INSERT INTO annotate_plan (conversation_id, seen)
    SELECT * FROM (VALUES (%(conversation)s::bigint, %(changes)s::integer)) AS it (id, seen)
    WHERE id IS NOT NULL
    ON CONFLICT (conversation_id) DO UPDATE SET seen = EXCLUDED.seen
)
INSERT INTO annotate_submission
    (key, person_id, assignment_id, fingerprint, at, fields, after_event, last_event)
VALUES (%(key)s, %(person)s, %(slot)s, %(fingerprint)s, %(at)s, %(fields)s,
    %(after)s::bigint, %(last)s::bigint)
"""


def close(slot: Assignment, mark: Submission) -> None:
    """Close the slot, drop its draft, and note the key and the plan.

    An IntegrityError says that the key was used before.
    """
    slot.state, slot.lease_until, slot.is_ahead = Assignment.State.DONE, None, False
    slot.done_at = now()
    begun = slot.conversation
    fields: Any = Jsonb(mark.fields)
    with cursor_of_statements() as cursor:
        cursor.execute(
            CLOSE,
            {
                "slot": slot.pk,
                "at": slot.done_at,
                "conversation": begun.pk if begun else None,
                "changes": begun.changes if begun else None,
                "key": mark.key,
                "person": mark.person_id,
                "fingerprint": mark.fingerprint,
                "fields": fields,
                "after": mark.after_event,
                "last": mark.last_event,
            },
        )

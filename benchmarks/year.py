"""A year of a large dataset: what shelf.py makes, spread over its days, and judged.

Runs inside Django: `manage.py shell -c "from benchmarks import year; year.seed(1000)"`.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import redirect_stdout
from io import StringIO

from django.db import connection

from benchmarks import shelf
from curation.models import Review

DAYS = 365
# Every text a little later than the one before; decided within hours, a few within weeks.
SPREAD = f"""
WITH made AS (SELECT min(id) AS first, max(id) - min(id) + 1 AS count FROM curation_message)
UPDATE curation_message SET
    created_at = now() - interval '{DAYS} days' * (1 - (id - first)::float / count),
    decided_at = CASE WHEN state <> 'submitted' THEN least(
        now(), now() - interval '{DAYS} days' * (1 - (id - first)::float / count)
        + interval '40 hours' * (-ln(1 - random()))
    ) END
FROM made
"""
CONVERSATIONS = """
UPDATE curation_conversation SET created_at = message.created_at,
    state = CASE WHEN mod(message.id, 10) < 7 THEN 'complete' ELSE 'growing' END,
    completed_at = CASE WHEN mod(message.id, 10) < 7
        THEN least(now(), message.created_at + interval '5 days') END
FROM curation_message message
WHERE message.conversation_id = curation_conversation.id AND message.parent_id IS NULL
"""
# A verdict on each text that was decided, and a second one on every third.
REVIEWS = """
INSERT INTO curation_review (message_id, reviewer_id, verdict, reason, note, is_final,
    active_seconds, created_at)
SELECT message.id, people.first + 200 + mod(message.id * 31 + nth * 7, 700),
    CASE WHEN state = 'rejected' OR mod(message.id + nth, 12) = 0 THEN 'reject'
        ELSE 'accept' END,
    CASE WHEN state = 'rejected' OR mod(message.id + nth, 12) = 0
        THEN (ARRAY['wrong', 'wrong', 'unclear', 'spam'])[1 + mod(message.id, 4)]
        ELSE '' END,
    '', false, 40, coalesce(decided_at, message.created_at)
FROM curation_message message
CROSS JOIN (SELECT min(id) AS first FROM curation_contributor) people
CROSS JOIN generate_series(1, 2) nth
WHERE message.state IN ('accepted', 'rejected') AND (nth = 1 OR mod(message.id, 3) = 0)
ORDER BY decided_at
ON CONFLICT DO NOTHING
"""
BALLOTS = """
INSERT INTO curation_ballot (prompt_id, ranker_id, ranking_round, outcome, protocol,
    reason, note, created_at)
SELECT prompt_id, people.first + 200 + mod(prompt_id * 13 + nth * 7, 700), 1, 'ranked',
    'ranking', '', '', message.created_at + interval '6 days'
FROM curation_settlement settlement
JOIN curation_message message ON message.id = settlement.prompt_id
CROSS JOIN (SELECT min(id) AS first FROM curation_contributor) people
CROSS JOIN generate_series(1, 2) nth
ON CONFLICT DO NOTHING
"""
SETTLED = """
UPDATE curation_settlement SET ballots = 2, kendall_w = random(),
    settled_at = message.created_at + interval '6 days'
FROM curation_message message WHERE message.id = prompt_id
"""


def seed(messages: int) -> None:
    """Everything, then one JSON line, as of shelf.py."""
    began, said = time.monotonic(), StringIO()
    with redirect_stdout(said):
        shelf.seed(messages)
    with connection.cursor() as cursor:
        for sql in (SPREAD, CONVERSATIONS, REVIEWS, BALLOTS, SETTLED, "VACUUM ANALYZE"):
            cursor.execute(sql)
    line = json.loads(said.getvalue()) | {
        "reviews": Review.objects.count(),
        "seconds": round(time.monotonic() - began),
    }
    sys.stdout.write(json.dumps(line) + "\n")

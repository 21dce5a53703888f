"""A dataset of a million messages to browse: copies of what the product itself wrote.

Words are as unequally frequent as in a language, categories and states as in a campaign.
Runs inside Django: `manage.py shell -c "from benchmarks import shelf; shelf.seed(1000)"`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from benchmarks import crowd, inspected
from curation.actions import datasets, tallies
from curation.models import (
    Category,
    Contributor,
    Conversation,
    Dataset,
    Guideline,
    Membership,
    Message,
)

CATEGORIES, GUIDELINES = 10, 5
VOCABULARY, WORDS_A_TEXT = 20_000, 80


def _one_of(many: int, *, salt: int) -> str:
    """SQL: of the nth conversation a number below so many, by chance and yet the same."""
    return f"mod(hashint8extended(n::bigint, {salt}) & 1048575, {many})"


# Few are in a third language, and the first fifth was imported.
LANGUAGE = (
    f"CASE WHEN {_one_of(1000, salt=1)} = 7 THEN 'sw' "
    f"WHEN {_one_of(5, salt=2)} = 0 THEN 'de' ELSE 'en' END"
)
CATEGORY = _one_of(CATEGORIES, salt=3)
IS_MODEL = f"{_one_of(10, salt=4)} = 4"
IS_COMPLETE = f"{_one_of(1000, salt=5)} >= 300"
CONVERSATION_STATE = (
    f"(ARRAY['held', 'review', 'ranking', 'growing', 'complete'])"
    f"[1 + width_bucket({_one_of(1000, salt=5)}, ARRAY[1, 5, 100, 300])]"
)


def _state(step: int) -> str:
    """Most of it is decided; what is not, is spread over all of the time."""
    of_all = "(ARRAY['held', 'rejected', 'submitted', 'accepted'])"
    return f"{of_all}[1 + width_bucket({_one_of(5000, salt=6 + step)}, ARRAY[1, 250, 750])]"


# What a copy writes to, itself and by triggers.
FILLED = ("curation_conversation", "curation_message", "curation_entry", "curation_words")
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid::regclass::text = ANY (%s) AND contype IN ('f', 'u')
    ORDER BY contype, conname
"""
INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid::regclass::text = ANY (%s) AND NOT indisprimary
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


def seed(messages: int) -> None:
    """Everything, then one JSON line: an author, seconds, and what it takes on disk."""
    began = time.monotonic()
    people = crowd._people()
    admin = Contributor.objects.create_superuser("admin@crowd.example")
    with transaction.atomic():
        dataset = datasets.create(
            slug="shelf",
            title="Shelf",
            shape="conversations",
            by=admin,
            guideline=crowd.GUIDELINE,
            policy={"open_conversations": 1, **crowd.NO_FOLLOW_UPS},
        )
        Membership.objects.bulk_create(
            Membership(dataset=dataset, contributor=person, role=role)
            for person in people
            for role in ("writer", "reviewer")
        )
        Guideline.objects.bulk_create(
            Guideline(dataset=dataset, number=n, text=f"Version {n}")
            for n in range(2, GUIDELINES + 1)
        )
        Category.objects.bulk_create(
            Category(dataset=dataset, slug=f"c{n}", name=f"Category {n}")
            for n in range(CATEGORIES)
        )
        first = crowd._answered(dataset, people[:8])
        with _bare(*FILLED):
            _copy(first, dataset, messages)
        _judge(dataset)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    tallies.count_large()
    line = {
        "messages": Message.objects.count(),
        "seconds": round(time.monotonic() - began),
        "author": people[3].pk,
        "sizes": _sizes(),
    }
    sys.stdout.write(json.dumps(line) + "\n")


def sign_in() -> None:
    """One JSON line: a session of a curator and one of a member."""
    emails = {"curator": "admin@crowd.example", "member": "p0@crowd.example"}
    people = {who: Contributor.objects.get(email=email) for who, email in emails.items()}
    sessions = {who: crowd._session(person) for who, person in people.items()}
    sys.stdout.write(json.dumps(sessions) + "\n")


def _copy(first: Conversation, dataset: Dataset, messages: int) -> None:
    its_messages = list(first.messages.order_by("pk"))
    count = messages // len(its_messages)
    categories, guidelines = (
        f"(ARRAY{list(rows.order_by('pk').values_list('pk', flat=True))}::bigint[])"
        for rows in (dataset.categories.all(), dataset.guidelines.all())
    )
    start = crowd.copy_rows(
        Conversation,
        first.pk,
        count,
        uid="gen_random_uuid()",
        prompt_key="md5(n::text)",
        category_id=f"{categories}[1 + {CATEGORY}]",
        language=LANGUAGE,
        state=CONVERSATION_STATE,
        completed_at=f"CASE WHEN {IS_COMPLETE} THEN t.created_at END",
    )
    starts: dict[int | None, str] = {None: "NULL"}
    is_import = f"n <= {count // 5}"
    for step, message in enumerate(its_messages):
        state = _state(step)
        modelled = IS_MODEL if message.parent_id else "false"
        at = crowd.copy_rows(
            Message,
            message.pk,
            count,
            uid="gen_random_uuid()",
            conversation_id=f"{start} + n",
            parent_id=starts[message.parent_id],
            origin=f"CASE WHEN {is_import} THEN 'import' WHEN {modelled} THEN 'model' "
            "ELSE 'person' END",
            author_id=f"CASE WHEN {is_import} OR {modelled} THEN NULL "
            f"ELSE {crowd._author(step)} END",
            generator=f"CASE WHEN {modelled} AND NOT {is_import} THEN 'model-1' "
            "ELSE '' END",
            language=LANGUAGE,
            state=state,
            decided_at=f"CASE WHEN {state} = 'submitted' THEN NULL ELSE t.decided_at END",
            guideline_id=f"{guidelines}[1 + (n - 1) * {GUIDELINES} / {count}]",
            text=_text(),
        )
        starts[message.pk] = f"{at} + n"


@contextmanager
def _bare(*tables: str) -> Iterator[None]:
    """Without their indexes and foreign keys, which are then made at once.

    In a transaction, so that nobody sees them without. Primary keys stay.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        # Those that are due at the end of a transaction would forbid any change of a table.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(CONSTRAINTS, [list(tables)])
        constraints = cursor.fetchall()
        for table, name, _ in constraints:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        cursor.execute(INDEXES, [list(tables)])
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _, made in indexes:
            cursor.execute(made)
        for table, name, made in reversed(constraints):
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {made}')


def _text() -> str:
    """Words as `word()` in browse.py makes them, and one that no other text has."""
    return (
        "(SELECT string_agg(left(md5(floor(power(random(), 4) * "
        f"{VOCABULARY})::int::text), 7), ' ') || ' ' || left(md5('u' || n), 9) "
        f"FROM generate_series(1, {WORDS_A_TEXT} + n * 0))"
    )


def _judge(dataset: Dataset) -> None:
    """What checks found in a few, what ballots on most prompts add up to, and that workers
    have seen it all: otherwise they would be at it while pages are measured."""
    with connection.cursor() as cursor:
        for statement in JUDGED:
            cursor.execute(statement)
    inspected.note_all(dataset)


JUDGED = (
    """
    INSERT INTO curation_finding (
        message_id, check_name, check_version, score, spans, advice, created_at
    )
    SELECT id, CASE WHEN mod(id, 4) = 0 THEN 'secret' ELSE 'length' END, 1, 1, '[]',
        'Look at it.', now()
    FROM curation_message WHERE mod(id, 33) = 0 ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO curation_settlement (
        prompt_id, "order", margins, ballots, is_weighted, is_due, status, settled_at
    )
    SELECT parent_id, jsonb_agg(jsonb_build_array(id) ORDER BY hashint8(id)), '[]', 1,
        false, false, CASE WHEN mod(parent_id, 50) = 0 THEN 'contested'
            WHEN mod(parent_id, 3) = 0 THEN 'insufficient' ELSE 'consensus' END, now()
    FROM curation_message WHERE mod(parent_id, 5) < 3 GROUP BY parent_id
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO curation_ballot (
        prompt_id, ranker_id, ranking_round, outcome, protocol, reason, note, created_at
    )
    SELECT id, (SELECT max(id) FROM curation_contributor WHERE NOT is_staff), 1, 'ranked',
        'ranking', '', '', now()
    FROM curation_message WHERE parent_id IS NULL AND mod(id, 20) = 0
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO curation_ballotentry (ballot_id, reply_id, position, shown, rating)
    SELECT ballot.id, reply.id, place, place, 1 + mod(hashint8(reply.id) & 65535, 7)
    FROM curation_ballot ballot, LATERAL (
        SELECT id, row_number() OVER (ORDER BY id) AS place
        FROM curation_message WHERE parent_id = ballot.prompt_id
    ) reply
    """,
)


def _sizes() -> dict[str, int]:
    """Megabytes of what browsing needs besides the messages."""
    names = (
        "curation_message", "curation_entry", "curation_words", "entry_by_dataset",
        "entry_by_state", "entry_by_author", "entry_with_findings", "entry_by_status",
        "words_of_messages",
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_total_relation_size(oid) / 1048576 FROM pg_class "
            "WHERE relname = ANY (%s)",
            [list(names)],
        )
        return {name: int(size) for name, size in cursor.fetchall()}

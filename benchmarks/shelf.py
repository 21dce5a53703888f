"""A dataset of a million messages to browse: copies of what the product itself wrote.

Words are as unequally frequent as in a language, categories and states as in a campaign.
Runs inside Django: `manage.py shell -c "from benchmarks import shelf; shelf.seed(1000)"`.
"""

from __future__ import annotations

import json
import sys
import time

from django.db import connection, transaction

from benchmarks import crowd
from curation.actions import datasets
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
# Of the nth conversation: few are in a third language, and the first fifth was imported.
LANGUAGE = "CASE WHEN mod(n, 1000) = 7 THEN 'sw' WHEN mod(n, 5) = 0 THEN 'de' ELSE 'en' END"
# Most of it is decided; what is not, is spread over all of the time.
STATE = (
    "CASE WHEN mod(n * 7 + {step}, 5000) = 3 THEN 'held' "
    "WHEN mod(n * 3 + {step}, 20) = 0 THEN 'rejected' "
    "WHEN mod(n * 11 + {step}, 10) = 1 THEN 'submitted' ELSE 'accepted' END"
)


def seed(messages: int) -> None:
    """Everything, then one JSON line: sessions, words to look for, seconds."""
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
        _copy(first, dataset, messages)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    line = {
        "messages": Message.objects.count(),
        "seconds": round(time.monotonic() - began),
        "curator": crowd._session(admin),
        "member": crowd._session(people[0]),
        "author": people[3].pk,
        "sizes": _sizes(),
    }
    sys.stdout.write(json.dumps(line) + "\n")


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
        category_id=f"{categories}[1 + mod(n * 7919, {CATEGORIES})]",
        language=LANGUAGE,
    )
    starts: dict[int | None, str] = {None: "NULL"}
    is_import, is_model = f"n <= {count // 5}", "mod(n, 10) = 4"
    for step, message in enumerate(its_messages):
        state = STATE.format(step=step)
        modelled = is_model if message.parent_id else "false"
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
    _judge()


def _text() -> str:
    """Words as `word()` in browse.py makes them, and one that no other text has."""
    return (
        "(SELECT string_agg(left(md5(floor(power(random(), 4) * "
        f"{VOCABULARY})::int::text), 7), ' ') || ' ' || left(md5('u' || n), 9) "
        f"FROM generate_series(1, {WORDS_A_TEXT} + n * 0))"
    )


def _judge() -> None:
    """What checks found in a few, and what ballots on most prompts add up to."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO curation_finding (message_id, check_name, check_version, score, "
            "spans, advice, created_at) SELECT id, CASE WHEN mod(id, 4) = 0 THEN 'secret' "
            "ELSE 'length' END, 1, 1, '[]', 'Look at it.', now() "
            "FROM curation_message WHERE mod(id, 33) = 0 ON CONFLICT DO NOTHING"
        )
        cursor.execute(
            'INSERT INTO curation_settlement (prompt_id, "order", margins, ballots, '
            "is_weighted, status, settled_at) SELECT id, '[]', '[]', 1, false, CASE WHEN "
            "mod(id, 50) = 0 THEN 'contested' WHEN mod(id, 3) = 0 THEN 'insufficient' "
            "ELSE 'consensus' END, now() FROM curation_message WHERE parent_id IS NULL "
            "AND mod(id, 5) < 3 ON CONFLICT DO NOTHING"
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

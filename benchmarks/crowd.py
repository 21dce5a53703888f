"""300,000 open slots, and the people for them: copies of what the product itself wrote.

Runs inside Django: `manage.py shell -c "from benchmarks import crowd; crowd.seed()"`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection, models, transaction

from annotate import planner
from annotate.models import Assignment, Plan
from benchmarks import inspected
from curation.actions import conversations, datasets, messages
from curation.models import Contributor, Conversation, Dataset, Membership, Message

PEOPLE = 1_000
AUTHORS = 100  # the first of the people: own words are a danger to them
# Fewer words than in a real text would make rendering cheaper than it is.
PROMPT = (
    "Our reading group meets in a café that closes at nine. Last week eleven of us came, "
    "and two had to stand.\n\nHow would you ask the owner for a second table without "
    "making it sound like a complaint? We have been coming for **three years**."
)
REPLY = (
    "Say what you like about the place first, then ask plainly:\n\n"
    "1. Thank her for the three years.\n2. Say how many you will be next week.\n"
    "3. Ask whether a second table would be in the way of other guests.\n\n"
    "Something like: “We love coming here. Next Thursday we are eleven; could we push two "
    "tables together, or would another evening suit you better?” A question leaves her "
    "free to say no, and a number lets her plan. If she hesitates, offer to come *half an "
    "hour earlier*, when it is quiet."
)
GUIDELINE = "Judge what is written, not who may have written it.\n\n- Is it right?\n" * 5


class Sort(NamedTuple):
    """Conversations of one sort: how the first is made, and how many copies there are."""

    slug: str
    shape: str
    policy: dict[str, int]
    make: Callable[[Dataset, list[Contributor]], Conversation]
    conversations: int


# ---- one of each sort, by the product's own verbs ------------------------------------
def _pair(dataset: Dataset, by: list[Contributor]) -> Conversation:
    return conversations.write_pair(dataset=dataset, by=by[0], prompt=PROMPT, reply=REPLY)


def _prompt(dataset: Dataset, by: list[Contributor]) -> Conversation:
    return conversations.write_prompt(dataset=dataset, by=by[0], text=PROMPT)


def _accepted_prompt(dataset: Dataset, by: list[Contributor]) -> Conversation:
    conversation = _prompt(dataset, by)
    _accept(conversation.messages.get(), by[-2:])
    return conversation


def _answered(dataset: Dataset, by: list[Contributor]) -> Conversation:
    conversation = _accepted_prompt(dataset, by)
    prompt = conversation.messages.get()
    for writer in by[1:4]:
        text = f"{REPLY}\n\nThat is how {writer.name} would do it."
        _accept(messages.reply(parent_id=prompt.pk, by=writer, text=text), by[-2:])
    return conversation


def _accept(message: Message, by: list[Contributor]) -> None:
    for reviewer in by:
        message.refresh_from_db()
        if message.state == Message.State.SUBMITTED:
            messages.review(message_id=message.pk, by=reviewer, verdict="accept")


TWO_REVIEWS = {"reviews_wanted": 2, "approvals_needed": 2}
NO_FOLLOW_UPS = {"rankings_wanted": 1, "max_depth": 2}
SORTS = [
    Sort("talks", "conversations", TWO_REVIEWS, _prompt, 90_000),
    Sort("pairs", "pairs", {}, _pair, 60_000),
    Sort("answers", "conversations", {"replies_wanted": 3}, _accepted_prompt, 10_000),
    Sort("rankings", "conversations", NO_FOLLOW_UPS, _answered, 30_000),
]


def seed(share: int = 1) -> None:
    """Everything, then one JSON line: the session of each person, and the open slots.

    `share` makes so many times fewer conversations.
    """
    people = _people()
    admin = Contributor.objects.create_superuser("admin@crowd.example")
    for sort in SORTS:
        with transaction.atomic():
            dataset = datasets.create(
                slug=sort.slug,
                title=sort.slug.title(),
                shape=sort.shape,
                by=admin,
                guideline=GUIDELINE,
                policy={"open_conversations": 1, **sort.policy},
            )
            Membership.objects.bulk_create(
                Membership(dataset=dataset, contributor=person, role=role)
                for person in people
                for role in ("writer", "reviewer")
            )
            first = sort.make(dataset, people[:8])
            planner.plan(first.pk)
            _copy(first, sort.conversations // share - 1)
            inspected.note_all(dataset)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    is_open = Assignment.objects.filter(state=Assignment.State.OPEN)
    line = {
        "slots": is_open.count(),
        "sessions": {person.pk: _session(person) for person in people},
    }
    sys.stdout.write(json.dumps(line) + "\n")


def _people() -> list[Contributor]:
    return Contributor.objects.bulk_create(
        Contributor(email=f"p{n}@crowd.example", name=f"Person {n}", password="!")
        for n in range(PEOPLE)
    )


def _session(person: Contributor) -> str:
    """Signed in once: the password's slow hash is not what is measured."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    return str(session.session_key)


# ---- copies ----------------------------------------------------------------------------
def _copy(first: Conversation, count: int) -> None:
    """The conversation, its messages and slots so many times, each with other authors."""
    its_messages = list(first.messages.order_by("pk"))
    writers = {m.author_id: _author(number) for number, m in enumerate(its_messages)}
    start = copy_rows(
        Conversation, first.pk, count, uid="gen_random_uuid()", prompt_key="md5(n::text)"
    )
    copy_rows(Plan, first.pk, count, conversation_id=f"{start} + n")
    starts: dict[int | None, str] = {None: "NULL"}
    for message in its_messages:
        at = copy_rows(
            Message,
            message.pk,
            count,
            uid="gen_random_uuid()",
            conversation_id=f"{start} + n",
            parent_id=starts[message.parent_id],
            author_id=writers[message.author_id],
            text="t.text || E'\\n\\nThis is number ' || n || '.'",
        )
        starts[message.pk] = f"{at} + n"
    for slot in Assignment.objects.filter(conversation=first):
        barred = ", ".join(writers[pk] for pk in slot.barred)
        copy_rows(
            Assignment,
            slot.pk,
            count,
            conversation_id=f"{start} + n",
            message_id=starts[slot.message_id],
            barred=f"ARRAY(SELECT unnest(ARRAY[{barred}]::bigint[]) ORDER BY 1)",
        )


def _author(step: int) -> str:
    """SQL for who wrote: of one conversation the authors differ."""
    first = Contributor.objects.get(email="p0@crowd.example").pk
    return f"{first} + mod(n + {step}, {AUTHORS})"


def copy_rows(model: type[models.Model], pk: int, count: int, **columns: str) -> int:
    """Copy one row `count` times; `columns` are SQL over n, from 1. Return id minus n."""
    table, key = model._meta.db_table, model._meta.pk
    assert key is not None and key.column is not None
    start = 0
    with connection.cursor() as cursor:
        if key.column not in columns:
            cursor.execute(f"SELECT max({key.column}) FROM {table}")
            start = cursor.fetchone()[0]
            columns[key.column] = f"{start} + n"
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, %s), %s)",
                [table, key.column, start + count],
            )
        names = [f.column for f in model._meta.concrete_fields if not _is_generated(f)]
        values = [columns.get(str(name), f't."{name}"') for name in names]
        listed = ", ".join(f'"{name}"' for name in names)
        cursor.execute(
            f"INSERT INTO {table} ({listed}) SELECT {', '.join(values)} "
            f"FROM {table} t, generate_series(1, {count}) n WHERE t.{key.column} = %s",
            [pk],
        )
    return start


def _is_generated(field: Any) -> bool:
    return bool(getattr(field, "generated", False))

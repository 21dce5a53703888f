"""Spreads what was made in seconds over the weeks before, in the order it was made."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, models
from django.utils.timezone import now

from curation.models import (
    Ballot,
    Contributor,
    Conversation,
    Dataset,
    Membership,
    Message,
    Notification,
    Review,
    Settlement,
)

DAYS = 21
# Each time that belongs to a conversation: the model, its column, how to reach the
# conversation, and whether somebody had to come and do it.
TIMES: tuple[tuple[type[models.Model], str, str, bool], ...] = (
    (Conversation, "created_at", "pk", False),
    (Conversation, "completed_at", "pk", False),
    (Message, "created_at", "conversation_id", True),
    (Message, "decided_at", "conversation_id", False),
    (Review, "created_at", "message__conversation_id", True),
    (Ballot, "created_at", "prompt__conversation_id", True),
    (Settlement, "settled_at", "prompt__conversation_id", False),
    (Notification, "created_at", "message__conversation_id", False),
)


class Moment(NamedTuple):
    at: datetime
    takes_time: bool
    model: type[models.Model]
    column: str
    pk: int


def spread(made: Iterable[Dataset], *, chance: random.Random) -> None:
    """Move everything below these datasets into the past. History stays as it is."""
    made = list(made)
    later: defaultdict[tuple[type[models.Model], str], dict[int, datetime]]
    later = defaultdict(dict)
    for moments in _by_conversation(made).values():
        for moment, at in zip(moments, _times(moments, chance), strict=True):
            later[moment.model, moment.column][moment.pk] = at
    for (model, column), times in later.items():
        _write(model, column, times)
    beginning = now() - timedelta(days=DAYS + 1)
    Dataset.objects.filter(pk__in=[d.pk for d in made]).update(created_at=beginning)
    members = Membership.objects.filter(dataset__in=made)
    Contributor.objects.filter(memberships__in=members).update(date_joined=beginning)
    members.update(since=beginning)


def settle_news() -> None:
    """People have read what is older than a day, and none of it is mailed."""
    yesterday = now() - timedelta(days=1)
    Notification.objects.filter(created_at__lt=yesterday).update(read_at=now())
    Notification.objects.update(mailed_at=now())


def _by_conversation(made: list[Dataset]) -> dict[int, list[Moment]]:
    found: defaultdict[int, list[Moment]] = defaultdict(list)
    chosen = Conversation.objects.filter(dataset__in=made).values("pk")
    for model, column, path, takes_time in TIMES:
        rows = model._default_manager.filter(**{f"{path}__in": chosen})
        for pk, conversation, at in rows.values_list("pk", path, column):
            if at is not None:
                found[conversation].append(Moment(at, takes_time, model, column, pk))
    return {key: sorted(moments, key=lambda m: m.at) for key, moments in found.items()}


def _times(moments: list[Moment], chance: random.Random) -> Iterator[datetime]:
    """New times in the same order, from some days ago up to now at most."""
    is_complete = any(moment.column == "completed_at" for moment in moments)
    present = now()
    ago = chance.uniform(2, DAYS) if is_complete else chance.uniform(0.2, 4)
    gaps = [chance.uniform(3, 300) if m.takes_time else 0 for m in moments]
    shrink = min(1, ago * 24 * 60 / (sum(gaps) + 1))
    at = present - timedelta(days=ago)
    for gap in gaps:
        at += timedelta(minutes=gap * shrink)
        yield at


def _write(model: type[models.Model], column: str, times: dict[int, datetime]) -> None:
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {connection.ops.quote_name(column)} = moved.at "
            "FROM unnest(%s::bigint[], %s::timestamptz[]) AS moved(id, at) "
            f"WHERE {table}.id = moved.id",
            [list(times), list(times.values())],
        )

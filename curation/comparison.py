"""What differs between two versions of a dataset, and why: read from the history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from curation.models import DatasetVersion, Event, Message

KINDS = ("added", "removed", "changed")
SHOWN = 200  # of each kind, on a page

# Newest and older side by side. A salt belongs to a message, so equal leaves are equal
# records; the first format has other hashes, so there only what stands beside is compared.
SIDES = """
SELECT coalesce(new.reply_id, old.reply_id),
    CASE WHEN old.id IS NULL THEN 'added' WHEN new.id IS NULL THEN 'removed'
        ELSE 'changed' END,
    old.split, new.split, old.category, new.category, old.rank, new.rank,
    old."group", new."group", old.instead_of_id, new.instead_of_id
FROM (SELECT * FROM curation_versionitem WHERE version_id = %(old)s) old
FULL JOIN (SELECT * FROM curation_versionitem WHERE version_id = %(new)s) new
    ON new.reply_id = old.reply_id
WHERE old.id IS NULL OR new.id IS NULL OR (%(same_format)s AND old.digest <> new.digest)
    OR (%(same_format)s AND old."group" IS DISTINCT FROM new."group")
    OR (old.split, old.category, old.rank, old.instead_of_id)
        IS DISTINCT FROM (new.split, new.category, new.rank, new.instead_of_id)
ORDER BY coalesce(new.position, old.position), 1
"""
FACTS = {
    "split": _("another side"),
    "category": _("another category"),
    "rank": _("another place"),
    "group": _("another group"),
    "instead_of": _("another text that it replaced"),
}
NO_LONGER = {
    "message.withdrawn": _("taken back by its author"),
    "message.rejected": _("rejected"),
    "message.held": _("held"),
    "message.erased": _("erased"),
}


class Difference(NamedTuple):
    """One answer that is in one of them only, or in both with other facts beside it."""

    reply: int
    kind: str  # added | removed | changed
    facts: dict[str, tuple[Any, Any]]  # what was and what is, where that differs


@dataclass
class Comparison:
    """All counts, and so many of each kind as a page shows."""

    counts: Counter[str] = field(default_factory=Counter)
    shown: list[Difference] = field(default_factory=list)
    reasons: dict[int, list[Any]] = field(default_factory=dict)
    replies: dict[int, Message] = field(default_factory=dict)


def differences(old: DatasetVersion, new: DatasetVersion) -> Iterator[Difference]:
    """A stream in the order of the newer one's items, however large they are."""
    same_format = old.manifest["format"] == new.manifest["format"]
    values = {"old": old.pk, "new": new.pk, "same_format": same_format}
    # A cursor of the server: an ordinary one would bring all rows here first.
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(SIDES, values)
        while rows := cursor.fetchmany(2_000):
            for reply, kind, *facts in rows:
                sides = zip(FACTS, facts[::2], facts[1::2], strict=True)
                changed = {name: (was, now) for name, was, now in sides if was != now}
                yield Difference(reply, kind, changed if kind == "changed" else {})


def compare(old: DatasetVersion, new: DatasetVersion, at_most: int = SHOWN) -> Comparison:
    found = Comparison()
    for one in differences(old, new):
        found.counts[one.kind] += 1
        if found.counts[one.kind] <= at_most:
            found.shown.append(one)
    replies = Message.objects.select_related("parent", "conversation")
    found.replies = replies.in_bulk([one.reply for one in found.shown])
    found.reasons = _reasons(found.shown, found.replies, old, new)
    return found


def _reasons(
    shown: Sequence[Difference],
    replies: dict[int, Message],
    old: DatasetVersion,
    new: DatasetVersion,
) -> dict[int, list[Any]]:
    """In words. One query for the history of all that is shown."""
    about = {one.reply for one in shown} | {
        reply.parent_id for reply in replies.values() if reply.parent_id
    }
    lines = Event.objects.filter(
        subject_kind="message", subject_id__in=about, at__lte=new.frozen_at
    ).order_by("at", "pk")
    newest: dict[int, str] = {}
    for pk, kind in lines.filter(kind__in=NO_LONGER).values_list("subject_id", "kind"):
        newest[pk] = kind
    return {one.reply: _why(one, replies[one.reply], newest, old, new) for one in shown}


def _why(
    one: Difference,
    reply: Message,
    newest: dict[int, str],
    old: DatasetVersion,
    new: DatasetVersion,
) -> list[Any]:
    if one.kind == "changed":
        return [FACTS[name] for name in one.facts] or [_("other words above it, or beside")]
    if one.kind == "added":
        is_later = reply.decided_at is not None and reply.decided_at > old.frozen_at
        return [_("accepted since") if is_later else _other_choice(old, new)]
    if reply.pk in newest:
        return [NO_LONGER[newest[reply.pk]]]
    if reply.parent_id in newest:
        return [_("what it answers is no longer accepted")]
    return [_other_choice(old, new)]


def _other_choice(old: DatasetVersion, new: DatasetVersion) -> Any:
    if old.recipe != new.recipe:
        return _("another recipe")
    return _("judged otherwise since")

"""A dataset's conversations as trees, to be written in any format. A stream.

Each tree has what a file said beside its messages, and what people made of them here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Avg, Count, QuerySet

from curation.formats.format import Format
from curation.formats.trees import Label as Said
from curation.formats.trees import Node, Terms, Tree, put_beside
from curation.models import (
    Category,
    Conversation,
    Dataset,
    DatasetVersion,
    Label,
    Message,
    Original,
    Review,
    Settlement,
    VersionItem,
)
from curation.prepared import Among

AT_ONCE = 500  # conversations whose messages are in memory together
FIELDS = (
    "pk", "conversation_id", "parent_id", "uid", "source_key", "role", "text", "context",
    "language", "generator", "origin", "state", "author_id", "created_at",
)  # fmt: skip

State = Message.State
ACCEPTED = (State.ACCEPTED,)
GONE = (State.DRAFT, State.WITHDRAWN)
Told = Callable[[int], None]
JUDGED = (State.ACCEPTED, State.SUBMITTED, State.REJECTED)


class _Beside(NamedTuple):
    """What is known of the messages of a chunk, by their numbers."""

    originals: dict[int, tuple[str, dict[str, Any]]]
    ranks: dict[int, int]
    reviews: dict[int, int]
    labels: dict[int, dict[str, Said]]


def rows(
    dataset: Dataset,
    format: Format,
    terms: Terms,
    *,
    states: Collection[str] = ACCEPTED,
    version: DatasetVersion | None = None,
    told: Told = lambda count: None,
) -> Iterator[dict[str, Any]]:
    """The rows of a dataset in a format, oldest conversation first. See `trees`."""
    assert format.write is not None, f"{format.key} is read only"
    for tree in trees(dataset, states=states, version=version, told=told):
        yield from format.write(tree, terms)


def conversations(
    dataset: Dataset, version: DatasetVersion | None
) -> QuerySet[Conversation]:
    """Those that may have a tree."""
    there = Conversation.objects.filter(dataset=dataset)
    if version is None:
        return there
    frozen = VersionItem.objects.filter(version=version).values("reply__conversation")
    return there.filter(pk__in=frozen)


def trees(
    dataset: Dataset,
    *,
    states: Collection[str] = ACCEPTED,
    version: DatasetVersion | None = None,
    told: Told = lambda count: None,
) -> Iterator[Tree]:
    """Messages of these states, below nothing but such; of a version, what is frozen in it
    and what that answers, unless it was taken back or erased since. Causes five queries a
    chunk in a transaction, of which `told` gets the number of conversations so far.
    """
    found = conversations(dataset, version).order_by("pk")
    slugs = dict(Category.objects.filter(dataset=dataset).values_list("pk", "slug"))
    kinds = found.values_list("pk", "category", "state").iterator(AT_ONCE)
    count = 0
    while chunk := list(islice(kinds, AT_ONCE)):
        pks = [pk for pk, _category, _state in chunk]
        with _by_key():
            of = _trees_of(
                _rows_of(pks, states) if version is None else _frozen(pks, version)
            )
        count += len(chunk)
        told(count)
        for pk, category, state in chunk:
            is_done, slug = state == Conversation.State.COMPLETE, slugs.get(category, "")
            for root, format, kept in of.get(pk, ()):
                yield Tree(
                    key=root.key,
                    format=format,
                    root=root,
                    category=kept.get("category", {}).get(slug, slug),
                    is_ready=is_done,
                    facts=kept.get("tree", {}),
                )


@contextmanager
def _by_key() -> Iterator[None]:
    """Rows are found by their keys. Of tables that have just grown, as by an import, the
    planner knows too little, and would read all of them for each chunk."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        yield
        cursor.execute("SET LOCAL enable_seqscan TO DEFAULT")  # where this is not all


def _rows_of(conversations: list[int], states: Collection[str]) -> list[Any]:
    rows = _oldest_first(Message.objects.filter(Among("conversation_id", conversations)))
    return [row for row in rows if row.state in states]


def _oldest_first(messages: QuerySet[Message]) -> list[Any]:
    """Sorted and, by their states, sifted here: asked to, PostgreSQL may go through all
    messages there are, in their order or by the index of the accepted ones."""
    rows = messages.order_by().values_list(*FIELDS, named=True)
    return sorted(rows, key=itemgetter(0))


def _frozen(conversations: list[int], version: DatasetVersion) -> list[Any]:
    """What a version took of them, each with all that it answers."""
    items = VersionItem.objects.filter(
        Among("reply__conversation_id", conversations), version=version
    )
    rows = Message.objects.filter(Among("conversation_id", conversations), tombstone=None)
    there = {row.pk: row for row in _oldest_first(rows.exclude(state__in=GONE))}
    wanted = set[int]()
    for reply in items.values_list("reply", flat=True):
        above = reply
        while above in there and above not in wanted:
            wanted.add(above)
            above = there[above].parent_id  # none above a first prompt
    return [row for pk, row in there.items() if pk in wanted]


def _trees_of(
    rows: list[Any],
) -> dict[int, list[tuple[Node, str, dict[str, Any]]]]:
    """The first prompts of each conversation with all below them, in the order of old."""
    beside = _beside([row.pk for row in rows])
    there: dict[int, Node] = {}
    roots: dict[int, list[tuple[Node, str, dict[str, Any]]]] = defaultdict(list)
    for row in rows:
        if row.parent_id is not None and row.parent_id not in there:
            continue
        format, kept = beside.originals.get(row.pk, ("", {}))
        node = there[row.pk] = _node(row, kept, beside)
        if row.parent_id is not None:
            there[row.parent_id].children.append(node)
        else:
            roots[row.conversation_id].append((node, format, kept))
    return roots


def _node(row: Any, kept: dict[str, Any], beside: _Beside) -> Node:
    reviews = beside.reviews.get(row.pk, 0)
    node = Node(
        key=row.source_key if ":" in row.source_key else str(row.uid),
        role=row.role,
        text=row.text,
        context=row.context,
        language=row.language,
        rank=beside.ranks.get(row.pk),
        generator=row.generator,
        verdict=_verdict(row, kept, reviews),
        author=str(row.author_id or ""),
        at=row.created_at if row.origin == Message.Origin.PERSON else None,
        reviews=reviews,
        labels=beside.labels[row.pk],
    )
    put_beside(node, kept)
    return node


def _verdict(row: Any, kept: dict[str, Any], reviews: int) -> bool | None:
    """What people decided here; where they have not, what the file said."""
    told = kept.get("verdict", True)
    if row.state == State.REJECTED:
        return False
    if row.state == State.ACCEPTED:
        # A first prompt that was given, see planting.py: nobody ever decided.
        return None if told is None and row.parent_id is None and not reviews else True
    is_from_a_file = bool(kept) or row.origin == Message.Origin.IMPORT
    return told if is_from_a_file else None


def _beside(messages: list[int]) -> _Beside:
    originals = Original.objects.filter(Among("message_id", messages))
    settled = Settlement.objects.filter(Among("prompt_id", messages))
    reviews = Review.objects.filter(Among("message_id", messages), set_aside_at=None)
    counted = reviews.order_by().values_list("message").annotate(Count("pk"))
    return _Beside(
        {
            pk: (format, facts)
            for pk, format, facts in originals.values_list("pk", "format", "facts")
        },
        {
            pk: rank
            for order in settled.values_list("order", flat=True)
            for rank, group in enumerate(order)
            for pk in group
        },
        dict(counted),
        _labels(messages),
    )


def _labels(messages: list[int]) -> dict[int, dict[str, Said]]:
    """Scales from 1 to 5 go from 0 to 1 in files."""
    given = Label.objects.filter(
        Among("review__message_id", messages), review__set_aside_at=None
    ).order_by()
    found: dict[int, dict[str, Said]] = defaultdict(dict)
    for pk, name, mean, count in given.values_list("review__message", "name").annotate(
        Avg("value"), Count("pk")
    ):
        value = (float(mean) - 1) / 4 if name in Label.SCALES else float(mean)
        found[pk][name] = Said(value, count)
    return found

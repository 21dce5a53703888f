"""What ballots say of models against each other: pairs of answers, without their words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import combinations
from typing import NamedTuple
from uuid import UUID

from django.utils.crypto import salted_hmac

from curation.models import Ballot, BallotEntry, Message

PEOPLE = ""  # the generator of what people wrote
BALLOTS_AT_MOST = 5_000  # the newest: more tell little more
MARKS = re.compile(r"(?m)^[^\S\n]*(?:[-*+]|\d+[.)])\s+|^#{1,6}\s|\*\*|^```|^[^\S\n]*\|")


class Comparison(NamedTuple):
    """Two answers on one ballot by two generators; `share` is 1 where the first won."""

    ballot: int
    prompt: str
    category: str
    person: str  # opaque; the same person's is the same
    first: str
    second: str
    share: float  # a tie is a half
    first_shown: int  # 1 was shown first
    second_shown: int
    lengths: tuple[int, int]  # letters
    marks: tuple[int, int]  # of Markdown: lists, headings, bold, tables


class Compared(NamedTuple):
    comparisons: list[Comparison]
    none_good: int  # ballots that called no answer good, where two of these stood


class _Entry(NamedTuple):
    ballot: int
    ranker: int | None
    outcome: str
    prompt: UUID
    category: str | None
    reply: int
    generator: str
    position: int | None
    shown: int


def comparisons(dataset_id: int, *, between: Collection[str] | None = None) -> Compared:
    """Of the generators `between`, or of all models and people. Two queries.

    Only ballots that count, of people: an order that came with an import has no order in
    which it was shown.
    """
    by_ballot: dict[int, list[_Entry]] = defaultdict(list)
    for entry in _entries(dataset_id, between):
        by_ballot[entry.ballot].append(entry)
    several = [rows for rows in by_ballot.values() if len({r.generator for r in rows}) > 1]
    looks = _looks({row.reply for rows in several for row in rows})
    none_good = sum(rows[0].outcome == Ballot.Outcome.NONE_GOOD for rows in several)
    found = [pair for rows in several for pair in _pairs(rows, looks)]
    return Compared(found, none_good)


def _entries(dataset_id: int, between: Collection[str] | None) -> Iterator[_Entry]:
    asked = Ballot.objects.filter(
        prompt__conversation__dataset=dataset_id,
        ranker__isnull=False,
        outcome__in=[Ballot.Outcome.RANKED, Ballot.Outcome.NONE_GOOD],
        entries__reply__origin=Message.Origin.MODEL,
    )
    if between is not None:
        asked = asked.filter(entries__reply__generator__in=[g for g in between if g])
    newest = asked.standing().order_by("-pk").distinct().values("pk")[:BALLOTS_AT_MOST]
    rows = BallotEntry.objects.filter(ballot__in=newest)
    if between is not None:
        rows = rows.filter(reply__generator__in=between)
    for row in rows.order_by("ballot", "reply").values_list(
        "ballot", "ballot__ranker", "ballot__outcome", "ballot__prompt__uid",
        "ballot__prompt__conversation__category__slug", "reply", "reply__generator",
        "position", "shown",
    ):  # fmt: skip
        yield _Entry(*row)


def _pairs(rows: list[_Entry], looks: dict[int, tuple[int, int]]) -> Iterator[Comparison]:
    for one, other in combinations(rows, 2):
        if one.generator == other.generator:
            continue
        if one.position is None or other.position is None:
            continue
        better, tied = one.position < other.position, one.position == other.position
        mine, theirs = looks[one.reply], looks[other.reply]
        yield Comparison(
            ballot=one.ballot,
            prompt=str(one.prompt),
            category=one.category or "",
            person=_pseudonym(one.ranker),
            first=one.generator,
            second=other.generator,
            share=0.5 if tied else float(better),
            first_shown=one.shown,
            second_shown=other.shown,
            lengths=(mine[0], theirs[0]),
            marks=(mine[1], theirs[1]),
        )


def _looks(replies: Collection[int]) -> dict[int, tuple[int, int]]:
    """Letters and marks of Markdown of each."""
    texts = Message.objects.filter(pk__in=replies).values_list("pk", "text")
    return {pk: (len(text), len(MARKS.findall(text))) for pk, text in texts.iterator()}


def _pseudonym(person: int | None) -> str:
    return salted_hmac("curation.contenders", str(person)).hexdigest()[:12]

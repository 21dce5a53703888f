"""What the record says after the crowd was there. Runs inside Django, as crowd.py does."""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F
from django.utils.timezone import now

from annotate import actions
from annotate.models import Assignment, Submission
from curation.addresses import number_of
from curation.models import Ballot, Contributor, Message, Review

Kind = Assignment.Kind
State = Assignment.State

LARGE = 10_000  # rows; a table below that is read at once whatever the plan
ASKED: list[dict[str, Any]] = [
    {},
    {"kind": "review"},
    {"kind": "rank", "dataset": "rankings"},
    {"kind": "answer", "dataset": "answers"},
    {"dataset": "talks"},
]


def hours_later() -> None:
    """Whoever left with a task in hand has lost it: by the product's own clock."""
    Assignment.objects.filter(state=State.LEASED).update(lease_until=now())
    actions.expire_leases()


def check(path: str) -> None:
    """One JSON line about the submissions that the file lists; nothing is changed."""
    sent = json.loads(Path(path).read_text())
    found = {
        "over_assigned": _too_many_slots() + _too_many_judgements(),
        "own_text": _own_text(),
        "lost": _lost(sent),
    }
    sys.stdout.write(json.dumps(found) + "\n")


def _too_many_slots() -> int:
    """Items with more people on them than wanted, and people twice on one item."""
    taken = Assignment.objects.filter(state__in=[State.LEASED, State.DONE])
    items = taken.filter(message__isnull=False).values("kind", "message", "ranking_round")
    over = items.annotate(n=Count("pk")).values_list("kind", "dataset__policy", "n")
    wanted = {
        Kind.REVIEW: "reviews_wanted",
        Kind.RANK: "rankings_wanted",
        Kind.ANSWER: "replies_wanted",
    }
    too_many = sum(
        over.filter(kind=kind, n__gt=F(f"dataset__policy__{rule}")).count()
        for kind, rule in wanted.items()
    )
    twice = items.values("person", "kind", "message", "ranking_round")
    return too_many + twice.annotate(n=Count("pk")).filter(n__gt=1).count()


def _too_many_judgements() -> int:
    """The same asked of the record itself, whatever the slots say."""
    policy = "conversation__dataset__policy"
    counted = Message.objects.annotate(
        n=Count("reviews", distinct=True), ballots_cast=Count("ballots", distinct=True)
    )
    reviewed = counted.filter(n__gt=F(f"{policy}__reviews_wanted"))
    ranked = counted.filter(ballots_cast__gt=F(f"{policy}__rankings_wanted"))
    answered = Message.objects.filter(role="prompter").annotate(n=Count("replies"))
    answered = answered.filter(n__gt=F(f"{policy}__replies_wanted"))
    answered = answered.exclude(conversation__dataset__shape="pairs")
    return reviewed.count() + ranked.count() + answered.count()


def _own_text() -> int:
    own = Review.objects.filter(message__author=F("reviewer"))
    of_pair = Review.objects.filter(
        message__conversation__dataset__shape="pairs",
        message__parent__author=F("reviewer"),
    )
    revised = Review.objects.filter(message__revises__author=F("reviewer"))
    ranked = Ballot.objects.filter(entries__reply__author=F("ranker")).distinct()
    return (own | of_pair | revised).distinct().count() + ranked.count()


def _lost(sent: list[dict[str, Any]]) -> int:
    """How many of what the server took are not in the record under that person."""
    kept = {
        str(key): (person, slot)
        for key, person, slot in Submission.objects.values_list(
            "key", "person", "assignment"
        )
    }
    for one in sent:
        one["slot"] = number_of(one["slot"], of="task")
    slots = Assignment.objects.in_bulk([one["slot"] for one in sent])
    words = _in_the_record({one["person"] for one in sent})
    lost = 0
    for one in sent:
        slot = slots[one["slot"]]
        is_done = slot.state == State.DONE and slot.person_id == one["person"]
        is_kept = kept.get(one["key"]) == (one["person"], one["slot"])
        judged = (slot.kind, one["person"], slot.message_id)
        in_record = slot.message_id is None or judged in words  # a new text has none yet
        lost += not (is_done and is_kept and in_record)
    return lost


def _in_the_record(people: set[int]) -> set[tuple[str, Any, Any]]:
    """Who judged or answered which message: kind, person, message."""
    reviews = Review.objects.filter(reviewer__in=people)
    ballots = Ballot.objects.filter(ranker__in=people)
    answers = Message.objects.filter(author__in=people, parent__isnull=False)
    rows = {
        Kind.REVIEW: reviews.values_list("reviewer", "message"),
        Kind.RANK: ballots.values_list("ranker", "prompt"),
        Kind.ANSWER: answers.values_list("author", "parent"),
    }
    return {(str(kind), who, what) for kind, found in rows.items() for who, what in found}


# ---- plans -------------------------------------------------------------------------
def plan_seq_scans() -> None:
    """One JSON line: sequential scans of large tables in all that a claim asks.

    For an author and for somebody who wrote nothing, with and without a wish; with their
    values, and as the plan that a connection keeps for any values.
    """
    scans: list[str] = []
    asked = 0
    for email in ("p0@crowd.example", "p999@crowd.example"):
        person = Contributor.objects.get(email=email)
        for wish in ASKED:
            for sql, params in _queries_of_claim(person, wish):
                asked += 1
                scans += [f"{table}: {sql[:200]}" for table in _scanned(sql, params)]
                scans += [f"{table}: {sql[:200]}" for table in _scanned(_general(sql))]
    for scan in scans:
        sys.stderr.write(f"{scan}\n")
    line = {"plan_seq_scans": len(scans), "queries_explained": asked}
    sys.stdout.write(json.dumps(line) + "\n")


def _queries_of_claim(person: Contributor, wish: dict[str, Any]) -> list[tuple[str, Any]]:
    sent: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, *rest: Any) -> Any:
        sent.append((sql.strip(), params))
        return execute(sql, params, *rest)

    with connection.execute_wrapper(note), transaction.atomic():
        actions.claim(by=person, **wish)
        transaction.set_rollback(True)
    verbs = ("SELECT", "UPDATE", "INSERT", "DELETE", "WITH")
    return [(sql, params) for sql, params in sent if sql.startswith(verbs)]


def _general(sql: str) -> str:
    """With numbered places for values, as PostgreSQL itself writes them."""
    places: dict[str, str] = {}
    plain = itertools.count(1)

    def place(found: re.Match[str]) -> str:
        name = found[1] or f"value {next(plain)}"
        return places.setdefault(name, f"${len(places) + 1}")

    return re.sub(r"%(?:\((\w+)\))?s", place, sql)


def _scanned(sql: str, params: Any = None) -> list[str]:
    """The large tables that the plan of a query reads from end to end."""
    options = "FORMAT JSON" if params is not None else "FORMAT JSON, GENERIC_PLAN"
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE reltuples >= %s", [LARGE])
        large = {name for (name,) in cursor.fetchall()}
        cursor.execute(f"EXPLAIN ({options}) {sql}", params)
        (plan,) = cursor.fetchone()
    nodes = _nodes(plan[0]["Plan"])
    return [
        node["Relation Name"]
        for node in nodes
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in large
    ]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)

"""How much work it would make to have judgements under older guidelines made again."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from curation.actions.messages import by_rules
from curation.actions.older_guidelines import Older
from curation.models import Ballot, DatasetVersion, Message, Policy, Review

State = Message.State
Verdict = Review.Verdict
OF_TEXT = (
    "state", "aside", "edits_aside", "accepts", "rejects", "finals", "is_replaced",
)  # fmt: skip
OF_PROMPT = ("all_of_them", "aside", "left")


class Foreseen(NamedTuple):
    """Judgements that are set aside, and tasks that people get for them."""

    verdicts: int
    texts: int  # that they are on
    reviews: int  # tasks
    ballots: int
    prompts: int
    rankings: int  # tasks
    stuck: int  # texts that keep their verdicts, as too few others may judge them
    versions: int  # frozen with one of these texts; they stay as they are


def foreseen(older: Older, policy: Policy) -> Foreseen:
    """Exact but for edits: those count as if nobody else had read the new words.

    The database counts texts that are alike, so few rows are read.
    """
    texts = _alike(_texts(older), OF_TEXT)
    prompts = _alike(_prompts(older), OF_PROMPT)
    return Foreseen(
        verdicts=older.reviews().count(),
        texts=sum(times for _text, times in texts),
        reviews=sum(times * _reviews_for(text, policy) for text, times in texts),
        ballots=sum(times * prompt["all_of_them"] for prompt, times in prompts),
        prompts=sum(times for _prompt, times in prompts),
        rankings=sum(times * _rankings_for(prompt, policy) for prompt, times in prompts),
        stuck=older.stuck().values("message").distinct().count(),
        versions=_versions(older),
    )


def _alike(
    rows: QuerySet[Any, Any], names: tuple[str, ...]
) -> list[tuple[dict[str, Any], int]]:
    """Rows with the same values of these names, as one with how many there are."""
    try:
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:
        return []
    by = ", ".join(connection.ops.quote_name(name) for name in names)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {by}, count(*) FROM ({sql}) one GROUP BY {by}", params)
        return [
            (dict(zip(names, values, strict=True)), times)
            for *values, times in cursor.fetchall()
        ]


def _texts(older: Older) -> QuerySet[Any, Any]:
    """Each text with its verdicts that are set aside, and those that go on counting."""
    counts = Q(reviews__set_aside_at=None)
    meant = list(older.versions().values_list("pk", flat=True))
    mine = counts & Q(reviews__guideline__in=meant, reviews__is_final=False)
    accepts = Q(reviews__verdict=Verdict.ACCEPT)
    rejects = Q(reviews__verdict=Verdict.REJECT)
    alive = Message.objects.filter(
        revises=OuterRef("pk"), state__in=(State.ACCEPTED, State.SUBMITTED)
    )
    there = Message.objects.filter(pk__in=older.reviews().values("message"))
    found: QuerySet[Any, Any] = there.annotate(
        aside=Count("reviews", filter=mine),
        edits_aside=Count("reviews", filter=mine & Q(reviews__verdict=Verdict.EDIT)),
        accepts=Count("reviews", filter=counts & accepts)
        - Count("reviews", filter=mine & accepts),
        rejects=Count("reviews", filter=counts & rejects)
        - Count("reviews", filter=mine & rejects),
        finals=Count("reviews", filter=counts & Q(reviews__is_final=True)),
        is_replaced=Exists(alive),
    ).values(*OF_TEXT)
    return found


def _reviews_for(text: dict[str, Any], policy: Policy) -> int:
    left: int = text["accepts"] + text["rejects"]
    wanted = max(1, policy.reviews_wanted - left)
    if text["state"] == State.SUBMITTED:
        before: int = max(1, policy.reviews_wanted - left - text["aside"])
        return wanted - before
    if text["edits_aside"]:
        return policy.reviews_wanted  # of the words that the edit put in their place
    if text["finals"] or text["is_replaced"]:
        return 0
    decided = by_rules(
        policy, approvals=text["accepts"], rejections=text["rejects"], heard=left
    )
    return 0 if decided == text["state"] else wanted


def _prompts(older: Older) -> QuerySet[Any, Any]:
    """Each prompt with its ballots of the present round: set aside, and left."""
    judged = ~Q(outcome=Ballot.Outcome.CANNOT_JUDGE)
    now = judged & Q(ranking_round=F("prompt__ranking_round"))
    mine = Q(pk__in=older.ballots().values("pk"))
    there = Ballot.objects.standing().filter(prompt__in=older.ballots().values("prompt"))
    return there.values("prompt").annotate(
        all_of_them=Count("pk", filter=mine),
        aside=Count("pk", filter=mine & now),
        left=Count("pk", filter=~mine & now),
    )


def _rankings_for(prompt: dict[str, Any], policy: Policy) -> int:
    wanted, left, aside = policy.rankings_wanted, prompt["left"], prompt["aside"]
    before: int = max(0, wanted - left - aside)
    after: int = max(0, wanted - left)
    return after - before


def _versions(older: Older) -> int:
    texts = older.reviews().values("message")
    prompts = older.ballots().values("prompt")
    held = Q(items__reply__in=texts) | Q(rankings__prompt__in=prompts)
    there = DatasetVersion.objects.filter(dataset=older.newest.dataset_id)
    return there.filter(held).distinct().count()

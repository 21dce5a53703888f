"""Reputations are computed: of one person after a known item, of a dataset by the clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple, cast

from django.db import transaction
from django.db.models import Count, F, Min, Q, QuerySet, Sum
from django.utils.timezone import now

from curation.aggregate import reputation as known
from curation.aggregate.evidence import (
    HIGH_CONSENSUS_BALLOTS,
    from_ballots,
)
from curation.aggregate.rankings import Positions
from curation.models import (
    Ballot,
    BallotEntry,
    Contributor,
    Dataset,
    GoldAnswer,
    GoldBallot,
    Reputation,
    Settlement,
)

Kind = Reputation.Kind
# The newest prompts that measure people: what somebody did long ago says less of them
# now, and it bounds what the clock has to do: about 1 s of a CPU.
PROMPTS_AT_MOST = 5_000
PROMPTS_AT_ONCE = 500
DATASETS_AT_ONCE = 10
KEY = ["dataset", "kind", "person"]
COMPUTED = [
    "gold", "gold_right", "consensus", "consensus_right", "expected", "lower_bound",
    "weight", "gold_share", "computed_at",
]  # fmt: skip


class _Sums(NamedTuple):
    """How many items measured somebody, and how much of them they got right."""

    items: int = 0
    right: float = 0.0


@transaction.atomic
def count_known_item(*, dataset: Dataset, by: Contributor) -> None:
    """Compute a person's reputations anew after they answered a known item."""
    # Of two tabs, the second counts what the first has written.
    Contributor.objects.select_for_update(no_key=True).get(pk=by.pk)
    verdicts = _by_known_items(_answers_in(dataset.pk).filter(person=by))
    orders = _by_known_orders(_orders_in(dataset.pk).filter(person=by))
    ranked = Reputation.objects.filter(dataset=dataset, person=by, kind=Kind.RANKING)
    before = ranked.values_list("consensus", "consensus_right").first()
    clear = {by.pk: _Sums(*before)} if before else {}
    _write(dataset.pk, verdicts, orders, clear, at=now())


def compute_due() -> None:
    """Of datasets where somebody was measured since the last time, the oldest first."""
    there = Dataset.objects.filter(archived_at=None)
    last = there.annotate(before=Min("reputations__computed_at"))
    oldest = last.order_by(F("before").asc(nulls_first=True), "pk")
    rows = oldest.values_list("pk", "before")
    due = (pk for pk, before in rows if _is_due(pk, before))
    for pk in islice(due, DATASETS_AT_ONCE):
        compute(dataset_id=pk)


@transaction.atomic
def compute(*, dataset_id: int) -> None:
    """The reputations of all whom known items or clear prompts of a dataset measured."""
    began = now()  # what comes in meanwhile is newer, and makes it due again
    verdicts = _by_known_items(_answers_in(dataset_id))
    orders = _by_known_orders(_orders_in(dataset_id))
    clear = _by_clear_prompts(dataset_id)
    known_before = Reputation.objects.filter(dataset=dataset_id).values_list("person")
    for (person,) in known_before:  # also whom nothing measures any more
        clear.setdefault(person, _Sums())
    _write(dataset_id, verdicts, orders, clear, at=began)


def _is_due(dataset_id: int, before: datetime | None) -> bool:
    answers, orders = _answers_in(dataset_id), _orders_in(dataset_id)
    prompts = _measuring(dataset_id)
    if before is not None:
        answers, orders = answers.filter(at__gt=before), orders.filter(at__gt=before)
        prompts = prompts.filter(settled_at__gt=before)
    return answers.exists() or orders.exists() or prompts.exists()


def _answers_in(dataset_id: int) -> QuerySet[GoldAnswer]:
    return GoldAnswer.objects.filter(item__message__conversation__dataset=dataset_id)


def _orders_in(dataset_id: int) -> QuerySet[GoldBallot]:
    return GoldBallot.objects.filter(item__prompt__conversation__dataset=dataset_id)


def _by_known_items(answers: QuerySet[GoldAnswer]) -> dict[int, _Sums]:
    counted = answers.order_by().values_list("person")
    rows = counted.annotate(met=Count("pk"), right=Count("pk", filter=Q(is_right=True)))
    return {person: _Sums(items, float(good)) for person, items, good in rows}


def _by_known_orders(orders: QuerySet[GoldBallot]) -> dict[int, _Sums]:
    counted = orders.order_by().values_list("person")
    rows = counted.annotate(met=Count("pk"), sum=Sum("right"))
    return {person: _Sums(items, float(right)) for person, items, right in rows}


def _measuring(dataset_id: int) -> QuerySet[Settlement]:
    """Prompts that may have enough agreement to measure people; evidence.py decides."""
    return Settlement.objects.filter(
        prompt__conversation__dataset=dataset_id,
        ballots__gte=HIGH_CONSENSUS_BALLOTS,
        status=Settlement.Status.CONSENSUS,
    )


def _by_clear_prompts(dataset_id: int) -> dict[int, _Sums]:
    newest = _measuring(dataset_id).order_by("-settled_at", "-pk")
    prompts = list(newest.values_list("prompt", flat=True)[:PROMPTS_AT_MOST])
    found: dict[int, _Sums] = defaultdict(_Sums)
    for start in range(0, len(prompts), PROMPTS_AT_ONCE):
        for ballots in _ballots_on(prompts[start : start + PROMPTS_AT_ONCE]):
            for measured in from_ballots(ballots):
                person = cast("int", measured.rater)  # as _ballots_on() says
                items, right = found[person]
                found[person] = _Sums(items + 1, right + measured.right)
    return found


def _ballots_on(prompts: list[int]) -> Iterator[Mapping[int, Positions]]:
    """For each prompt the newest ballot that counts of each person, not of imports."""
    counted = Ballot.objects.standing().filter(
        prompt__in=prompts, outcome=Ballot.Outcome.RANKED, ranker__isnull=False
    )
    entries = BallotEntry.objects.filter(ballot__in=counted, position__isnull=False)
    rows: Any = entries.order_by("ballot__prompt", "ballot").values_list(
        "ballot__prompt", "ballot__ranker", "ballot", "reply", "position"
    )
    for _, of_prompt in groupby(rows, key=itemgetter(0)):
        ballots: dict[int, Positions] = {}
        for (ranker, _), entered in groupby(of_prompt, key=itemgetter(1, 2)):
            ballots[ranker] = {reply: position for *_, reply, position in entered}
        yield ballots


def _write(
    dataset_id: int,
    verdicts: Mapping[int, _Sums],
    orders: Mapping[int, _Sums],
    clear: Mapping[int, _Sums],
    *,
    at: datetime,
) -> None:
    """In the order of people, so that two who write at once wait and do not lock up.

    Care shows in verdicts, too: in ranking both sorts of known items count.
    """
    none = _Sums()
    rows = []
    for person in sorted({*verdicts, *orders, *clear}):
        judged, ordered = verdicts.get(person, none), orders.get(person, none)
        both = _Sums(judged.items + ordered.items, judged.right + ordered.right)
        measured = clear.get(person, none)
        rows += [
            _computed(dataset_id, person, Kind.REVIEWING, judged, none, at),
            _computed(dataset_id, person, Kind.RANKING, both, measured, at),
        ]
    Reputation.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=KEY,
        update_fields=COMPUTED,
    )


def _computed(
    dataset_id: int, person: int, kind: str, gold: _Sums, clear: _Sums, at: datetime
) -> Reputation:
    it = known.from_sums(gold.items, gold.right, clear.items, clear.right)
    return Reputation(
        dataset_id=dataset_id,
        person_id=person,
        kind=kind,
        gold=gold.items,
        gold_right=gold.right,
        consensus=clear.items,
        consensus_right=clear.right,
        expected=it.mean,
        lower_bound=it.lower_bound,
        weight=known.weight(it),
        gold_share=known.gold_share(it),
        computed_at=at,
    )

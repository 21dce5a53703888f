"""What a person does next: all ordering is here.

First what a curator gave to them, then what they chose to work on, then the rest; each
nearest to complete first (the planner's priority), then oldest first.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

from django.db.models import (
    BigIntegerField,
    Count,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Subquery,
)

from annotate import claiming
from annotate.models import Assignment, AssignmentQuerySet, Kind
from curation.models import Contributor, Dataset, Membership, Profile
from curation.prepared import Prepared

COUNTED_AT_MOST = 1_000  # of what waits; a page says "999+"
Role = Membership.Role
Pair = tuple[str, int]  # a kind of work, and the dataset that it is for

KINDS_OF_ROLE: dict[str, tuple[str, ...]] = {
    Role.WRITER: (
        Kind.WRITE_PAIR, Kind.WRITE_PROMPT, Kind.ANSWER, Kind.CONTINUE, Kind.IMPROVE,
    ),
    Role.REVIEWER: (Kind.REVIEW, Kind.RANK, Kind.COMPARE),
    Role.CURATOR: (Kind.ADJUDICATE,),
}  # fmt: skip


def fit_for(person: Contributor, covered: Q | None = None) -> AssignmentQuerySet:
    """Open slots of the kinds and datasets that the person's roles cover.

    Only in languages that they know, where they named some.
    """
    slots = Assignment.objects.open_to(person).filter(covered or covered_by(person))
    return in_languages_of(Profile.of(person), slots)


def in_languages_of(profile: Profile, slots: AssignmentQuerySet) -> AssignmentQuerySet:
    known = profile.languages
    return slots.filter(language__in=["", *known]) if known else slots


def next_for(
    wishes: claiming.Wishes, pairs: list[Pair], *, category: str = ""
) -> list[claiming.Stretch]:
    """Where to look for a person's next slot, in turn; each is walked best first.

    Claiming walks no further than past what is not for the person.
    """
    among = claiming.among(pairs)
    stretches = []
    if wishes.has_promised:
        stretches.append(claiming.Stretch(claiming.PROMISED, among))
    if wishes.chosen and not category:
        asked = {**among, "chosen": wishes.chosen}
        stretches.append(claiming.Stretch(claiming.CHOSEN, asked))
    return stretches + [
        claiming.Stretch(claiming.OF_PAIR, {"kind": str(kind), "dataset": dataset})
        for kind, dataset in nearest_first(pairs)
    ]


def first_of(person: Contributor, pairs: list[Pair]) -> Assignment | None:
    """What claiming would give now, to be shown. Writes nothing, takes nothing."""
    wishes = claiming.wishes_of(person)
    for stretch in next_for(wishes, pairs):
        pk = claiming.find_best(stretch, person, languages=wishes.languages)
        if pk is not None:
            return Assignment.objects.for_form().filter(pk=pk).first()
    return None


def nearest_first(pairs: list[Pair]) -> list[Pair]:
    """The pairs that have open slots, by the best of them. One query, for a single none."""
    if len(pairs) < 2:
        return pairs
    there = Assignment.objects.filter(state=Assignment.State.OPEN, reserved_for=None)
    place = ExpressionWrapper(F("priority") * 2**40 + F("pk"), BigIntegerField())
    heads = {
        kind: Subquery(
            best_first(there.filter(kind=kind, dataset=OuterRef("pk")))
            .annotate(place=place)
            .values("place")[:1]
        )
        for kind, _ in pairs
    }
    datasets = Dataset.objects.filter(pk__in={dataset for _, dataset in pairs})
    best: dict[int, Any] = {row["pk"]: row for row in datasets.values("pk", **heads)}
    found = [(best[dataset][kind], (kind, dataset)) for kind, dataset in pairs]
    return [pair for place, pair in sorted(one for one in found if one[0] is not None)]


def best_first(slots: AssignmentQuerySet) -> AssignmentQuerySet:
    return slots.order_by("priority", "pk")


def covers(person: Contributor, slot: Assignment) -> bool:
    """Whether the person's roles still are those that the slot asks for. One query."""
    return (slot.kind, slot.dataset_id) in pairs_of(person, kind=slot.kind)


class Offer(NamedTuple):
    """A kind of work that waits for a person in a dataset."""

    dataset: Dataset
    kind: Kind
    waiting: int  # counted up to COUNTED_AT_MOST

    @property
    def is_more(self) -> bool:
        return self.waiting >= COUNTED_AT_MOST


def offers(person: Contributor, pairs: list[Pair]) -> list[Offer]:
    """By dataset and kind. Two queries, however much waits, and one for the languages."""
    known = Profile.of(person).languages
    rows = claiming.waiting_for(person, pairs, known, at_most=COUNTED_AT_MOST)
    datasets = Dataset.objects.in_bulk({dataset for _, dataset, _ in rows})
    found = [Offer(datasets[pk], Kind(kind), waiting) for kind, pk, waiting in rows]
    return sorted(found, key=lambda one: (one.dataset.title, one.kind))


def writing_offers(slots: AssignmentQuerySet) -> list[dict[str, Any]]:
    """Categories that want new texts, with their briefs. One query."""
    rows = (
        slots.filter(kind__in=[Kind.WRITE_PAIR, Kind.WRITE_PROMPT], category__isnull=False)
        .values(
            "kind", "dataset__slug", "dataset__title", "category__slug", "category__name",
            "category__brief",
        )
        .annotate(waiting=Count("pk"))
        .order_by("dataset__title", "category__name")
    )  # fmt: skip
    return [dict(row) for row in rows]


def covered_by(person: Contributor) -> Q:
    """The slots that the person's roles are for. One query, so ask once a page."""
    return covering(pairs_of(person))


def covering(pairs: list[Pair]) -> Q:
    kinds: dict[int, list[str]] = defaultdict(list)
    for kind, dataset in pairs:
        kinds[dataset].append(kind)
    datasets: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for dataset, of_it in kinds.items():
        datasets[tuple(of_it)].append(dataset)
    covered = Q(pk__in=[])
    for of_them, those in datasets.items():
        covered |= Q(kind__in=of_them, dataset_id__in=those)
    return covered


def pairs_of(person: Contributor, *, kind: str = "", dataset: str = "") -> list[Pair]:
    """Each kind and dataset that the person's roles are for. Causes a query."""
    if person.is_staff:
        roles = [(pk, slug, str(Role.CURATOR)) for pk, slug in _open_datasets()]
    else:
        roles = _roles_in_open_datasets(person=person.pk)
    pairs = {
        (str(one), pk)
        for pk, slug, role in roles
        if dataset in ("", slug)
        for covered, kinds in KINDS_OF_ROLE.items()
        if role in (covered, Role.CURATOR)
        for one in kinds
    }
    return sorted(pair for pair in pairs if kind in ("", pair[0]))


_open_datasets = Prepared(
    lambda: Dataset.objects.filter(archived_at=None).values_list("pk", "slug")
)
_roles_in_open_datasets = Prepared(
    lambda person: Membership.objects.filter(
        contributor=person, dataset__archived_at=None, suspended_at=None
    ).values_list("dataset_id", "dataset__slug", "role")
)

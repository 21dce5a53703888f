"""What a person does next: all ordering is here.

First what a curator gave to them, then what they chose to work on, then the rest; each
nearest to complete first (the planner's priority), then oldest first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Q

from annotate.models import Assignment, AssignmentQuerySet
from curation.models import Category, Contributor, Dataset, Membership, Profile

Kind = Assignment.Kind
Role = Membership.Role

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
    languages = Profile.of(person).languages
    return slots.filter(language__in=["", *languages]) if languages else slots


def next_for(
    person: Contributor,
    *,
    kind: str = "",
    dataset: str = "",
    category: str = "",
) -> list[AssignmentQuerySet]:
    """The person's queues, to be asked in turn, each best first.

    Narrowed where they asked for something. What somebody else was given stays out.
    """
    slots = fit_for(person)
    if kind:
        slots = slots.filter(kind=kind)
    if dataset:
        slots = slots.filter(dataset__slug=dataset)
    if category:
        slots = slots.filter(category__slug=category)
    free = slots.filter(reserved_for=None)
    queues = [slots.filter(reserved_for=person), free]
    chosen = [] if category else chosen_categories(person)
    if chosen:
        queues.insert(1, free.filter(category__in=chosen))
    return [best_first(queue) for queue in queues]


def chosen_categories(person: Contributor) -> list[int]:
    """Those that the person picked, and those on a topic that they picked."""
    profile = Profile.of(person)
    if profile._state.adding:
        return []
    chosen = Q(pk__in=profile.categories.values("pk"))
    if profile.topics:
        chosen |= Q(topics__overlap=profile.topics)
    return list(Category.objects.filter(chosen).values_list("pk", flat=True))


def best_first(slots: AssignmentQuerySet) -> AssignmentQuerySet:
    return slots.order_by("priority", "pk")


def held_by(
    person: Contributor, *, kind: str = "", dataset: str = "", category: str = ""
) -> AssignmentQuerySet:
    """What the person has taken and not finished; they get it again before anything new."""
    wanted = {"kind": kind, "dataset__slug": dataset, "category__slug": category}
    given = {name: value for name, value in wanted.items() if value}
    mine = Assignment.objects.held_by(person).filter(covered_by(person))
    return mine.filter(**given).order_by("is_ahead", "pk")


def covers(person: Contributor, slot: Assignment) -> bool:
    """Whether the person's roles still are those that the slot asks for. One query."""
    role = next(role for role, kinds in KINDS_OF_ROLE.items() if slot.kind in kinds)
    datasets = Dataset.objects.worked_on_by(person, [role])
    return datasets.filter(pk=slot.dataset_id).exists()


def offers(slots: AssignmentQuerySet) -> list[dict[str, Any]]:
    """How many of the slots there are of each kind, per dataset. One query."""
    rows = (
        slots.values("kind", "dataset__slug", "dataset__title")
        .annotate(waiting=Count("pk"))
        .order_by("dataset__title", "kind")
    )
    return [{**row, "label": Kind(row["kind"]).label} for row in rows]


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
    """The slots that the person's roles are for. Two queries, so ask once a page."""
    covered = Q(pk__in=[])
    for role, kinds in KINDS_OF_ROLE.items():
        datasets: Iterable[int] = Dataset.objects.worked_on_by(person, [role]).values_list(
            "pk", flat=True
        )
        covered |= Q(kind__in=kinds, dataset_id__in=list(datasets))
    return covered

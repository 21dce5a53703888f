"""What several people judged: how far they agree by question, by group and by person.

To be looked at. Nothing here weighs anybody: see `reputation`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

from curation.aggregate.agreement import agreement_with, mean_rank_correlation
from curation.aggregate.rankings import Positions
from curation.aggregate.reliability import (
    Level,
    Value,
    fleiss_kappa,
    krippendorff_alpha,
)

T = TypeVar("T")
Key = TypeVar("Key", bound=Hashable)


class Given(NamedTuple, Generic[T]):
    """One person's answer on one item: a verdict, a label, or the places of a ballot."""

    item: int
    person: int
    value: T
    category: int | None = None
    guideline: int | None = None


Values = Iterable[Given[Value]]
Ballots = Iterable[Given[Positions]]


class Question(NamedTuple):
    """How far people agree on one question, beyond chance."""

    items: int  # that two or more answered
    answers: int  # on those
    alpha: float | None
    kappa: float | None


class Group(NamedTuple):
    """How far people agree on the verdicts and the orders of one part."""

    texts: int
    alpha: float | None
    kappa: float | None
    prompts: int
    correlation: float | None


class Beside(NamedTuple):
    """One person beside the others who judged the same."""

    texts: int
    same: float | None  # share of the others' verdicts that are as theirs
    prompts: int
    correlation: float | None


def together(given: Iterable[Given[T]]) -> dict[int, dict[int, T]]:
    """By item what each person gave it, of items that two or more judged.

    Of several answers of one person the last counts.
    """
    found: dict[int, dict[int, T]] = defaultdict(dict)
    for one in given:
        found[one.item][one.person] = one.value
    return {item: answers for item, answers in found.items() if len(answers) > 1}


def on_question(given: Values, level: Level = "nominal") -> Question:
    rows = [list(answers.values()) for answers in together(given).values()]
    answered = sum(map(len, rows))
    alpha, kappa = krippendorff_alpha(rows, level), fleiss_kappa(rows)
    return Question(len(rows), answered, alpha, kappa)


def by_group(
    verdicts: Values, ballots: Ballots, key: Callable[[Given[object]], Key | None]
) -> dict[Key, Group]:
    """By what `key` says of each judgement; those that it gives None are left out."""
    of_verdicts, of_ballots = _parts(verdicts, key), _parts(ballots, key)
    found = {}
    for part in {**of_verdicts, **of_ballots}:
        rows = on_question(of_verdicts.get(part, []))
        prompts = [one.values() for one in together(of_ballots.get(part, [])).values()]
        if rows.items or prompts:
            correlation = mean_rank_correlation(prompts)
            found[part] = Group(
                rows.items, rows.alpha, rows.kappa, len(prompts), correlation
            )
    return found


def by_person(verdicts: Values, ballots: Ballots) -> dict[int, Beside]:
    """Everybody who judged something that others judged, too."""
    theirs = _beside_others(together(verdicts))
    orders = _beside_others(together(ballots))
    return {
        person: Beside(
            len(theirs.get(person, [])),
            _share_alike(theirs.get(person, [])),
            len(orders.get(person, [])),
            agreement_with(orders.get(person, [])),
        )
        for person in {**theirs, **orders}
    }


def _parts(
    given: Iterable[Given[T]], key: Callable[[Given[object]], Key | None]
) -> dict[Key, list[Given[T]]]:
    found: dict[Key, list[Given[T]]] = defaultdict(list)
    for one in given:
        part = key(one)  # type: ignore[arg-type]  # it reads, and a row of T is a row
        if part is not None:
            found[part].append(one)
    return found


def _beside_others(
    items: Mapping[int, Mapping[int, T]],
) -> dict[int, list[tuple[T, list[T]]]]:
    """For each person their answer on each item, with those of the others."""
    found: dict[int, list[tuple[T, list[T]]]] = defaultdict(list)
    for answers in items.values():
        for person, own in answers.items():
            others = [value for other, value in answers.items() if other != person]
            found[person].append((own, others))
    return found


def _share_alike(pairs: Iterable[tuple[Value, list[Value]]]) -> float | None:
    alike = [own == other for own, others in pairs for other in others]
    return sum(alike) / len(alike) if alike else None

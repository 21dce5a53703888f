"""People who rank answers whose true order is known: careful, noisy, random, inverted.

A ballot is drawn from C. L. Mallows' model ("Non-null ranking models", 1957): of the true
order, each further swap of neighbours is so many times less likely. The two dispersions
are set so that the unweighted order, and how much knowing everybody's skill would help,
come out as in the trial in which these shares of people were first tried: Kendall's tau of
0.74 and 0.78.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.aggregate.agreement import kendall_tau_b
from curation.aggregate.evidence import Evidence, from_gold_ballot, likeness
from curation.aggregate.rankings import Order, Positions, places, ranked_pairs
from curation.aggregate.reputation import NEWCOMER, Reputation, gold_share, reputations

SKILLS = {"good": 0.70, "noisy": 0.20, "random": 0.07, "inverted": 0.03}  # of the people
DISPERSION = {"good": 0.25, "noisy": 0.58, "random": 1.0, "inverted": 0.25}
# Prompts with so many answers, among the 214 of 100 Open Assistant trees that have two.
ANSWERS = {2: 58, 3: 117, 4: 28, 5: 3, 6: 6, 8: 1, 9: 1}
BALLOTS = 3, 4, 5  # on an item, equally often

Skills = Sequence[str]  # by rater
Ballots = Mapping[int, Positions]  # by rater


class Person(NamedTuple):
    skill: str
    is_minority: bool  # whose true order of a polarised item is the other way round


class Item(NamedTuple):
    truth: Positions
    is_polarised: bool
    ballots: Ballots


def people(random: np.random.Generator, size: int, minority: float = 0.0) -> list[Person]:
    """Exact shares of each skill, and of each the same share of a minority."""
    found = []
    for skill, share in SKILLS.items():
        count = round(size * share)
        of_minority = round(count * minority)
        found += [Person(skill, at < of_minority) for at in range(count)]
    return [found[at] for at in random.permutation(len(found))]


def items(
    random: np.random.Generator,
    crowd: Sequence[Person],
    size: int,
    polarised: float = 0.0,
) -> list[Item]:
    """Items that different people of the crowd ranked, each everybody equally likely."""
    is_polarised = random.random(size) < polarised
    ballots_each = random.choice(BALLOTS, size)
    return [
        _item(
            random,
            crowd,
            answers,
            int(ballots_each[at]),
            is_polarised=bool(is_polarised[at]),
        )
        for at, answers in enumerate(_answer_counts(random, size))
    ]


def gold_evidence(
    random: np.random.Generator, crowd: Sequence[Person], tasks: Iterable[int]
) -> Iterator[Evidence]:
    """What gold shows of each, who did so many other tasks besides, by the schedule.

    Curators make gold of items on which there is one right answer: none is polarised.
    """
    for rater, (person, wanted) in enumerate(zip(crowd, tasks, strict=True)):
        known: list[Evidence] = []
        reputation, others = NEWCOMER, 0
        while others < wanted:
            if random.random() >= gold_share(reputation):
                others += 1
                continue
            (answers,) = _answer_counts(random, 1)
            key = {answer: answer + 1 for answer in range(answers)}
            ballot = _ballot(random, person, answers, is_turned=False)
            known += from_gold_ballot(rater, ballot, key)
            reputation = reputations(known)[rater]
        yield from known


def tasks_of(crowd: Sequence[Person], asked: Iterable[Item]) -> list[int]:
    """How many ballots each cast."""
    counts = [0] * len(crowd)
    for item in asked:
        for rater in item.ballots:
            counts[rater] += 1
    return counts


def peer_agreement(crowd: Sequence[Person], asked: Iterable[Item]) -> list[float]:
    """The measure that is not ours: the mean likeness to what the others say together."""
    sums, counts = [0.0] * len(crowd), [0] * len(crowd)
    for item in asked:
        for rater, own in item.ballots.items():
            others = [one for other, one in item.ballots.items() if other != rater]
            alike = likeness(own, places(ranked_pairs(others)))
            if alike is not None:
                sums[rater] += alike
                counts[rater] += 1
    return [total / max(1, count) for total, count in zip(sums, counts, strict=True)]


def below_noisy(
    crowd: Sequence[Person], measured: Sequence[float], *, minority: bool
) -> float:
    """Of the good in or outside the minority, the share below the noisy's median."""
    known = list(zip(crowd, measured, strict=True))
    middle = float(np.median([one for person, one in known if person.skill == "noisy"]))
    theirs = [one for person, one in known if person == Person("good", minority)]
    return sum(one < middle for one in theirs) / len(theirs)


def lower_bounds(
    crowd: Sequence[Person], known: Mapping[object, Reputation]
) -> list[float]:
    return [known.get(rater, NEWCOMER).lower_bound for rater in range(len(crowd))]


def mean_tau(asked: Sequence[Item], orders: Sequence[Order]) -> float:
    """Kendall's tau-b to the truth; an order that ties everything has 0."""
    taus = [
        kendall_tau_b(item.truth, places(order)) or 0.0
        for item, order in zip(asked, orders, strict=True)
    ]
    return sum(taus) / len(taus)


def _item(
    random: np.random.Generator,
    crowd: Sequence[Person],
    answers: int,
    ballots: int,
    *,
    is_polarised: bool,
) -> Item:
    names = [int(name) for name in random.permutation(answers)]
    found = {}
    for rater in random.choice(len(crowd), ballots, replace=False).tolist():
        person = crowd[rater]
        is_turned = is_polarised and person.is_minority
        ballot = _ballot(random, person, answers, is_turned=is_turned)
        found[rater] = {names[answer]: place for answer, place in ballot.items()}
    return Item({name: at for at, name in enumerate(names, 1)}, is_polarised, found)


def _ballot(
    random: np.random.Generator, person: Person, answers: int, *, is_turned: bool
) -> dict[int, int]:
    """Places of answers truly ordered as their numbers are, by repeated insertion."""
    dispersion = DISPERSION[person.skill]
    order: list[int] = []
    for answer, chance in enumerate(random.random(answers).tolist()):
        order.insert(answer - _swaps(chance, answer, dispersion), answer)
    if is_turned != (person.skill == "inverted"):
        order = [answers - 1 - answer for answer in order]
    return {answer: place for place, answer in enumerate(order, 1)}


def _swaps(chance: float, most: int, dispersion: float) -> int:
    """0 to `most`, each `dispersion` times as likely as the one before."""
    weight = total = 1.0
    steps = [total]
    for _ in range(most):
        weight *= dispersion
        total += weight
        steps.append(total)
    return next(at for at, step in enumerate(steps) if chance * total < step)


def _answer_counts(random: np.random.Generator, size: int) -> list[int]:
    counts: npt.NDArray[np.float64] = np.array(list(ANSWERS.values()), dtype=float)
    drawn = random.choice(list(ANSWERS), size, p=counts / counts.sum())
    return [int(answers) for answers in drawn]

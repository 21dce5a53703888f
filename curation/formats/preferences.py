"""What people prefer, as facts that are frozen and as rows to train on.

Facts of a ranking are JSON without floats and without words: opaque ids of answers,
`order` as groups of equal ones from the best down, `tallies` as rows of two answers and how
many ballots put the first before, after, and beside the second. Where people disagree and
the recipe wants no winner, `positions` are rows of an answer and how many ballots gave it
the first place, the second, and so on; `groups` are the same facts of groups of people.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any, Literal, NamedTuple, TypeVar

Order = Sequence[Sequence[str]]
Policy = Literal["best_worst", "adjacent", "all"]
HUNDREDTHS = 100
Answer = TypeVar("Answer")


class Preference(NamedTuple):
    """One answer before another, with how clear that was.

    `margin` is how many more ballots were for it than against, of `votes` that compared
    the two; `share` is the soft label in thousandths: 500 is no preference at all.
    """

    chosen: str
    rejected: str
    margin: int
    votes: int
    share: int


def facts(
    *,
    prompt: str,
    conversation: str,
    order: Order,
    tallies: Mapping[tuple[str, str], tuple[int, int, int]],
    ballots: int,
    agreement: float | None,
    status: str,
) -> dict[str, Any]:
    """The canonical facts: nothing in them depends on numbers of a database."""
    return {
        "prompt_id": prompt,
        "conversation": conversation,
        **said(order=order, tallies=tallies, ballots=ballots, agreement=agreement),
        "status": status,
    }


def said(
    *,
    order: Order,
    tallies: Mapping[tuple[str, str], tuple[int, int, int]],
    ballots: int,
    agreement: float | None,
) -> dict[str, Any]:
    """What some people say together of the answers to a prompt."""
    return {
        "order": [sorted(group) for group in order],
        "tallies": sorted(_smaller_first(pair, counts) for pair, counts in tallies.items()),
        "ballots": ballots,
        # Hundredths: JSON has one way to write a whole number.
        "agreement": None if agreement is None else round(agreement * HUNDREDTHS),
    }


def positions(ballots: Iterable[Mapping[str, int]]) -> list[list[Any]]:
    """How many ballots gave each answer the first place, the second, and so on."""
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for places in ballots:
        for answer, place in places.items():
            counts[answer][place] += 1
    return [
        [answer, *(there[place] for place in range(1, max(there) + 1))]
        for answer, there in sorted(counts.items())
    ]


class Part(NamedTuple):
    """Facts to make rows of: of all people or of a group; soft ones force no winner."""

    raters: str
    found: Mapping[str, Any]
    is_soft: bool


def parts(found: Mapping[str, Any], contested: str) -> list[Part]:
    """By what the recipe says of prompts on which people disagree."""
    if found["status"] != "contested" or contested not in ("soft", "groups"):
        return [Part("", found, is_soft=False)]
    groups = found.get("groups", []) if contested == "groups" else []
    by_group = [
        Part(group["group"], group, is_soft=group["status"] == "contested")
        for group in groups
    ]
    return by_group or [Part("", found, is_soft=True)]


def shares(found: Mapping[str, Any]) -> dict[str, int]:
    """Of each answer: the mean share of its comparisons that it won, in thousandths."""
    won: dict[str, list[int]] = defaultdict(list)
    for a, b, before, after, beside in found["tallies"]:
        votes = before + after + beside
        share = (2000 * before + 1000 * beside + votes) // (2 * votes)
        won[a].append(share)
        won[b].append(1000 - share)
    return {answer: _mean(each) for answer, each in won.items()}


def _mean(numbers: Sequence[int]) -> int:
    return (2 * sum(numbers) + len(numbers)) // (2 * len(numbers))


def _smaller_first(pair: tuple[str, str], counts: tuple[int, int, int]) -> list[Any]:
    (a, b), (before, after, beside) = pair, counts
    return [a, b, before, after, beside] if a < b else [b, a, after, before, beside]


def preferences(found: Mapping[str, Any], policy: Policy) -> Iterator[Preference]:
    """The pairs of a ranking that the policy takes; ties prefer nothing, so never those.

    `best_worst` is the first group against the last, `adjacent` each group against the
    next, `all` each against every later one.
    """
    groups: list[list[str]] = found["order"]
    tallies = {(a, b): counts for a, b, *counts in found["tallies"]}
    for better, worse in sides(groups, policy):
        for chosen in better:
            for rejected in worse:
                yield _preference(chosen, rejected, tallies)


def sides(
    groups: Sequence[list[Answer]], policy: Policy
) -> Iterator[tuple[list[Answer], list[Answer]]]:
    """Which groups are held against each other, the better one first."""
    if policy == "all":
        yield from combinations(groups, 2)
    elif policy == "adjacent":
        yield from pairwise(groups)
    elif len(groups) > 1:
        yield groups[0], groups[-1]


def _preference(
    chosen: str, rejected: str, tallies: Mapping[tuple[str, str], list[int]]
) -> Preference:
    if chosen < rejected:
        before, after, beside = tallies.get((chosen, rejected), (0, 0, 0))
    else:
        after, before, beside = tallies.get((rejected, chosen), (0, 0, 0))
    votes = before + after + beside
    # Not compared by anybody: a rewrite before its original, or by way of a third.
    share = (2000 * before + 1000 * beside + votes) // (2 * votes) if votes else 1000
    return Preference(chosen, rejected, before - after, votes, share)


def soft(found: Mapping[str, Any]) -> Iterator[Preference]:
    """All pairs that somebody compared, as shares, without a forced winner.

    The one that more ballots prefer stands first; equal ones stand by their ids.
    """
    for a, b, before, after, beside in found["tallies"]:
        tallies = {(a, b): [before, after, beside]}
        better, worse = (b, a) if after > before else (a, b)
        yield _preference(better, worse, tallies)


def labels(found: Mapping[str, Any]) -> dict[str, bool | None]:
    """Unpaired: True for the best answers, False for the worst, None for neither.

    Where all are tied that says nothing of any.
    """
    groups = found["order"]
    ends = {0: True, len(groups) - 1: False} if len(groups) > 1 else {}
    return {
        answer: ends.get(place) for place, group in enumerate(groups) for answer in group
    }


def pruned(found: Mapping[str, Any], answers: Container[str]) -> dict[str, Any] | None:
    """The facts about these answers alone; None where fewer than two are left."""
    order = [[one for one in group if one in answers] for group in found["order"]]
    tallies = [row for row in found["tallies"] if row[0] in answers and row[1] in answers]
    if sum(map(len, order)) < 2:
        return None
    kept = {**found, "order": [group for group in order if group], "tallies": tallies}
    if "positions" in found:
        kept["positions"] = [row for row in found["positions"] if row[0] in answers]
    if "groups" in found:
        groups = (pruned(group, answers) for group in found["groups"])
        kept["groups"] = [group for group in groups if group]
    return kept

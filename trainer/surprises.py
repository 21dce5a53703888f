"""Which accepted examples surprise a model, and why: what is worth another look.

Plain calculations on scores. An example is compared with others of its category and length;
how far out it lies is told in robust standard deviations (from medians, so that a few odd
examples do not hide each other).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

DISLIKED, UNLEARNED, KNOWN, PROMPTLESS = "disliked", "unlearned", "known", "promptless"
KINDS = (DISLIKED, UNLEARNED, PROMPTLESS, KNOWN)

FAR = 2.5  # robust standard deviations
FEW = 8  # a category with fewer is compared with all
NEAR = 24  # examples of like length
KNOWN_BELOW = 0.1  # nats a token: the base would have written it so itself
NO_HELP = 1.0  # loss with the prompt by loss without it
MAD = 1.4826  # makes the median deviation a standard deviation, of a normal curve
LEAST_SPREAD = 0.05  # where nearly all are equal, the last of them is not yet odd
AT_MOST = 200


class Scored(NamedTuple):
    """Losses are means over the tokens of the reply."""

    uid: str
    prompt: str
    category: str
    tokens: int
    base: float
    tuned: float
    alone: float  # by the tuned model, not told the prompt
    reward: float | None = None


class Surprise(NamedTuple):
    """`facts` are the numbers behind it, to be told in words; `strength` orders them."""

    uid: str
    kind: str
    strength: float
    facts: dict[str, float]


class Spread(NamedTuple):
    middle: float
    width: float

    def far(self, value: float) -> float:
        return (value - self.middle) / self.width


def surprises(scores: Sequence[Scored], *, at_most: int = AT_MOST) -> list[Surprise]:
    """The most surprising first, at most so many of a kind."""
    found = {
        DISLIKED: disliked(scores),
        UNLEARNED: unlearned(scores),
        KNOWN: known(scores),
        PROMPTLESS: promptless(scores),
    }
    return [one for kind in KINDS for one in _first(found[kind], at_most)]


def disliked(scores: Sequence[Scored]) -> Iterator[Surprise]:
    """Accepted, yet the reward model gives far less than to others of the category."""
    marked = [one for one in scores if one.reward is not None]
    others = _by_prompt(marked)
    for group in _groups(marked):
        spread = spread_of([_mark(one) for one in group.all])
        for one in group.members:
            far = spread.far(_mark(one))
            beside = [
                _mark(other) for other in others[one.prompt or one.uid] if other is not one
            ]
            gap = (_mark(one) - median(beside)) / spread.width if beside else 0.0
            if min(far, gap) <= -FAR:
                facts = {"reward": _mark(one), "usual": spread.middle, "far": -far}
                if beside:
                    facts |= {"beside": len(beside), "gap": -gap}
                yield Surprise(one.uid, DISLIKED, -min(far, gap), facts)


def unlearned(scores: Sequence[Scored]) -> Iterator[Surprise]:
    """The tuned model is surprised more than by others of its category and length, and
    learned less of it than of them."""
    for group in _groups(scores):
        by_length = sorted(group.all, key=lambda one: (one.tokens, one.uid))
        places = {one.uid: place for place, one in enumerate(by_length)}
        usual_fall = median(fall(one) for one in group.all)
        for one in group.members:
            near = _around(by_length, places[one.uid])
            spread = spread_of([other.tuned for other in near])
            far = spread.far(one.tuned)
            if far >= FAR and fall(one) <= usual_fall:
                facts = {"tuned": one.tuned, "usual": spread.middle, "far": far,
                         "fall": fall(one), "usual_fall": usual_fall}  # fmt: skip
                yield Surprise(one.uid, UNLEARNED, far, facts)


def known(scores: Sequence[Scored]) -> Iterator[Surprise]:
    """The base would have said it: little is learned from it."""
    for one in scores:
        if one.base <= KNOWN_BELOW:
            yield Surprise(one.uid, KNOWN, -one.base, {"base": one.base})


def promptless(scores: Sequence[Scored]) -> Iterator[Surprise]:
    """Told the prompt, the model is as surprised as when it is not: the reply may answer
    something else. What surprises it in neither case is no such thing."""
    for one in scores:
        if one.alone > KNOWN_BELOW and one.tuned / one.alone >= NO_HELP:
            facts = {"with": one.tuned, "without": one.alone}
            yield Surprise(one.uid, PROMPTLESS, one.tuned / one.alone, facts)


def fall(one: Scored) -> float:
    """What training took off the loss, as a share of it."""
    return (one.base - one.tuned) / one.base if one.base > 0 else 0.0


def spread_of(values: Sequence[float]) -> Spread:
    middle = median(values)
    width = MAD * median(abs(value - middle) for value in values)
    return Spread(middle, max(width, LEAST_SPREAD))


# ---- groups ----------------------------------------------------------------------------


class _Group(NamedTuple):
    members: list[Scored]
    all: list[Scored]  # what they are compared with


def _groups(scores: Sequence[Scored]) -> Iterator[_Group]:
    by_category: dict[str, list[Scored]] = defaultdict(list)
    for one in scores:
        by_category[one.category].append(one)
    for members in by_category.values():
        yield _Group(members, members if len(members) >= FEW else list(scores))


def _around(by_length: Sequence[Scored], place: int) -> Sequence[Scored]:
    """Those of the nearest lengths."""
    start = max(0, min(place - NEAR // 2, len(by_length) - NEAR - 1))
    return by_length[start : start + NEAR + 1]


def _by_prompt(scores: Sequence[Scored]) -> dict[str, list[Scored]]:
    found: dict[str, list[Scored]] = defaultdict(list)
    for one in scores:
        found[one.prompt or one.uid].append(one)
    return found


def _mark(one: Scored) -> float:
    assert one.reward is not None, "only those that have one are asked"
    return one.reward


def _first(found: Iterator[Surprise], at_most: int) -> list[Surprise]:
    return sorted(found, key=lambda one: (-one.strength, one.uid))[:at_most]

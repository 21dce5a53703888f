"""How often one author's answers were put before others'. Ballots in, shares out.

A ballot that orders k answers compares each with each other one. A tie is half a win for
either side. The interval is Wilson's at 95%: E. B. Wilson, "Probable inference, the law of
succession, and statistical inference" (1927). It takes comparisons as independent; those of
one ballot are not quite, so with long ballots it is a little too narrow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import sqrt
from typing import NamedTuple

from curation.aggregate.rankings import Positions

PEOPLE = ""  # the generator of what no model wrote
Z = 1.959964  # 95% of a normal distribution lies within so many standard deviations


class Score(NamedTuple):
    """Wins in so many comparisons; a tie is half a win."""

    wins: float
    comparisons: int

    @property
    def share(self) -> float:
        return self.wins / self.comparisons if self.comparisons else 0.5

    @property
    def interval(self) -> tuple[float, float]:
        """The true share lies between these 19 times in 20. Nothing known: 0 to 1."""
        n = self.comparisons
        if not n:
            return 0.0, 1.0
        middle = self.share + Z**2 / (2 * n)
        spread = Z * sqrt(self.share * (1 - self.share) / n + Z**2 / (4 * n**2))
        scale = 1 + Z**2 / n
        return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


class Fared(NamedTuple):
    """How a model's answers did against people's, and against other models'."""

    people: Score
    models: Score


def scores(ballots: Iterable[Positions], writers: Mapping[int, str]) -> dict[str, Fared]:
    """By generator. `writers` says of each answer which model wrote it, or PEOPLE.

    Two answers of one model are not compared with each other.
    """
    wins: dict[tuple[str, bool], float] = defaultdict(float)
    counts: dict[tuple[str, bool], int] = defaultdict(int)
    for positions in ballots:
        for mine, place in positions.items():
            model = writers[mine]
            if model == PEOPLE:
                continue
            for other, other_place in positions.items():
                if writers[other] == model:
                    continue
                side = model, writers[other] == PEOPLE
                counts[side] += 1
                wins[side] += (place < other_place) + (place == other_place) / 2
    return {
        model: Fared(
            people=Score(wins[model, True], counts[model, True]),
            models=Score(wins[model, False], counts[model, False]),
        )
        for model in {model for model, _ in list(counts)}
    }

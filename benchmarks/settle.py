"""Settling rankings by people of unequal care: `make bench NAME=settle`.

One JSON line. 500 people rank 10,000 items; `cpu_seconds` is for their evidence,
reputations and weights, and for the weighted order, margins and status of every item.
`tau_*` is Kendall's tau-b to the true order, without and with weights. A second set of
people has an honest minority that sees some items the other way round:
`minority_below_noisy` is the share of its careful members whose published number is below
the median of noisy people, `majority_below_noisy` that of all other careful people, and
`minority_below_noisy_by_peers` what agreement with peers would have made of the minority.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence

import numpy as np

from benchmarks import raters
from curation.aggregate.consensus import status
from curation.aggregate.evidence import Evidence, from_ballots
from curation.aggregate.rankings import Order, margins, ranked_pairs
from curation.aggregate.reputation import NEWCOMER, reputations, weight

PEOPLE, ITEMS = 500, 10_000
MINORITY, POLARISED = 0.15, 0.40
SEED = 4


def main() -> None:
    random = np.random.default_rng(SEED)
    crowd = raters.people(random, PEOPLE)
    asked = raters.items(random, crowd, ITEMS)
    gold = list(raters.gold_evidence(random, crowd, raters.tasks_of(crowd, asked)))
    ballots = sum(len(item.ballots) for item in asked)

    began = time.process_time()
    weighted = settled(asked, gold)
    cpu_seconds = time.process_time() - began

    plain = [ranked_pairs(item.ballots.values()) for item in asked]
    line = {
        "items": ITEMS,
        "ballots": ballots,
        "gold_share": round(len(gold) / (len(gold) + ballots), 3),
        "cpu_seconds": round(cpu_seconds, 2),
        "tau_unweighted": round(raters.mean_tau(asked, plain), 4),
        "tau_weighted": round(raters.mean_tau(asked, weighted), 4),
    }
    sys.stdout.write(json.dumps(line | fairness(random)) + "\n")


def settled(asked: Sequence[raters.Item], gold: Sequence[Evidence]) -> list[Order]:
    """All that the record would keep of these items; the orders are given back."""
    known = reputations([*gold, *from_consensus(asked)])
    weights = {rater: weight(reputation) for rater, reputation in known.items()}
    newcomers = weight(NEWCOMER)
    orders = []
    for item in asked:
        ballots = list(item.ballots.values())
        theirs = [weights.get(rater, newcomers) for rater in item.ballots]
        margins(ballots, theirs)
        status(ballots, min(raters.BALLOTS), theirs)
        orders.append(ranked_pairs(ballots, theirs))
    return orders


def from_consensus(asked: Sequence[raters.Item]) -> list[Evidence]:
    return [one for item in asked for one in from_ballots(item.ballots)]


def fairness(
    random: np.random.Generator, size: int = PEOPLE, count: int = ITEMS
) -> dict[str, float]:
    """How many careful people fall below noisy ones: by ours, and by peers."""
    crowd = raters.people(random, size, MINORITY)
    asked = raters.items(random, crowd, count, POLARISED)
    gold = list(raters.gold_evidence(random, crowd, raters.tasks_of(crowd, asked)))
    ours = raters.lower_bounds(crowd, reputations([*gold, *from_consensus(asked)]))
    peers = raters.peer_agreement(crowd, asked)
    found = {
        "minority_below_noisy": raters.below_noisy(crowd, ours, minority=True),
        "majority_below_noisy": raters.below_noisy(crowd, ours, minority=False),
        "minority_below_noisy_by_peers": raters.below_noisy(crowd, peers, minority=True),
    }
    return {name: round(share, 3) for name, share in found.items()}


if __name__ == "__main__":
    main()

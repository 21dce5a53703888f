"""How a dataset's models fare with people, in one table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from curation import handoff
from trainer import duels, fits
from trainer.models import Champion, PromotionPolicy, Run


class Place(NamedTuple):
    number: int
    name: str
    run: Run | None  # none of people, bases, and models from elsewhere
    is_champion: bool
    ballots: int
    standing: duels.Standing


def board(
    dataset_id: int, champions: Sequence[Champion], *, confidence: float
) -> list[Place]:
    """All that people compared on its prompts, the strongest first. Three queries.

    Models whose intervals overlap may be equally good, whatever their places.
    """
    met = handoff.comparisons(dataset_id).comparisons
    ballots: dict[str, set[int]] = defaultdict(set)
    for one in met:
        ballots[one.first].add(one.ballot)
        ballots[one.second].add(one.ballot)
    holders = {champion.run.signature for champion in champions}
    reference = next(iter(sorted(holders)), None)
    found = fits.standings(met, reference=reference, confidence=confidence)
    finished = Run.objects.filter(version__dataset=dataset_id).select_related("base")
    by_name = {run.signature: run for run in finished}
    return [
        Place(
            number,
            one.name if one.name != handoff.PEOPLE else _("People"),
            by_name.get(one.name),
            one.name in holders,
            len(ballots[one.name]),
            one,
        )
        for number, one in enumerate(found, start=1)
    ]


def shown(
    places: Sequence[Place], policy: PromotionPolicy, *, is_curated: bool
) -> Sequence[Place]:
    """To curators all. To those who still vote models with enough ballots, as first ones
    sway people."""
    if is_curated:
        return places
    enough = [one for one in places if one.ballots >= policy.least_ballots]
    return [one._replace(number=number) for number, one in enumerate(enough, start=1)]

"""How a dataset's models fare with people, in one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from curation import handoff
from trainer import duels
from trainer.models import Champion, Run


class Place(NamedTuple):
    number: int
    name: str
    run: Run | None  # none of people, bases, and models from elsewhere
    is_champion: bool
    standing: duels.Standing


def board(
    dataset_id: int, champions: Sequence[Champion], *, confidence: float
) -> list[Place]:
    """All that people compared on its prompts, the strongest first. Three queries.

    Models whose intervals overlap may be equally good, whatever their places.
    """
    met = handoff.comparisons(dataset_id).comparisons
    holders = {one.run.signature for one in champions}
    reference = next(iter(sorted(holders)), None)
    found = duels.standings(met, reference=reference, confidence=confidence)
    finished = Run.objects.filter(version__dataset=dataset_id).select_related("base")
    by_name = {run.signature: run for run in finished}
    return [
        Place(
            number,
            one.name if one.name != handoff.PEOPLE else _("People"),
            by_name.get(one.name),
            one.name in holders,
            one,
        )
        for number, one in enumerate(found, start=1)
    ]

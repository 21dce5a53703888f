"""Reputations as pages tell them: to curators, and to the people themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from curation.models import Contributor, Dataset, Reputation

Kind = Reputation.Kind


class Care(NamedTuple):
    """What is known of one person in one dataset."""

    person: Contributor
    dataset: Dataset
    reviewing: Reputation
    ranking: Reputation

    @property
    def met(self) -> int:
        """Known items: texts and rankings."""
        return self.ranking.gold

    @property
    def gold_right(self) -> int:
        return round(self.ranking.gold_right)

    @property
    def at_least(self) -> int:
        """Percent right, 19 times in 20: of their verdicts, where they gave any."""
        theirs = self.reviewing if self.reviewing.gold else self.ranking
        return int(100 * theirs.lower_bound)

    @property
    def counts(self) -> str:
        """What a ballot counts beside a newcomer's: more | less | alike."""
        weight = self.ranking.weight
        return "alike" if 0.95 <= weight <= 1.05 else "more" if weight > 1 else "less"


def of_members(dataset: Dataset) -> list[Care]:
    """Of whom something is known and who still takes part, by name. One query."""
    theirs = dataset.reputations.filter(person__memberships__dataset=dataset)
    by_name = theirs.order_by("person__name", "person__email", "person").distinct()
    return _paired(by_name.select_related("person", "dataset"))


def of_person(person: Contributor) -> list[Care]:
    """In each dataset where they met a known item. One query."""
    theirs = person.reputations.filter(gold__gt=0).order_by("dataset__title", "dataset")
    return _paired(theirs.select_related("person", "dataset"))


def _paired(rows: Iterable[Reputation]) -> list[Care]:
    """Both kinds are always written together."""
    kinds: dict[tuple[int, int], dict[str, Reputation]] = defaultdict(dict)
    for row in rows:
        kinds[row.person_id, row.dataset_id][row.kind] = row
    return [
        Care(of[Kind.RANKING].person, of[Kind.RANKING].dataset,
             of[Kind.REVIEWING], of[Kind.RANKING])
        for of in kinds.values()
    ]  # fmt: skip

"""What the bootstraps say, kept under the hash of what went in: no page draws it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar

from curation import keeping
from curation.handoff import Comparison
from trainer import duels, gains

METHOD = 2  # one more where the same numbers mean something else from then on
SECONDS = 7 * 24 * 3600

Made = TypeVar("Made")


class Changes(NamedTuple):
    whole: gains.Change | None
    by_category: dict[str, gains.Change]


def changes(pairs: Sequence[gains.Pair], *, confidence: float) -> Changes:
    """Of the held-out loss, in all and by category."""

    def make() -> Changes:
        return Changes(
            gains.change(pairs, confidence=confidence),
            gains.by_category(pairs, confidence=confidence),
        )

    return _kept(make, "changes", list(pairs), confidence)


def duel(
    met: Sequence[Comparison], first: str, second: str, *, confidence: float
) -> duels.Duel | None:
    def make() -> duels.Duel | None:
        return duels.duel(met, first, second, confidence=confidence)

    return _kept(make, "duel", list(met), first, second, confidence)


def standings(
    met: Sequence[Comparison], *, reference: str | None, confidence: float
) -> list[duels.Standing]:
    def make() -> list[duels.Standing]:
        return duels.standings(met, reference=reference, confidence=confidence)

    return _kept(make, "standings", list(met), reference, confidence)


def _kept(make: Callable[[], Made], *facts: Any) -> Made:
    digest = sha256(repr((METHOD, *facts)).encode()).hexdigest()
    key = f"trainer.fits:{digest}"
    found: Made | None = keeping.recall(key)
    if found is None:
        found = make()
        keeping.keep(key, found, SECONDS)
    return found

"""Which accepted replies go into a version, and what is said of them there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from curation.errors import CurationError

CONVERSATION_STATES = ("review", "growing", "ranking", "complete")
STATUSES = ("consensus", "contested", "insufficient", "unranked")
CONTESTED = ("in", "out", "soft", "groups")
GROUPS_BY = ("language", "topic")
PAIRS = ("", "best_worst", "adjacent", "all")
DUPLICATES = ("in", "out")

# (least, most, what it says when it is not met) of every number.
NUMBERS = {
    "best_replies": (0, 1_000_000, "counts from 1; 0 takes every reply"),
    "reviews_from": (0, 1000, "counts people who accepted; 0 asks for none"),
    "agreement_from": (-100, 100, "goes from -100 to 100, in hundredths"),
    "rating_from": (0, 70, "goes from 10 to 70, in tenths; 0 asks for none"),
    "cap_per_author": (0, 1_000_000, "counts from 1; 0 sets none"),
}
CHOICES = {
    "contested": CONTESTED, "groups_by": GROUPS_BY, "pairs": PAIRS,
    "duplicates": DUPLICATES,
}  # fmt: skip
WEIGHT_AT_MOST = 1000
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Recipe:
    """Empty lists mean all. Part of the manifest, so part of the digest."""

    categories: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    best_replies: int = 0  # at most so many per prompt, best ranked first; 0 takes all
    with_models: bool = True  # replies that a model wrote and a person accepted
    # What came later is left out of the JSON while it says nothing: see as_json().
    states: tuple[str, ...] = ()  # of conversations
    statuses: tuple[str, ...] = ()  # of what the ballots on the prompt add up to
    reviews_from: int = 0  # so many people must have accepted the answer
    agreement_from: int = -100  # mean rank correlation of the ballots, in hundredths
    rating_from: int = 0  # mean rating by people who ranked, in tenths
    cap_per_author: int = 0  # at most so many answers by one person, or by one model
    duplicates: str = "in"  # out: without prompts that a curator called duplicates
    # out: without answers to them; soft: no place, only shares; groups: an order for each
    # group of people that is large enough, and shares where none is.
    contested: str = "in"
    groups_by: str = "language"  # or topic: as people's profiles say
    pairs: str = ""  # which pairs of ranked answers become preferences
    edits: bool = False  # what a reviewer's edit replaced is frozen beside it, as worse
    weights: tuple[tuple[str, int], ...] = ()  # in hundredths by category; else 100
    # The digest of an earlier version: what of it still stands, and nothing else. Split,
    # ranks and rankings stay as they were; what the fields above choose was chosen then.
    like: str = ""

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Recipe:
        """Refuses what it does not know: a misspelt filter must not select everything."""
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(raw) - known):
            raise CurationError(
                f"A recipe has no “{unknown[0]}”; it knows {', '.join(sorted(known))}."
            )
        numbers: dict[str, Any] = {name: _number(raw, name) for name in NUMBERS}
        choices: dict[str, Any] = {name: _choice(raw, name) for name in CHOICES}
        return cls(
            categories=_names(raw, "categories"),
            languages=_names(raw, "languages"),
            states=_names(raw, "states", CONVERSATION_STATES),
            statuses=_names(raw, "statuses", STATUSES),
            with_models=_flag(raw, "with_models", usual=True),
            edits=_flag(raw, "edits", usual=False),
            weights=_weights(raw.get("weights", {})),
            like=_digest(raw.get("like", "")),
            **numbers,
            **choices,
        )

    def as_json(self) -> dict[str, Any]:
        """Only what differs from a recipe that says nothing, and the four first fields.

        So that a recipe from before a field was there keeps its digest.
        """
        usual = asdict(Recipe())
        shown = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if name in FIRST or value != usual[name]
        }
        return shown | ({"weights": dict(self.weights)} if self.weights else {})

    @property
    def asks_for_rankings(self) -> bool:
        return bool(self.pairs)

    @property
    def reads_ballots(self) -> bool:
        return bool(self.pairs or self.rating_from)

    @property
    def forces_no_winner(self) -> bool:
        """Where people disagree on an order."""
        return self.contested in ("soft", "groups")

    def weight(self, category: str) -> int:
        """Of each example, in hundredths."""
        return dict(self.weights).get(category, 100)


FIRST = ("categories", "languages", "best_replies", "with_models")


def without_those_gone(recipe: Mapping[str, Any], digest: str) -> dict[str, Any]:
    """The recipe of a version that is like another, without what was taken back since."""
    return {**recipe, "like": digest}


def of_all_now(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The same, of all that stands now and not only of what stood in another version."""
    return {name: value for name, value in recipe.items() if name != "like"}


def _names(
    raw: Mapping[str, Any], field: str, known: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Sorted, each once: the order in which somebody ticked them changes no digest."""
    names = raw.get(field, ())
    if not isinstance(names, list | tuple) or not all(isinstance(n, str) for n in names):
        raise CurationError(f"“{field}” is a list of names.")
    if odd := sorted(set(names) - set(known)) if known else []:
        raise CurationError(f"“{field}” knows {', '.join(known)}, not “{odd[0]}”.")
    return tuple(sorted(set(names)))


def _number(raw: Mapping[str, Any], field: str) -> int:
    least, most, wanted = NUMBERS[field]
    number = raw.get(field, getattr(Recipe, field))
    if type(number) is not int or not least <= number <= most:
        raise CurationError(f"“{field}” {wanted}.")
    return number


def _choice(raw: Mapping[str, Any], field: str) -> str:
    chosen, known = raw.get(field, getattr(Recipe, field)), CHOICES[field]
    if chosen not in known:
        named = ", ".join(f"“{name}”" for name in known)
        raise CurationError(f"“{field}” is one of {named}.")
    return str(chosen)


def _digest(raw: Any) -> str:
    if not isinstance(raw, str) or (raw and not DIGEST.fullmatch(raw)):
        raise CurationError("“like” is the digest of an earlier version: 64 hex digits.")
    return raw


def _flag(raw: Mapping[str, Any], field: str, *, usual: bool) -> bool:
    flag = raw.get(field, usual)
    if not isinstance(flag, bool):
        raise CurationError(f"“{field}” is true or false.")
    return flag


def _weights(raw: Any) -> tuple[tuple[str, int], ...]:
    """Sorted; a weight of 100 says nothing and is left out."""
    if not isinstance(raw, dict) or not all(isinstance(name, str) for name in raw):
        raise CurationError("“weights” is an object: a category's slug, then its weight.")
    for weight in raw.values():
        if type(weight) is not int or not 0 < weight <= WEIGHT_AT_MOST:
            raise CurationError(
                f"A weight is a whole number from 1 to {WEIGHT_AT_MOST}, in hundredths."
            )
    return tuple(sorted((name, n) for name, n in raw.items() if n != 100))

"""Which accepted replies go into a version."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from curation.errors import CurationError


@dataclass(frozen=True)
class Recipe:
    """Empty lists mean all. Part of the manifest, so part of the digest."""

    categories: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    best_replies: int = 0  # at most so many per prompt, best ranked first; 0 takes all
    with_models: bool = True  # replies that a model wrote and a person accepted

    @classmethod
    def parse(cls, raw: dict[str, Any]) -> Recipe:
        """Refuses what it does not know: a misspelt filter must not select everything."""
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(raw) - known):
            raise CurationError(
                f"A recipe has no “{unknown[0]}”; it knows {', '.join(sorted(known))}."
            )
        recipe = cls(
            categories=_names(raw, "categories"),
            languages=_names(raw, "languages"),
            best_replies=raw.get("best_replies", 0),
            with_models=raw.get("with_models", True),
        )
        if type(recipe.best_replies) is not int or recipe.best_replies < 0:
            raise CurationError("“best_replies” counts from 1; 0 takes every reply.")
        if not isinstance(recipe.with_models, bool):
            raise CurationError("“with_models” is true or false.")
        return recipe

    def as_json(self) -> dict[str, Any]:
        raw = asdict(self)
        return {
            **raw,
            "categories": list(self.categories),
            "languages": list(self.languages),
        }


def _names(raw: dict[str, Any], field: str) -> tuple[str, ...]:
    """Sorted, each once: the order in which somebody ticked them changes no digest."""
    names = raw.get(field, ())
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise CurationError(f"“{field}” is a list of names.")
    return tuple(sorted(set(names)))

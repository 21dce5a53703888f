"""What is said of a prompt that means the same as another, in whatever words."""

from __future__ import annotations

from curation.clean.sighting import N_, Sighting

NAME = "same_meaning"
VERSION = 1
ADVICE = N_("A prompt that means nearly the same is there already.")


def sighting(likeness: float) -> Sighting:
    """`likeness` is the cosine of the two vectors."""
    return Sighting(NAME, VERSION, round(min(max(likeness, 0.0), 1.0), 3), [], ADVICE)

"""What a check is: a name, a version, what it needs, and how it looks at a text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from curation.clean.sighting import Sighting


class Treatment(StrEnum):
    """What a dataset's policy does with what a check sees."""

    OFF = "off"  # not looked for
    HINT = "hint"  # shown to writer and reviewer
    HOLD = "hold"  # and, where the check is sure, kept from going on until somebody looked


class Reading(NamedTuple):
    """What a check looks at: one text, and what is known of it."""

    text: str
    prompt: str | None = None  # what it answers; None where it answers nothing
    language: str = ""  # what it should be in; empty where that is not known
    is_by_person: bool = True


class Need(StrEnum):
    """What must be known besides the text, or the check does not look."""

    PROMPT = "prompt"
    LANGUAGE = "language"
    PERSON = "person"  # the text is a person's: a model need not sound like one


@dataclass(frozen=True, kw_only=True)
class Check:
    """Its sightings are called as it is, or its name, a dot and a kind."""

    name: str
    version: int  # goes up when it would see something else in the same text
    label: str  # for a policy's form, marked with N_
    see: Callable[[Reading], Iterable[Sighting]] | None  # None: it needs more than one text
    needs: frozenset[Need] = frozenset()
    is_slow: bool = False  # looked for by a worker after submit, never while somebody waits
    usually: Treatment = Treatment.HINT

    def can_look(self, reading: Reading) -> bool:
        there = {
            Need.PROMPT: reading.prompt is not None,
            Need.LANGUAGE: bool(reading.language),
            Need.PERSON: reading.is_by_person,
        }
        return self.see is not None and all(there[need] for need in self.needs)


class Unavailable(Exception):
    """A check could not look this time, and says why. It is asked again later."""

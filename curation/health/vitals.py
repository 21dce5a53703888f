"""Is it well? What was looked at, what was found, and what to do about it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

logger = logging.getLogger(__name__)


class State(Enum):
    WELL = "well"
    LOOK = "look"  # nothing is broken yet
    NOT_WELL = "not_well"

    @property
    def number(self) -> float:
        return {State.WELL: 1.0, State.LOOK: 0.5, State.NOT_WELL: 0.0}[self]


@dataclass(frozen=True)
class Vital:
    name: str  # for programs
    label: str
    state: State
    said: str
    advice: str = ""
    command: str = ""


def look() -> list[Vital]:
    """All of them, also where one cannot be looked at."""
    return [vital for path in settings.CHECKUPS for vital in _looked_at(path)]


def _looked_at(path: str) -> Iterator[Vital]:
    try:
        yield from list(import_string(path)())
    except Exception as error:
        logger.exception("%s could not be looked at", path)
        said = _("It could not be looked at: %(error)s.") % {"error": type(error).__name__}
        advice = _("The log of the web process says more.")
        yield Vital(path, path, State.NOT_WELL, said, advice)

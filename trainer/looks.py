"""When ballots that still come in may decide something: seldom, and more strictly.

Who looks at an interval after every ballot sees it leave 50% some time by chance alone. So
there is a look at so many ballots, at twice as many, and so on, always at those that came
first; the risk is halved from one look to the next, so that all of them together stay
within what was asked for.

A contest ends when it has nobody left to ask, too. Half of its risk is kept for that last
look at all ballots; the other half is spent as above.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar

LEAST = 12  # ballots of a contest, before anything is said of it


class Cast(Protocol):
    @property
    def ballot(self) -> int: ...


C = TypeVar("C", bound=Cast)


class Look(NamedTuple):
    ballots: int  # the first so many
    confidence: float


def newest(ballots: int, *, least: int, confidence: float) -> Look | None:
    """The one that so many ballots allow; None where they are too few for any."""
    if ballots < least:
        return None
    doublings = (ballots // least).bit_length() - 1
    return Look(least << doublings, 1 - (1 - confidence) / 2 ** (doublings + 1))


def after(ballots: int, *, least: int = LEAST) -> int:
    """At how many ballots the next look is."""
    look = newest(ballots, least=least, confidence=0)
    return 2 * look.ballots if look else least


def within(rows: Sequence[C], look: Look) -> list[C]:
    """Those of the ballots that came first."""
    first = set(sorted({row.ballot for row in rows})[: look.ballots])
    return [row for row in rows if row.ballot in first]


def of_contest(ballots: int, *, confidence: float, is_over: bool) -> Look | None:
    """What may settle it now: the newest look while people are asked, or the last one."""
    half = 1 - (1 - confidence) / 2
    if is_over:
        return Look(ballots, half) if ballots >= LEAST else None
    return newest(ballots, least=LEAST, confidence=half)

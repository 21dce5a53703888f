"""When ballots that still come in may decide something: seldom, and more strictly.

Who looks at an interval after every ballot sees it leave 50% some time by chance alone. So
there is a look at so many ballots, at twice as many, and so on, always at those that came
first; the risk is halved from one look to the next, so that all of them together stay
within what was asked for.
"""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    ballots: int  # the first so many
    confidence: float


def newest(ballots: int, *, least: int, confidence: float) -> Look | None:
    """The one that so many ballots allow; None where they are too few for any."""
    if ballots < least:
        return None
    doublings = (ballots // least).bit_length() - 1
    return Look(least << doublings, 1 - (1 - confidence) / 2 ** (doublings + 1))

"""Time zones, as people choose them."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

TECHNICAL = ("Etc/", "posix/", "right/", "SystemV/")


@cache
def zones() -> list[str]:
    """Places, and UTC."""
    places = [zone for zone in available_timezones() if "/" in zone]
    return ["UTC", *sorted(place for place in places if not place.startswith(TECHNICAL))]

"""Hours of the day where people live: quiet ones, and when the clock next strikes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
WEEK = 7
WORKING_DAYS, DAILY = range(5), range(WEEK)


@dataclass(frozen=True)
class Quiet:
    """From one hour to another on these weekdays, Monday being 0; `to` may be next day's.

    The same hour twice is a whole day.
    """

    days: Sequence[int]
    begins: int
    to: int
    zone: str

    def ends(self, at: datetime) -> datetime | None:
        """When they are over, where `at` is in them; None where it is not."""
        over = at
        # Ends of one day may be the beginning of the next one's: a weekend is one piece.
        for _ in range(WEEK + 1):
            end = self._end_of_piece(over)
            if end is None:
                return None if over == at else over
            over = end
        return over

    def _end_of_piece(self, at: datetime) -> datetime | None:
        today = at.astimezone(ZoneInfo(self.zone)).date()
        for day in (today - DAY, today):
            if day.weekday() in self.days:
                lasts = DAY if self.to <= self.begins else timedelta(0)
                begin = struck(day, self.begins, self.zone)
                end = struck(day + lasts, self.to, self.zone)
                if begin <= at < end:
                    return end
        return None


def struck(day: date, hour: int, zone: str) -> datetime:
    """That hour of that day there. One that a clock change leaves out is the next one."""
    there = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return (there.replace(hour=hour)).astimezone(UTC)


def next_time(
    *, hour: int, zone: str, after: datetime, weekday: int | None = None
) -> datetime:
    """When the clock there next strikes this hour, on this weekday where one is named."""
    day = after.astimezone(ZoneInfo(zone)).date()
    for ahead in range(WEEK + 2):
        one = day + ahead * DAY
        if weekday in (None, one.weekday()) and struck(one, hour, zone) > after:
            return struck(one, hour, zone)
    raise AssertionError("a week has each weekday once")


def month_of(at: datetime, zone: str) -> tuple[datetime, datetime]:
    """The first moment of the month there, and that of the next one."""
    first = at.astimezone(ZoneInfo(zone)).date().replace(day=1)
    following = (first + 31 * DAY).replace(day=1)
    return struck(first, 0, zone), struck(following, 0, zone)

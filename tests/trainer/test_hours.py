"""Hours of the day where people live: clock changes, nights, weekends."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from trainer.hours import Quiet, month_of, next_time

BERLIN = "Europe/Berlin"
WEEKDAYS, EVERY_DAY = range(5), range(7)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "then"),
    [
        ("2026-01-10T00:30", "2026-01-10T01:00"),  # two o'clock there is one in UTC
        ("2026-01-10T01:00", "2026-01-11T01:00"),  # that moment itself is over
        ("2026-07-10T00:30", "2026-07-11T00:00"),  # summer time
        ("2026-03-28T12:00", "2026-03-29T01:00"),  # 2:00 is left out: 3:00 it is
        ("2026-10-24T12:00", "2026-10-25T00:00"),  # 2:00 comes twice: the first
        ("2026-10-25T00:00", "2026-10-26T01:00"),  # and only the first
    ],
)
def test_two_at_night_in_berlin(after, then):
    assert next_time(hour=2, zone=BERLIN, after=at(after)) == at(then)


def test_a_weekday_is_that_of_the_place():
    # It is Saturday already in Auckland while it is Friday in UTC.
    then = next_time(
        hour=3, weekday=5, zone="Pacific/Auckland", after=at("2026-07-17T00:00")
    )
    assert then == at("2026-07-17T15:00")


@pytest.mark.parametrize(
    ("moment", "ends"),
    [
        ("2026-01-12T06:59", None),  # Monday, 7:59 there
        ("2026-01-12T07:00", "2026-01-12T17:00"),
        ("2026-01-12T16:59", "2026-01-12T17:00"),
        ("2026-01-12T17:00", None),
        ("2026-01-10T10:00", None),  # Saturday
    ],
)
def test_office_hours_are_quiet(moment, ends):
    quiet = Quiet(WEEKDAYS, 8, 18, BERLIN)
    assert quiet.ends(at(moment)) == (ends and at(ends))


@pytest.mark.parametrize(
    ("moment", "ends"),
    [
        ("2026-01-12T22:30", "2026-01-13T05:00"),
        ("2026-01-13T04:30", "2026-01-13T05:00"),  # begun the day before
        ("2026-01-13T06:00", None),
        ("2026-01-10T22:30", None),  # Saturday night is nobody's
        ("2026-01-12T04:30", None),  # nor is what Sunday began
    ],
)
def test_quiet_hours_may_go_over_midnight(moment, ends):
    quiet = Quiet(WEEKDAYS, 22, 6, BERLIN)
    assert quiet.ends(at(moment)) == (ends and at(ends))


def test_pieces_that_touch_are_one():
    whole_days = Quiet(WEEKDAYS, 0, 0, "UTC")
    assert whole_days.ends(at("2026-01-14T12:00")) == at("2026-01-17T00:00")
    always = Quiet(EVERY_DAY, 0, 0, "UTC").ends(at("2026-01-14T12:00"))
    assert always is not None and always > at("2026-01-20T00:00")


def test_a_month_begins_where_people_are():
    assert month_of(at("2026-01-31T23:30"), BERLIN) == (
        at("2026-01-31T23:00"),
        at("2026-02-28T23:00"),
    )

"""What is read ahead by a thread: in order, once, with all that goes wrong in it."""

from __future__ import annotations

import sys
import threading

import pytest

from curation.ahead import ReadAhead


def never():
    raise AssertionError("Nobody had to wait.")


def reading(parts, waiting=lambda: None):
    return ReadAhead(iter(parts), waiting=waiting, seconds=0.01)


def test_parts_come_in_order_begun_ahead_or_not():
    before = sys.getswitchinterval()
    with reading([1, 2, 3]) as coming:
        assert sys.getswitchinterval() < before
        found = [coming.next()]
        coming.begin()
        found += [coming.next(), coming.next(), coming.next()]

    assert found == [1, 2, 3, None]
    assert sys.getswitchinterval() == before


def test_who_waits_is_called_again_and_again():
    came, waits = threading.Event(), []

    def parts():
        assert came.wait(30)
        yield "late"

    def waiting():
        waits.append(1)
        if len(waits) == 3:
            came.set()

    with reading(parts(), waiting) as coming:
        assert coming.next() == "late"

    assert len(waits) >= 3


def test_what_goes_wrong_in_the_thread_is_raised_where_the_part_is_asked_for():
    def parts():
        yield 1
        raise KeyError("odd")

    with reading(parts()) as coming:
        assert coming.next() == 1
        coming.begin()
        with pytest.raises(KeyError, match="odd"):
            coming.next()


def test_what_waiting_raises_ends_it():
    over = threading.Event()

    def parts():
        assert over.wait(30)
        yield 1

    def waiting():
        over.set()
        raise LookupError

    before = threading.active_count()
    with pytest.raises(LookupError), reading(parts(), waiting) as coming:
        coming.next()

    assert threading.active_count() == before


def test_a_timeout_of_the_parts_themselves_is_theirs():
    def parts():
        raise TimeoutError("the disk")
        yield

    with reading(parts(), never) as coming, pytest.raises(TimeoutError, match="the disk"):
        coming.next()

"""The thread that keeps the lease: it must neither give up early nor hold on too long."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import OperationalError

from trainer import watch
from trainer.errors import Cancelled, Lost
from trainer.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(watch, "SECONDS", 0.02)


class Heart:
    """Answers each beat with the next of these; the last one for ever."""

    def __init__(self, *answers):
        self.answers, self.beats = list(answers), 0

    def __call__(self):
        self.beats += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Body:
    """A child as far as the watch sees it."""

    killed_with = None

    def kill(self, *, gentle_seconds=5):
        self.killed_with = gentle_seconds


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def is_lost(kept):
    try:
        kept.check()
    except Lost:
        return True
    return False


def test_a_database_that_is_away_for_a_moment_changes_nothing():
    away = OperationalError("the server closed the connection")
    heart = Heart(away, away, True)

    with Watch(beat=heart) as kept:
        until(lambda: heart.beats > 3)
        kept.check()


def test_past_the_lease_the_child_dies_as_somebody_else_may_have_begun(monkeypatch):
    monkeypatch.setattr(watch, "LEASE", timedelta(seconds=0.1))
    child = Body()

    with (
        Watch(beat=Heart(OperationalError("away"))) as kept,
        pytest.raises(Lost),
        kept.over(child),
    ):
        until(lambda: child.killed_with is not None)

    assert child.killed_with == 0


def test_a_beat_that_never_returns_does_not_stretch_the_lease(monkeypatch):
    monkeypatch.setattr(watch, "LEASE", timedelta(seconds=0.2))
    child, answered = Body(), threading.Event()

    with Watch(beat=answered.wait) as kept:
        try:
            with pytest.raises(Lost), kept.over(child):
                until(lambda: child.killed_with is not None)
        finally:
            answered.set()
        time.sleep(0.1)  # the beat succeeds after all, and comes too late
        with pytest.raises(Lost):
            kept.check()

    assert child.killed_with == 0


def test_good_beats_move_the_end_of_the_lease(monkeypatch):
    """By a clock of its own, which a busy machine does not stop between two beats."""
    clock, heart = SimpleNamespace(now=0.0), Heart(True)
    monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(watch, "LEASE", timedelta(seconds=0.1))

    with Watch(beat=heart) as kept:
        for _ in range(5):
            clock.now += 0.06
            asked = heart.beats
            until(lambda asked=asked: heart.beats > asked + 1)
        time.sleep(0.2)  # the guard has looked
        kept.check()


def test_a_cancel_asks_the_child_first():
    child = Body()

    with (
        Watch(beat=Heart(True), stop_asked=lambda: Cancelled) as kept,
        pytest.raises(Cancelled),
        kept.over(child),
    ):
        until(lambda: child.killed_with is not None)

    assert child.killed_with == 5


def test_a_child_that_starts_after_the_loss_does_not_live():
    child = Body()

    with Watch(beat=Heart(False)) as kept:
        until(lambda: is_lost(kept))
        with pytest.raises(Lost), kept.over(child):
            pass

    assert child.killed_with == 0

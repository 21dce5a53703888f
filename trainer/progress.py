"""Takes a recipe's events in, and writes them to the row about once a second."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from trainer.actions import runs
from trainer.actions.runs import Point
from trainer.models import Metric, Run

logger = logging.getLogger(__name__)

WRITE_EVERY = 1.0
Name = Metric.Name
# What a step's event says, by the same names.
AT_A_STEP = (
    Name.LOSS, Name.LEARNING_RATE, Name.GRAD_NORM, Name.GPU_MEMORY, Name.ACCURACY,
    Name.MARGIN,
)  # fmt: skip
HELD_OUT = {
    "loss": Name.HELD_OUT_LOSS,
    "accuracy": Name.HELD_OUT_ACCURACY,
    "margin": Name.HELD_OUT_MARGIN,
}


class Progress:
    """One per child. Raises Lost when the run has become somebody else's."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._points: list[Point] = []
        self._facts: dict[str, Any] = {}
        self._written_at = time.monotonic()
        self._begun_at = 0  # the step from which this attempt goes on
        self._last = (0, 0.0)  # tokens and seconds at the last step

    def take(self, event: dict[str, Any] | None) -> None:
        """An event, or None in a pause."""
        kind = event.get("event") if event else None
        if event and kind == "started":
            self._started(event)
        elif event and kind == "step":
            self._step(event)
        elif event and kind == "held_out":
            self._held_out(event)
        elif event and kind == "checkpoint":
            self._facts["lost"] = 0  # it gets on: workers lost before do not count any more
        # What a checkpoint holds is not told again after a resume: it must be written now.
        if kind == "checkpoint" or time.monotonic() - self._written_at >= WRITE_EVERY:
            self._try_flush()

    def _try_flush(self) -> None:
        """The child goes on while the database is away, for as long as the lease lasts."""
        try:
            self.flush()
        except (OperationalError, InterfaceError) as away:
            logger.warning("%s cannot be written just now: %s", self.run, away)
            connection.close_if_unusable_or_obsolete()

    def flush(self) -> None:
        self._written_at = time.monotonic()
        if self._points or self._facts:
            runs.report(self.run, self._points, **self._facts)
            self._points, self._facts = [], {}

    def _started(self, event: dict[str, Any]) -> None:
        if "steps" not in event:
            return  # evaluation and sampling count other things
        self._begun_at = event.get("resumed_at", 0)
        self._last = (event.get("tokens", 0), 0.0)
        made_with = {"device": event.get("device"), "versions": event.get("versions", {})}
        if "dtype" in event:
            made_with["dtype"] = event["dtype"]
        self._facts |= {
            "of": event["steps"],
            "step": self._begun_at,
            "made_with": made_with,
        }

    def _held_out(self, event: dict[str, Any]) -> None:
        for said, name in HELD_OUT.items():
            if event.get(said) is not None:
                self._points.append(Point(name, event["step"], event[said]))

    def _step(self, event: dict[str, Any]) -> None:
        step, tokens, seconds = (
            event["step"],
            event.get("tokens", 0),
            event.get("seconds", 0.0),
        )
        tokens_before, seconds_before = self._last
        self._last = (tokens, seconds)
        for name in AT_A_STEP:
            if event.get(name.value) is not None:
                self._points.append(Point(name, step, event[name.value]))
        if seconds > seconds_before:
            pace = (tokens - tokens_before) / (seconds - seconds_before)
            self._points.append(Point(Name.TOKENS_PER_S, step, round(pace, 1)))
        self._facts |= {"step": step, "of": event["of"], "tokens": tokens}
        if seconds and step > self._begun_at:
            self._facts["seconds_per_step"] = seconds / (step - self._begun_at)

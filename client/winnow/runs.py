"""Runs: followed while they train, stopped, and what came of them taken home."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from winnow import wire
from winnow.bars import bar
from winnow.downloads import fetch, listed
from winnow.errors import NotFound, RunEnded

if TYPE_CHECKING:
    from winnow.wire import Wire

ACTIVE = ("queued", "running")
Row = dict[str, Any]


class Event(NamedTuple):
    """What is new about a run that is followed: its `state`, its `step`, or a `metric`."""

    kind: Literal["state", "step", "metric"]
    run: Run
    name: str = ""  # the state or phase, or which metric
    step: int = 0
    value: float | None = None

    def __str__(self) -> str:
        if self.kind == "metric":
            return f"step {self.step}: {self.name} {self.value:.4g}"
        if self.kind == "step":
            return f"step {self.step} of {self.run.of}"
        return self.name


class Run:
    """One training. Its facts are those of the last look; `refresh` looks again."""

    def __init__(self, connection: Wire, facts: Row) -> None:
        self._wire, self.facts = connection, facts
        self.id: int = facts["id"]

    def __repr__(self) -> str:
        return f"<Run {self.id}, {self.state}>"

    @property
    def state(self) -> str:
        found: str = self.facts["state"]
        return found

    @property
    def phase(self) -> str:
        """What a running one does now: preparing, training, evaluating, …"""
        found: str = self.facts["phase"] if self.state == "running" else ""
        return found

    @property
    def step(self) -> int:
        found: int = self.facts["step"]
        return found

    @property
    def of(self) -> int:
        found: int = self.facts["of"]
        return found

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    def refresh(self) -> Run:
        return self._became(self._wire.get(self._there))

    def cancel(self) -> Run:
        """A run at work stops within seconds; follow it to see when."""
        return self._became(self._wire.post(f"{self._there}cancel/"))

    def pause(self) -> Run:
        return self._became(self._wire.post(f"{self._there}pause/"))

    def retry(self) -> Run:
        """Queue it again; it goes on from its last checkpoint."""
        return self._became(self._wire.post(f"{self._there}retry/"))

    def metrics(self, name: str | None = None, since_step: int = 0) -> Iterator[Row]:
        """Points of its curves by step: {"name": "loss", "step": 12, "value": 1.9}."""
        there = f"{self._there}metrics/"
        return self._wire.pages(there, name=name, since_step=since_step)

    def evaluation(self) -> Row | None:
        """What held-out examples say of its model; None until it was measured."""
        try:
            found: Row = self._wire.get(f"{self._there}evaluation/")
        except NotFound:
            return None
        return found

    def compare(self, other: int | Run | None = None) -> Row:
        """Its losses on held-out answers, and another run's beside them; the champion's, if
        you name none."""
        number = other.id if isinstance(other, Run) else other
        found: Row = self._wire.get(f"{self._there}comparison/", run=number)
        return found

    def evidence(self) -> Row:
        """All that speaks for and against promoting it, once it is finished."""
        found: Row = self._wire.get(f"{self._there}evidence/")
        return found

    def samples(self) -> Iterator[Row]:
        """Its answers to held-out prompts, beside its base's."""
        return self._wire.pages(f"{self._there}samples/")

    def follow(
        self, *, every: float = wire.LOOKS_EVERY, progress: bool | None = None
    ) -> Iterator[Event]:
        """What happens, as it happens, until the run is over or paused.

        A progress bar is shown in a terminal; `progress` says so for certain.
        """
        new = _News()
        with bar(f"Run {self.id}", self.of, unit=" steps", is_shown=progress) as moved:
            while True:
                is_over = not self.is_active  # looked at before: nothing is missed
                yield from new.of(self)
                moved(self.step)
                if is_over:
                    return
                wire.sleep(every)
                self.refresh()

    def wait(self, *, every: float = wire.LOOKS_EVERY, progress: bool | None = None) -> Run:
        """Until it has finished; RunEnded where it failed, was cancelled, or paused."""
        for _event in self.follow(every=every, progress=progress):
            pass
        self.check()
        return self

    def check(self) -> None:
        """RunEnded where it is neither finished nor on its way."""
        if self.state != "finished" and not self.is_active:
            problem = self.facts["problem"]
            raise RunEnded(f"Run {self.id} is {self.state}." + f" {problem}".rstrip())

    def pull(self, folder: str | Path, *, progress: bool | None = None) -> Path:
        """Its adapter, or its whole model: each file compared with its SHA-256."""
        there = Path(folder)
        for one in listed(self._wire.get(f"{self._there}files/")["results"]):
            path = f"{self._there}files/{one.name}/"
            fetch(self._wire, path, there, one, progress=progress)
        return there

    @property
    def _there(self) -> str:
        return f"runs/{self.id}/"

    def _became(self, facts: Row) -> Run:
        self.facts = facts
        return self


class _News:
    """Remembers what was told of a run."""

    def __init__(self) -> None:
        self.state, self.step = "", -1
        self.points: set[tuple[str, int]] = set()
        self.since = 0

    def of(self, run: Run) -> Iterator[Event]:
        state = run.phase or run.state
        if state != self.state:
            self.state = state
            yield Event("state", run, name=state, step=run.step)
        # Again from the last step on: a later measure may belong to it.
        for one in run.metrics(since_step=self.since):
            point = (one["name"], one["step"])
            if point not in self.points:
                self.points.add(point)
                self.since = max(self.since, one["step"])
                yield Event("metric", run, *point, value=one["value"])
        self.points = {point for point in self.points if point[1] >= self.since}
        if run.step != self.step:
            self.step = run.step
            yield Event("step", run, step=run.step)

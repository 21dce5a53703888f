"""Claim and submit over HTTP, with many people at once: `make bench NAME=claim`.

300,000 open slots; people come, ask for a task, work through some, and leave. A JSON line
per level, a further one for the same with all pages read, one for the plans; all else on
standard error. docs/performance.md says what each figure means.
"""

from __future__ import annotations

import json
import math
import os
import queue
import random
import re
import subprocess
import sys
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlsplit

from benchmarks import stack
from benchmarks.keepalive import Answer, Connection
from config.places import ROOT

LEVELS = (1, 8, 32, 64)
SECONDS = 15.0
WARM_UP_SECONDS = 4.0
TASKS_A_SITTING = 8
TARGET_MS, TARGET_A_SECOND = 50.0, 100.0
# What people ask for as they sit down: most for one kind, some for whatever is best.
WISHES: list[dict[str, str]] = [
    {"kind": "review", "dataset": "talks"},
    {},
    {"kind": "review", "dataset": "talks"},
    {"kind": "rank", "dataset": "rankings"},
    {"kind": "review", "dataset": "talks"},
    {"kind": "review", "dataset": "pairs"},
    {"kind": "review", "dataset": "talks"},
    {"kind": "answer", "dataset": "answers"},
]
TASK = re.compile(r"/work/([0-9a-f]{16})/")
PLACE = re.compile(r'name="(position_\d+)"')
# Of a page, the field that tells which kind of work it asks for.
KIND_BY_FIELD = {"verdict": "review", "outcome": "rank", "reply": "write", "text": "answer"}


@dataclass
class Tally:
    """What happened at one level, as the people saw it."""

    seconds: float = 0.0
    client_seconds: float = 0.0
    sent: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


class Level:
    """So many people at once, each in a thread; who leaves makes room for the next."""

    def __init__(
        self,
        port: int,
        sessions: dict[int, str],
        people: int,
        *,
        seed: int,
        with_pages: bool = False,
    ) -> None:
        self.port, self.people, self.tally = port, people, Tally()
        self.with_pages = with_pages
        self.waiting: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
        order = sorted(sessions.items())
        random.Random(seed).shuffle(order)
        for one in order:
            self.waiting.put(one)
        self.sittings = iter(range(sys.maxsize))
        self.ends = 0.0

    def run(self, seconds: float) -> None:
        threads = [threading.Thread(target=self._come_and_go) for _ in range(self.people)]
        began, used = time.perf_counter(), time.process_time()
        self.ends = began + seconds
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.tally.seconds = time.perf_counter() - began
        self.tally.client_seconds = time.process_time() - used

    def _come_and_go(self) -> None:
        while time.perf_counter() < self.ends:
            person, session = self.waiting.get()
            wish = WISHES[next(self.sittings) % len(WISHES)]
            connection = Connection(self.port, session)
            try:
                self._sit(connection, person, wish)
            except (OSError, ValueError, LookupError) as problem:
                self.tally.problems.append(f"{type(problem).__name__}: {problem}")
            finally:
                connection.close()

    def _sit(self, connection: Connection, person: int, wish: dict[str, str]) -> None:
        """Ask for a task; then, of each, do what the page's script does.

        It takes the next task ahead, fetches its page, and sends this one as a card.
        """
        answer = self._timed("claim", 302, connection.post, "/work/claim/", wish)
        task = task_in(answer.location)
        kind, page = wish.get("kind", ""), ""
        if self.with_pages or not kind:
            page = self._timed("page", 200, connection.get, f"/work/{task}/").body
            kind = kind_of(page)
        for _ in range(TASKS_A_SITTING):
            if time.perf_counter() >= self.ends:
                return
            path = f"/work/{task}/ahead/"
            ahead = self._timed("claim", 200, connection.post, path, {})
            fields, page = filled(kind, page), ""
            if self.with_pages:
                path = json.loads(ahead.body)["next"]["url"]
                page = self._timed("page", 200, connection.get, path, "ahead").body
            path = f"/work/{task}/submit/"
            answer = self._timed("submit", 200, connection.post, path, fields, "card")
            landed = json.loads(answer.body)
            one = {"key": fields["key"], "person": person, "slot": landed["done"]}
            self.tally.sent.append(one)
            task = task_in(landed["next"]["url"])

    def _timed(self, what: str, expected: int, ask: Any, *given: Any) -> Answer:
        began = time.perf_counter()
        answer: Answer = ask(*given)
        self.tally.took[what].append(1000 * (time.perf_counter() - began))
        if answer.status != expected:
            raise ValueError(f"{what} {given} answers {answer.status}")
        return answer


def task_in(address: str) -> str:
    task = TASK.search(address)
    if task is None:
        raise LookupError(f"no task: {address}")
    return task[1]


def kind_of(page: str) -> str:
    names = KIND_BY_FIELD.items()
    return next(kind for name, kind in names if f'name="{name}"' in page)


def filled(kind: str, page: str) -> dict[str, str]:
    """What somebody would send. Who has not read the answers finds none of them good."""
    fields = {"key": str(uuid.uuid4()), "active_seconds": "12"}
    if places := PLACE.findall(page):
        order = random.sample(range(1, len(places) + 1), len(places))
        return {**fields, **dict(zip(places, map(str, order), strict=True))}
    words = f"Ask her on a quiet afternoon, and bring cake. {uuid.uuid4()}"
    said = {
        "review": {"verdict": "accept"},
        "rank": {"outcome": "none_good"},
        "write": {"prompt": f"A question {uuid.uuid4()}?", "reply": "An answer."},
        "answer": {"text": words},
    }
    return {**fields, **said[kind]}


# ---- around a level ----------------------------------------------------------------
def inside(call: str) -> dict[str, Any]:
    """Call something of crowd.py or audit.py inside Django; the line that it printed."""
    code = f"from benchmarks import audit, crowd; {call}"
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    lines = ran.stdout.strip().splitlines()
    return dict(json.loads(lines[-1])) if lines else {}


def checked(tally: Tally) -> dict[str, Any]:
    with NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(tally.sent, file)
        file.flush()
        return inside(f"audit.check({str(Path(file.name))!r})")


def line_of(level: Level, found: dict[str, Any]) -> dict[str, Any]:
    cores, tally = os.cpu_count() or 1, level.tally
    return {
        "people_with_pages" if level.with_pages else "people": level.people,
        "claims": len(tally.took["claim"]),
        "submissions": len(tally.sent),
        **found,
        "errors": len(tally.problems),
        **{
            f"{what}_p{share}_ms": percentile(tally.took[what], share)
            for what in ("claim", "submit", *(["page"] if level.with_pages else []))
            for share in (50, 95, 99)
        },
        "submissions_per_s": round(len(tally.sent) / tally.seconds, 1),
        "client_share": round(tally.client_seconds / tally.seconds / cores, 3),
    }


def percentile(took: Sequence[float], share: int) -> float | None:
    """The smallest that so many percent do not exceed."""
    if not took:
        return None
    return round(sorted(took)[math.ceil(share / 100 * len(took)) - 1], 1)


def main() -> None:
    with stack.running("claim") as address:
        port = urlsplit(address).port or 0
        say("making 300,000 open slots ...")
        began = time.monotonic()
        made = inside("crowd.seed()")
        say(f"{made['slots']:,} open slots after {time.monotonic() - began:.0f} s")
        sessions = {int(person): key for person, key in made["sessions"].items()}
        Level(port, sessions, 4, seed=0, with_pages=True).run(WARM_UP_SECONDS)
        for people in LEVELS:
            for with_pages in (False, True):
                inside("audit.hours_later()")
                seed = 2 * people + with_pages
                level = Level(port, sessions, people, seed=seed, with_pages=with_pages)
                level.run(SECONDS)
                for problem in level.tally.problems[:5]:
                    say(problem)
                print(json.dumps(line_of(level, checked(level.tally))), flush=True)
        print(json.dumps(inside("audit.plan_seq_scans()")), flush=True)


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()

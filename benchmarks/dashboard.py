"""The dashboard of a large dataset over HTTP: `make bench NAME=dashboard`, MESSAGES=.

A JSON line per page: `first_ms` when nothing is counted or drawn, `p50_ms` and `p95_ms`
afterwards, one request at a time; `cpu` is the server's and the database's. Then what each
table costs the database, and a chart a process: the first starts V8.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any
from urllib.parse import urlsplit

from benchmarks import browse, stack
from benchmarks.claim import percentile
from benchmarks.keepalive import Connection
from config.places import ROOT

MESSAGES = int(os.environ.get("MESSAGES", "200000"))
ROUNDS = 20
PAGES = {
    "30 days": "",
    "7 days": "days=7",
    "90 days": "days=90",
    "all": "days=all",
    "all, one category": "days=all&category=c3",
    "all, one language": "days=all&language=de",
}
CHARTS = 6  # drawn after the first
COUNTED = """
import json, time
from django.http import QueryDict
from curation.dashboards import coverage, judging, pace, scope, standing
from curation.models import Dataset
dataset = Dataset.objects.get(slug="shelf")
took = {}
for days in ("30", "all"):
    here = scope.asked(QueryDict(f"days={days}"), dataset)
    for name, count in {
        "combinations": coverage.cells_of, "progress": standing.progress,
        "waiting": lambda here: standing.waiting(here, is_curator=True),
        "reviews": pace.reviews_by_day, "throughput": lambda h: pace.throughput(h, []),
        "acceptance": pace.acceptance, "agreement": judging.agreement,
    }.items():
        began = time.perf_counter()
        count(here)
        took[f"{name}, {days}"] = round(1000 * (time.perf_counter() - began))
print(json.dumps({"table_ms": took}))
"""
DRAWN = """
import json, time
from datetime import date, timedelta
from curation.timelines import Line, timeline
def draw(n):
    days = [date(2026, 1, 1) + timedelta(days=at) for at in range(30)]
    lines = tuple(
        Line(str(k), tuple((at, float((at.day * k + n) %% 17)) for at in days))
        for k in range(4)
    )
    began = time.perf_counter(), time.process_time()
    timeline(lines, title="t", description="d", key="k")
    took = time.perf_counter() - began[0], time.process_time() - began[1]
    return [round(1000 * seconds) for seconds in took]
def memory():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(one.split()[1]) for one in lines if one.startswith("VmRSS")) // 1024
before = memory()
first = draw(time.time())
after = memory()
more = [draw(time.time() + n) for n in range(%d)]
print(json.dumps({"chart": "four lines of 30 days", "first_ms": first[0],
    "first_cpu_ms": first[1], "next_ms": sorted(m[0] for m in more)[len(more) // 2],
    "next_cpu_ms": sorted(m[1] for m in more)[len(more) // 2],
    "first_mb": after - before, "next_mb": memory() - after}))
"""


def main() -> None:
    with stack.running("dashboard") as address:
        port = urlsplit(address).port or 0
        say(f"making {MESSAGES:,} messages ...")
        made = _inside(f"from benchmarks import year; year.seed({MESSAGES})")
        print(json.dumps({k: made[k] for k in ("messages", "reviews", "seconds")}))
        for name, query in PAGES.items():
            print(json.dumps(_measured(port, made, name, query)), flush=True)
        print(json.dumps(_inside(COUNTED) | {"load": _load()}))
        print(json.dumps(_inside(DRAWN % CHARTS) | {"load": _load()}))


def _inside(code: str) -> dict[str, Any]:
    """What a program inside Django prints last."""
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(ran.stdout.strip().splitlines()[-1]))


def _measured(port: int, made: dict[str, Any], name: str, query: str) -> dict[str, Any]:
    connection = Connection(port, made["curator"])
    took, spent = [], [browse._cpu_seconds()]
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        answer = connection.get(f"/datasets/shelf/dashboard/?{query}")
        took.append(1000 * (time.perf_counter() - began))
        assert answer.status == 200, (name, answer.status)
        spent.append(browse._cpu_seconds())
    connection.close()
    return {
        "messages": made["messages"],
        "page": name,
        "first_ms": round(took[0], 1),
        "first_cpu_ms": round(1000 * (spent[1] - spent[0])),
        "p50_ms": percentile(took[1:], 50),
        "p95_ms": percentile(took[1:], 95),
        "cpu_ms": round(1000 * (spent[-1] - spent[1]) / ROUNDS),
        "load": _load(),
    }


def _load() -> float:
    return round(os.getloadavg()[0], 1)


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()

"""How fast annotated records come in and go out: `make bench NAME=transfer`.

A record is a text with what three reviewers said of it by labels, and its place among its
siblings: a row of Open Assistant's messages, a prompt and its two ranked answers in turn.
`RECORDS=` (15,000) that nobody wrote go in and out as on the pages of imports and exports:
unfolded by a process of its own, taken batch by batch, written as JSON lines. Lines are for
that many and for four times as many: `rss_mb`, the most memory that each worker had, should
not grow with them.
"""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import psutil
from django.db import connection

from benchmarks.copies import Corpus
from benchmarks.duplicates import database, inside

ADMIN = "admin@bench.example"
TIMES = 4
LABELS = ("quality", "helpfulness", "creativity", "toxicity", "spam")


def main() -> None:
    records = int(os.environ.get("RECORDS", "15000"))
    for count in (records, records * TIMES):
        with database("transfer"):
            for step in ("take", "give"):
                called = f"from benchmarks import transfer; transfer.{step}({count})"
                inside("shell", "--no-imports", "-c", called)


def take(count: int) -> None:
    """In the database: a file comes in. A process of its own, as a worker is."""
    from curation.actions import datasets, importing
    from curation.models import Contributor, Import

    by = Contributor.objects.create_superuser(ADMIN, "x")
    dataset = datasets.create(slug="bench", title="Bench", shape="conversations",
                              guideline="Be kind.", policy={}, by=by)  # fmt: skip
    lines = (json.dumps(one).encode() + b"\n" for one in records(count))
    found = importing.receive(dataset=dataset, by=by, name="a.jsonl", content=lines)
    importing.start(import_id=found.pk, by=by, format="oasst_messages", mapping={},
                    as_state="accepted")  # fmt: skip
    told = _measured("import", count, lambda: importing.run(found.pk))
    done = Import.objects.get()
    assert (done.state, done.messages, done.refused) == ("done", count, 0), done.why
    counts = {"conversations": done.conversations, "rankings": done.rankings}
    print(json.dumps({**told, **counts}), flush=True)


def give(count: int) -> None:
    """In the database: all of it goes out again."""
    from curation.actions import extracting
    from curation.models import Contributor, Dataset, Extract

    dataset, by = Dataset.objects.get(), Contributor.objects.get()
    wanted = extracting.Wanted("oasst_messages", "jsonl")
    found = extracting.ask(dataset=dataset, by=by, wanted=wanted)
    told = _measured("export", count, lambda: extracting.run(found.pk))
    done = Extract.objects.get()
    assert (done.state, done.rows) == ("done", count), done.why
    print(json.dumps({**told, "megabytes": round(done.size / 1e6, 1)}), flush=True)


def _measured(what: str, count: int, work: Callable[[], None]) -> dict[str, Any]:
    load, before = os.getloadavg()[0], _cpu()
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    cpu = {name: spent - before[name] for name, spent in _cpu().items()}
    return {
        "records": count,
        f"{what}_per_s": round(count / seconds),
        "per_cpu_s": round(count / sum(cpu.values())),
        **{f"{name}_cpu_s": round(spent, 2) for name, spent in cpu.items()},
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "load": round(load, 1),
    }


def _cpu() -> dict[str, float]:
    """Of this process, of its children that are done, of the server's process for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        server = psutil.Process(cursor.fetchone()[0]).cpu_times()
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "own": time.process_time(),
        "child": child.ru_utime + child.ru_stime,
        "database": server.user + server.system,
    }


def records(count: int) -> Iterator[dict[str, Any]]:
    corpus, chance = Corpus(), Random(1)
    for number in range(count):
        prompt, place = number - number % 3, number % 3 - 1
        labels = {
            "name": list(LABELS),
            "value": [round(chance.random(), 2) for _name in LABELS],
            "count": [3] * len(LABELS),
        }
        answer = {"parent_id": _id(prompt), "rank": place} if place >= 0 else {}
        yield {
            "message_id": _id(number), "message_tree_id": _id(prompt),
            "tree_state": "ready_for_export", "text": corpus.text(number),
            "role": "assistant" if answer else "prompter", "lang": "en",
            "review_count": 3, "review_result": True, "deleted": False,
            "synthetic": False, "labels": labels, **answer,
        }  # fmt: skip


def _id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


if __name__ == "__main__":
    main()

"""Near-duplicates among a million prompts: `make bench NAME=duplicates`.

RECORDS=50000 makes it smaller; DATA=folder takes the texts that are copied from files. A
JSON line for lookups one by one, one for each edit, one for all at once.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

import numpy as np

from benchmarks.copies import EDITS, Corpus, edited
from config import embedded, places
from curation.clean import sketches
from curation.clean.clusters import Cluster, Clustering

AT_ONCE = 20_000
COPIES_EACH = 500  # of each edit, planted for the batch


@contextmanager
def database(name: str) -> Iterator[None]:
    """An empty PostgreSQL with our tables, under var/<name>."""
    var = places.ROOT / "var" / name
    os.environ.update(WINNOW_LOCAL="1", WINNOW_VAR=str(var))
    os.environ.pop("DATABASE_URL", None)
    _clear(var)
    embedded.start(var, only="PostgreSQL")
    try:
        inside("migrate", "--verbosity", "0")
        yield
    finally:
        _clear(var)


def _clear(var: Any) -> None:
    if var.exists():
        embedded.stop(var)
        shutil.rmtree(var)


def inside(*command: str) -> None:
    ran = [sys.executable, "manage.py", *command]
    subprocess.run(ran, cwd=places.ROOT, check=True)


# ---- all at once -----------------------------------------------------------------------
class Planted:
    """The corpus, and behind it copies: the text of each number, none of them kept."""

    def __init__(self, records: int) -> None:
        self.corpus, self.records = Corpus(), records
        self.copies = [
            (edit, number)
            for edit in EDITS
            for number in self.corpus.sample(edit, records, COPIES_EACH)
        ]

    def text(self, number: int) -> str:
        if number < self.records:
            return self.corpus.text(number)
        edit, original = self.copies[number - self.records]
        text = self.corpus.text(original)
        return edited(text, edit, Random(number), self.corpus.vocabulary)

    def texts(self, numbers: Sequence[int]) -> list[str]:
        return [self.text(number) for number in numbers]

    def __len__(self) -> int:
        return self.records + len(self.copies)


def all_at_once(records: int) -> dict[str, Any]:
    """Clusters of the whole corpus; what making the texts took is taken off."""
    planted = Planted(records)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    began, cpu, making = time.monotonic(), time.process_time(), 0.0
    spent = 0.0

    def texts(numbers: Sequence[int]) -> list[str]:
        nonlocal making, spent
        at, at_cpu = time.monotonic(), time.process_time()
        made = planted.texts(numbers)
        making += time.monotonic() - at
        spent += time.process_time() - at_cpu
        return made

    clustering = Clustering(texts=texts)
    for start in range(0, len(planted), AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, len(planted)))
        clustering.add(np.arange(start, numbers.stop), sketches.signatures(texts(numbers)))
    sketched = time.process_time() - cpu - spent
    clusters = list(clustering.clusters())
    return {
        "batch_records": len(planted),
        "batch_seconds": round(time.monotonic() - began - making, 1),
        "batch_cpu_seconds": round(time.process_time() - cpu - spent, 1),
        "sketching_cpu_seconds": round(sketched, 1),
        "batch_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "rss_before_mb": before,
        "clusters": len(clusters),
        "largest": max((len(one.members) + 1 for one in clusters), default=0),
        "joined": joined(planted, clusters),
    }


def joined(planted: Planted, clusters: list[Cluster]) -> dict[str, float]:
    """The share of planted copies that ended in the cluster of their original, by edit."""
    heads = {pk: one.head for one in clusters for pk in (one.head, *_members(one))}
    together, each = Counter[str](), Counter[str]()
    for number, (edit, original) in enumerate(planted.copies, start=planted.records):
        each[edit] += 1
        together[edit] += number in heads and heads[number] == heads.get(original)
    return {edit: round(together[edit] / each[edit], 3) for edit in each}


def _members(cluster: Cluster) -> list[int]:
    return [member.id for member in cluster.members]


def main() -> None:
    records = int(os.environ.get("RECORDS", "1000000"))
    print(json.dumps(all_at_once(records)), flush=True)
    with database("duplicates"):
        call = f"lookups.seed({records}); lookups.measure({records})"
        code = f"from benchmarks import lookups; {call}"
        inside("shell", "--no-imports", "-c", code)


if __name__ == "__main__":
    main()

"""A dataset of so many prompts in PostgreSQL, and how soon a copy of one is found there.

Runs inside Django: `manage.py shell -c "from benchmarks import lookups; ..."`.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any

import psutil
from django.db import connection, transaction
from django.utils.timezone import now

from benchmarks.claim import percentile
from benchmarks.copies import EDITS, Corpus, edited
from curation.actions.lookalikes import Lookalike, lookalikes, note_sketches
from curation.aggregate.splits import prompt_key
from curation.clean import sketches
from curation.clean.duplicates import Relation, relation
from curation.models import Conversation, Dataset, Message, Policy, Sketch

AT_ONCE = 20_000
COPIES = 500  # of each edit
WARM_UP = 1_000  # lookups that are not counted
TABLES = [model._meta.db_table for model in (Conversation, Message, Sketch)]
INDEX = (
    "CREATE INDEX sketch_by_band ON curation_sketch USING gin (bands) WITH (fastupdate=off)"
)


# ---- the dataset -----------------------------------------------------------------------
def seed(records: int) -> None:
    """So many first prompts with their sketches, by COPY; the index of bands at the end."""
    corpus, began = Corpus(), time.monotonic()
    dataset = Dataset.objects.create(
        slug="likeness", title="Likeness", shape="conversations"
    )
    Policy.objects.create(dataset=dataset)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off; SET maintenance_work_mem = '1GB'")
        cursor.execute("DROP INDEX sketch_by_band")
        for start in range(1, records + 1, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, records + 1))
            with transaction.atomic():
                _write(cursor, dataset, numbers, [corpus.text(n - 1) for n in numbers])
        say(f"{records:,} prompts written after {time.monotonic() - began:.0f} s")
        cursor.execute(INDEX)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT pg_relation_size('sketch_by_band')")
        megabytes = cursor.fetchone()[0] // 2**20
    say(f"their index has {megabytes:,} MB after {time.monotonic() - began:.0f} s")


def _write(cursor: Any, dataset: Dataset, numbers: range, texts: list[str]) -> None:
    signatures = sketches.signatures(texts)
    bands = sketches.bands(signatures).tolist()
    at = now()
    common = {"language": "en", "source_key": "", "created_at": at}
    _copy(
        cursor,
        Conversation,
        (
            {
                "id": number,
                "uid": uuid.uuid4(),
                "dataset_id": dataset.pk,
                "state": "growing",
                "split": "train",
                "prompt_key": prompt_key(dataset.slug, text),
                "changes": 1,
                **common,
            }
            for number, text in zip(numbers, texts, strict=True)
        ),
    )
    _copy(
        cursor,
        Message,
        (
            {
                "id": number,
                "uid": uuid.uuid4(),
                "conversation_id": number,
                "role": "prompter",
                "origin": "import",
                "generator": "",
                "text": text,
                "context": "",
                "state": "accepted",
                "why": "",
                "ranking_round": 1,
                "decided_at": at,
                **common,
            }
            for number, text in zip(numbers, texts, strict=True)
        ),
    )
    _copy(
        cursor,
        Sketch,
        (
            {
                "message_id": number,
                "dataset_id": dataset.pk,
                "bands": [] if sketches.is_short(sketches.words_of(text)) else band,
                "signature": signature.tobytes(),
                "version": sketches.VERSION,
            }
            for number, text, band, signature in zip(
                numbers, texts, bands, signatures, strict=True
            )
        ),
    )


def _copy(cursor: Any, model: Any, rows: Iterator[dict[str, Any]]) -> None:
    first = next(rows)
    columns = ", ".join(first)
    with cursor.copy(f"COPY {model._meta.db_table} ({columns}) FROM STDIN") as copy:
        copy.write_row(list(first.values()))
        for row in rows:
            copy.write_row(list(row.values()))


# ---- looking for copies ----------------------------------------------------------------
def measure(records: int) -> None:
    """A JSON line: times of lookups one by one, and which copies were found by edit."""
    corpus, chance = Corpus(), Random(0)
    dataset = Dataset.objects.get(slug="likeness")
    for number in Random(2).sample(range(records), min(WARM_UP, records)):
        lookalikes(dataset, corpus.text(number))
    stopwatch = Stopwatch(dataset)
    tally: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    scans = _seq_scans()
    for edit in EDITS:
        for number in corpus.sample(edit, records, COPIES):
            text = corpus.text(number)
            copy = edited(text, edit, chance, corpus.vocabulary)
            alike = stopwatch.lookalikes(copy)
            tally[edit]["copies"] += 1
            tally[edit]["found"] += any(one.message.pk == number + 1 for one in alike)
            tally[edit][relation(text, copy)] += 1
    for number in range(records, records + COPIES):  # what nobody has asked yet
        stopwatch.lookalikes(corpus.text(number + 10_000_000))
    line = {
        "records": records,
        **stopwatch.figures(),
        "seq_scans": _seq_scans() - scans,
    }
    noted, nothing = _rewritten(records), _trivial()
    line |= {
        "nothing_p50_ms": percentile(nothing, 50),
        "nothing_p99_ms": percentile(nothing, 99),
        "write_p50_ms": percentile(noted, 50),
        "write_p99_ms": percentile(noted, 99),
    }
    sys.stdout.write(json.dumps(line) + "\n")
    for edit, counts in tally.items():
        sys.stdout.write(json.dumps(_line_of(edit, counts)) + "\n")


class Stopwatch:
    """Looks prompts up, and keeps what each took."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset, self._took, self._cpu = dataset, list[float](), 0.0
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._server = psutil.Process(cursor.fetchone()[0])
        self._before = sum(self._server.cpu_times()[:2])

    def lookalikes(self, text: str) -> list[Lookalike]:
        began, cpu = time.perf_counter(), time.process_time()
        found = lookalikes(self._dataset, text, at_most=20)
        self._cpu += time.process_time() - cpu
        self._took.append((time.perf_counter() - began) * 1000)
        return found

    def figures(self) -> dict[str, Any]:
        spent = self._cpu + sum(self._server.cpu_times()[:2]) - self._before
        return {
            "lookups": len(self._took),
            **{f"online_p{n}_ms": percentile(self._took, n) for n in (50, 95, 99)},
            "cpu_ms_each": round(1000 * spent / len(self._took), 2),
        }


def _rewritten(records: int) -> list[float]:
    """What it takes to write a sketch anew, its 32 entries in the index among it."""
    took = []
    some = Message.objects.filter(pk__in=Random(1).sample(range(1, records + 1), COPIES))
    for message in some.select_related("conversation"):
        began = time.perf_counter()
        note_sketches([message])
        took.append((time.perf_counter() - began) * 1000)
    return took


def _trivial() -> list[float]:
    """Two queries for nothing: what the machine takes for that alone."""
    took = []
    for _ in range(1_000):
        began = time.perf_counter()
        for _query in range(2):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        took.append((time.perf_counter() - began) * 1000)
    return took


def _line_of(edit: str, counts: dict[str, int]) -> dict[str, Any]:
    copies = counts["copies"]
    return {
        "edit": edit,
        "copies": copies,
        "recall": round(counts["found"] / copies, 3),
        **{f"is_{kind}": round(counts[kind] / copies, 3) for kind in Relation},
    }


def _seq_scans() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT sum(seq_scan) FROM pg_stat_user_tables WHERE relname = ANY(%s)",
            [TABLES],
        )
        return int(cursor.fetchone()[0])


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()

"""A dataset of so many prompts in PostgreSQL, and how soon a copy of one is found there.

Runs inside Django: `manage.py shell -c "from benchmarks import lookups; ..."`.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
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
def seed(records: int, text: Callable[[int], str] | None = None) -> None:
    """So many first prompts with their sketches, by COPY; the index of bands at the end."""
    text, began = text or Corpus().text, time.monotonic()
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
                _write(cursor, dataset, numbers, [text(n - 1) for n in numbers])
        say(f"{records:,} prompts written after {time.monotonic() - began:.0f} s")
        cursor.execute(INDEX)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT pg_relation_size('sketch_by_band')")
        megabytes = cursor.fetchone()[0] // 2**20
    say(f"their index has {megabytes:,} MB after {time.monotonic() - began:.0f} s")


def _write(cursor: Any, dataset: Dataset, numbers: range, texts: list[str]) -> None:
    common = {"language": "en", "source_key": "", "created_at": now()}
    there = list(zip(numbers, texts, strict=True))
    conversations = ({**_conversation(dataset, *one), **common} for one in there)
    _copy(cursor, Conversation, conversations)
    _copy(cursor, Message, ({**_message(*one), **common} for one in there))
    signatures = sketches.signatures(texts)
    rows = zip(numbers, texts, signatures, sketches.bands(signatures), strict=True)
    _copy(cursor, Sketch, (_sketch(dataset, *row) for row in rows))


def _conversation(dataset: Dataset, number: int, text: str) -> dict[str, Any]:
    return {
        "id": number,
        "uid": uuid.uuid4(),
        "dataset_id": dataset.pk,
        "state": "growing",
        "split": "train",
        "prompt_key": prompt_key(dataset.slug, text),
        "changes": 1,
    }


def _message(number: int, text: str) -> dict[str, Any]:
    return {
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
        "decided_at": now(),
    }


def _sketch(
    dataset: Dataset, number: int, text: str, signature: Any, bands: Any
) -> dict[str, Any]:
    is_short = sketches.is_short(sketches.words_of(text))
    return {
        "message_id": number,
        "dataset_id": dataset.pk,
        "bands": [] if is_short else bands.tolist(),
        "signature": signature.tobytes(),
        "version": sketches.VERSION,
    }


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
    corpus = Corpus()
    dataset = Dataset.objects.get(slug="likeness")
    for number in Random(2).sample(range(records), min(WARM_UP, records)):
        lookalikes(dataset, corpus.text(number))
    stopwatch = Stopwatch(dataset)
    scans = _seq_scans()
    by_edit = {edit: _look_up(stopwatch, corpus, edit, records) for edit in EDITS}
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
    for printed in (line, *by_edit.values()):
        sys.stdout.write(json.dumps(printed) + "\n")


def _look_up(
    stopwatch: Stopwatch, corpus: Corpus, edit: str, records: int
) -> dict[str, Any]:
    """The share of copies whose original was found, and what they are to it."""
    chance, counts = Random(edit), Counter[str]()
    for number in corpus.sample(edit, records, COPIES):
        text = corpus.text(number)
        copy = edited(text, edit, chance, corpus.vocabulary)
        alike = stopwatch.lookalikes(copy)
        counts["copies"] += 1
        counts["found"] += any(one.message.pk == number + 1 for one in alike)
        counts[relation(text, copy)] += 1
    copies = counts["copies"]
    kinds = {f"is_{kind}": round(counts[kind] / copies, 3) for kind in Relation}
    return {
        "edit": edit,
        "copies": copies,
        "recall": round(counts["found"] / copies, 3),
        **kinds,
    }


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

"""A table of vectors as a model makes them, and how soon the nearest of one are found.

They lie in topics, near a surface of few directions, as those of texts do: what is equally
far from everything has no neighbours to find. Runs inside Django: see neighbours.py.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import psutil
from django.db import connection, transaction
from django.utils.timezone import now
from numpy.typing import NDArray

from benchmarks.claim import percentile
from benchmarks.lookups import _conversation, _copy, _message, say
from curation.actions import vectors
from curation.models import Conversation, Dataset, EmbeddingModel, Message, Policy, Vector
from curation.neighbours import nearest

AT_ONCE = 20_000
DIRECTIONS = 48  # of the surface
PER_TOPIC = 200
SHARES = {"most": 0.89, "a tenth": 0.10, "small": 0.01}
AT_MOST = 10
Rows = NDArray[np.float32]


def measure(records: int, dims: int, queries: int) -> None:
    chance = np.random.default_rng(5)
    rows = _rows(records + queries, dims, chance)
    held, asked = rows[:records], rows[records:]
    kinds = chance.choice(len(SHARES), size=records, p=list(SHARES.values()))
    datasets = [_dataset(name) for name in SHARES]
    model = EmbeddingModel.objects.create(name="measured", dimensions=dims)
    seconds = _seed(held, [datasets[kind] for kind in kinds], model)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size(%s)", [vectors.index_of(model)])
        megabytes = cursor.fetchone()[0] // 2**20
    for kind, dataset in enumerate(datasets):
        mine = np.flatnonzero(kinds == kind)
        line = {
            "records": records,
            "dims": dims,
            "dataset": dataset.title,
            "dataset_records": len(mine),
            "build_seconds": round(seconds, 1),
            "index_mb": megabytes,
            **_queried(dataset, model, held[mine], mine + 1, asked),
            "load": round(os.getloadavg()[0], 1),
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def _rows(count: int, dims: int, chance: np.random.Generator) -> Rows:
    surface = chance.normal(size=(DIRECTIONS, dims)).astype(np.float32)
    topics = chance.normal(size=(count // PER_TOPIC + 1, DIRECTIONS))
    points = topics[chance.integers(len(topics), size=count)]
    points = points + 0.6 * chance.normal(size=points.shape)
    rows = points.astype(np.float32) @ surface
    rows += chance.normal(size=rows.shape).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def _dataset(name: str) -> Dataset:
    slug = name.replace(" ", "-")
    dataset = Dataset.objects.create(slug=slug, title=name, shape="conversations")
    Policy.objects.create(dataset=dataset)
    return dataset


def _seed(rows: Rows, datasets: list[Dataset], model: EmbeddingModel) -> float:
    """Messages and vectors by COPY, then the index; the seconds that it took."""
    numbers = iter(range(1, len(rows) + 1))
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off; SET maintenance_work_mem = '1GB'")
        while batch := list(islice(numbers, AT_ONCE)):
            with transaction.atomic():
                there = [(n, datasets[n - 1]) for n in batch]
                _copy(cursor, Conversation, (_its_conversation(*one) for one in there))
                _copy(cursor, Message, (_its_message(n) for n in batch))
                _copy(cursor, Vector, _vectors(there, rows, model))
        say(f"{len(rows):,} vectors written")
        began = time.monotonic()
        vectors.make_index(model)
        seconds = time.monotonic() - began
        cursor.execute("VACUUM ANALYZE")
    return seconds


def _its_conversation(number: int, dataset: Dataset) -> dict[str, Any]:
    return {**_conversation(dataset, number, f"Text {number}"), **_common()}


def _its_message(number: int) -> dict[str, Any]:
    return {**_message(number, f"Text {number}"), **_common()}


def _common() -> dict[str, Any]:
    return {"language": "en", "source_key": "", "created_at": now()}


def _vectors(
    there: list[tuple[int, Dataset]], rows: Rows, model: EmbeddingModel
) -> Iterator[dict[str, Any]]:
    for n, dataset in there:
        yield {
            "message_id": n,
            "dataset_id": dataset.pk,
            "model_id": model.pk,
            "is_first": True,
            "numbers": rows[n - 1].tolist(),
        }


def _queried(
    dataset: Dataset, model: EmbeddingModel, held: Rows, keys: NDArray[Any], asked: Rows
) -> dict[str, Any]:
    """Times, and the share of the ten that are nearest in truth which was found."""
    took, found_of_all, cpu, server = [], 0, 0.0, _server()
    before = sum(server.cpu_times()[:2])
    for place, point in enumerate(asked):
        began, mine = time.perf_counter(), time.process_time()
        found = nearest(dataset, model, point, at_most=AT_MOST, is_first=True)
        cpu += time.process_time() - mine
        if place >= len(asked) // 10:  # the first tenth warms up
            took.append(1000 * (time.perf_counter() - began))
        likeness = held @ point
        best = set(keys[np.argpartition(-likeness, AT_MOST)[:AT_MOST]].tolist())
        found_of_all += len(best & {one.message_id for one in found})
    cpu += sum(server.cpu_times()[:2]) - before
    return {
        "p50_ms": percentile(took, 50),
        "p99_ms": percentile(took, 99),
        "cpu_ms_each": round(1000 * cpu / len(asked), 2),
        "recall_at_10": round(found_of_all / (AT_MOST * len(asked)), 4),
    }


def _server() -> psutil.Process:
    """The one of this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return psutil.Process(cursor.fetchone()[0])

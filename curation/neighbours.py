"""Texts that mean nearly the same, in whatever words: neighbours by their vectors.

There are some only where an embedder is configured. Few vectors are compared one by one,
which finds all; of many an index finds nearly all, and goes on until there are enough that
lie in the dataset.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from django.conf import settings
from django.core.cache import caches
from django.db import connection, transaction

from curation.clean.check import Unavailable
from curation.clean.embedders import SECONDS, Embedder, OverHttp, Vector
from curation.models import Dataset, EmbeddingModel
from curation.models import Vector as Kept

FEW = 3_000  # are compared one by one within milliseconds
LOOKED_AT = 500  # the nearest to what somebody searches for
WIDTH = 100  # how many the index follows at least: more finds more of the nearest
SCANNED_AT_MOST = 50_000  # by the index, in search of those of a dataset
LOCAL = "curation.clean.onnx_embedder"  # by name: only here, and only if it is wanted
SEARCH_SECONDS = 2.0  # somebody waits
KEPT_SECONDS = 600

COUNTED = """
SELECT count(*) FROM (
    SELECT 1 FROM curation_vector WHERE {there} LIMIT %(few)s + 1
) few
"""
NEAREST = """
SELECT message_id, 1 - {distance} FROM curation_vector WHERE {there}
ORDER BY {distance} {by_hand} LIMIT %(at_most)s
"""
BY_INDEX = """
SELECT set_config('hnsw.iterative_scan', 'strict_order', true),
    set_config('hnsw.ef_search', %s, true),
    set_config('hnsw.max_scan_tuples', %s, true),
    set_config('enable_seqscan', 'off', true),
    set_config('enable_bitmapscan', 'off', true),
    set_config('enable_sort', 'off', true)
"""
AS_BEFORE = """
SELECT set_config('enable_seqscan', 'on', true),
    set_config('enable_bitmapscan', 'on', true), set_config('enable_sort', 'on', true)
"""


class Neighbour(NamedTuple):
    message_id: int
    likeness: float  # the cosine: 1.0 for the same


def embedder(*, seconds: float = SECONDS) -> Embedder | None:
    """The one that the environment names: by its address, or by its folder."""
    place, name = settings.EMBEDDER, settings.EMBEDDER_MODEL
    if not place:
        return None
    if not place.startswith(("http://", "https://")):
        return _local(place, name)
    return OverHttp(address=place, name=name, token=settings.EMBEDDER_KEY, seconds=seconds)


@cache
def _local(folder: str, name: str) -> Embedder:
    """Loaded once in a process, and only where one is configured."""
    try:
        made: Embedder = import_module(LOCAL).OnnxEmbedder(folder, name)
    except ImportError as problem:
        raise Unavailable("the extra “onnx” is not installed") from problem
    return made


def model_of_now() -> EmbeddingModel | None:
    """None where no embedder is configured, or it has not answered yet.

    This causes a query where one is configured.
    """
    if not settings.EMBEDDER:
        return None
    return EmbeddingModel.objects.filter(name=settings.EMBEDDER_MODEL).first()


def is_there() -> bool:
    """Whether there are vectors to compare: only then do pages speak of it."""
    return model_of_now() is not None


def nearest(
    dataset: Dataset,
    model: EmbeddingModel,
    vector: Sequence[float] | Vector,
    *,
    at_most: int,
    is_first: bool | None = None,
) -> list[Neighbour]:
    """The most alike first, itself among them if it is there. Two queries or three.

    `is_first` leaves only first prompts of conversations, or only what is none.
    """
    there = "model_id = %(model)s AND dataset_id = %(dataset)s"
    if is_first is not None:
        there += " AND is_first" if is_first else " AND NOT is_first"
    there += " AND numbers IS NOT NULL"
    kind = f"halfvec({model.dimensions})"
    distance = f"(numbers::{kind} <=> %(vector)s::{kind})"
    values: dict[str, Any] = {
        "model": model.pk,
        "dataset": dataset.pk,
        "few": FEW,
        "at_most": at_most,
        "vector": "[" + ",".join(map(str, np.asarray(vector).tolist())) + "]",
    }
    by_index = NEAREST.format(there=there, distance=distance, by_hand="")
    by_hand = NEAREST.format(there=there, distance=distance, by_hand="+ 0")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(COUNTED.format(there=there), values)
        if cursor.fetchone()[0] > FEW:
            cursor.execute(BY_INDEX, [str(max(WIDTH, at_most)), str(SCANNED_AT_MOST)])
            cursor.execute(by_index, values)
            found = cursor.fetchall()
            cursor.execute(AS_BEFORE)
            # Of a dataset that lies far from what is looked for, it may meet too few.
            if len(found) == at_most:
                return [Neighbour(*row) for row in found]
        cursor.execute(by_hand, values)
        return [Neighbour(*row) for row in cursor.fetchall()]


def of_words(dataset: Dataset, words: str) -> list[int]:
    """The messages that mean most nearly what somebody types, the nearest first.

    `Unavailable` where the embedder does not answer at once, or never did.
    """
    model = model_of_now()
    if model is None:
        raise Unavailable("it has not answered yet")
    vector = _vector_of(words, model)
    return [one.message_id for one in nearest(dataset, model, vector, at_most=LOOKED_AT)]


def of_message(kept: Kept, *, at_most: int) -> list[Neighbour]:
    """Of a vector that has numbers: first prompts by first prompts, others by others."""
    found = nearest(
        kept.dataset,
        kept.model,
        kept.numbers or [],
        at_most=at_most + 1,
        is_first=kept.is_first,
    )
    return [one for one in found if one.message_id != kept.pk][:at_most]


def _vector_of(words: str, model: EmbeddingModel) -> Vector:
    """Asked for once, for all pages of a search."""
    digest = sha256(f"{model.pk}:{words}".encode()).hexdigest()
    kept: Vector | None = caches["own"].get(f"meaning:{digest}")
    if kept is not None:
        return kept
    asked = embedder(seconds=SEARCH_SECONDS)
    assert asked is not None, "there is a model, so an embedder is configured"
    vector = np.asarray(asked([words])[0])
    if len(vector) != model.dimensions:
        raise Unavailable(f"its vectors have {len(vector)} numbers")
    caches["own"].set(f"meaning:{digest}", vector, KEPT_SECONDS)
    return vector

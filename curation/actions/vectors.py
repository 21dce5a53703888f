"""Texts get their vectors from an embedder, a batch at a time, after they were sent.

A text without a vector is the queue: whatever stops a worker, the next one goes on. One
worker at a time asks the embedder; after one that did not answer, nobody does for a minute.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils.timezone import now

from curation import neighbours
from curation.actions.rechecks import LOOKED_AT
from curation.clean.check import Unavailable
from curation.clean.embedders import AT_ONCE, PLAIN, Embedder, Vectors, embedded
from curation.clean.embedders import Vector as Numbers
from curation.models import EmbeddingModel, Message, Vector

logger = logging.getLogger(__name__)

SLACK = 20_000  # ids back from the newest
LEASE = timedelta(minutes=3)
REST = timedelta(minutes=1)  # after a failure
OLDEST = (0, 8)  # of pgvector: before it, an index could not go on

IS_THERE = """
SELECT coalesce(installed_version, default_version), installed_version IS NOT NULL
FROM pg_available_extensions WHERE name = 'vector'
"""
INDEX = """
DROP INDEX IF EXISTS {name};
CREATE INDEX {name} ON curation_vector
USING hnsw ((numbers::halfvec({dimensions})) halfvec_cosine_ops) WHERE model_id = {model}
"""


@dataclass
class Run:
    """What one run did; why it ended before its time, if it did."""

    embedded: int = 0
    hinted: int = 0
    problem: str = ""
    is_done: bool = False  # nothing was left
    is_busy: bool = False  # it was another worker's turn


def catch_up(
    *,
    seconds: float | None = None,
    is_thorough: bool = False,
    note: Callable[[Sequence[Vector]], int] = lambda fresh: 0,
    told: Callable[[Run], None] = lambda run: None,
) -> Run:
    """Make the vectors that are missing, until nothing is left or the time is over.

    Looks among the newest texts only, those first, unless it `is_thorough`. `note` is
    called with each batch after it is written. What does not work this time is logged,
    said in the run, and tried again by the next.
    """
    run = Run()
    try:
        asked = neighbours.embedder()
        if asked is None:
            raise Unavailable("no embedder is configured: see WINNOW_EMBEDDER")
        model = _model_of(asked)
    except Unavailable as problem:
        run.problem = str(problem)
        logger.warning("No vectors are made: %s", problem)
        return run
    if not _claim(model):
        run.is_busy = True
        run.problem = "another worker is at it, or the embedder has just failed"
        return run
    rest = None
    try:
        until = time.monotonic() + seconds if seconds is not None else None
        _embed_all(run, asked, model, until, is_thorough=is_thorough, note=note, told=told)
    except Unavailable as problem:
        run.problem, rest = str(problem), now() + REST
        logger.warning("%s gives no vectors: %s", asked.name, problem)
    finally:
        EmbeddingModel.objects.filter(pk=model.pk).update(busy_until=rest)
    return run


def waiting(model: EmbeddingModel | None) -> QuerySet[Message]:
    """Texts without a vector of this model."""
    there = Vector.objects.filter(message=OuterRef("pk"), model=model)
    texts = Message.objects.filter(~Exists(there), state__in=LOOKED_AT)
    return texts.select_related("conversation__dataset__policy")


def start_afresh() -> None:
    """Forget all vectors of the embedder that is configured: they are made again."""
    model = neighbours.model_of_now()
    if model is not None:
        _forget(model)


# ---- getting ready ---------------------------------------------------------------------
def _model_of(asked: Embedder) -> EmbeddingModel:
    """Known already, or made with its index once it has answered for the first time."""
    model = EmbeddingModel.objects.filter(name=asked.name).first()
    if model is not None:
        return model
    make_ready()
    dimensions = asked([PLAIN]).shape[1]
    with transaction.atomic():
        model, is_new = EmbeddingModel.objects.get_or_create(
            name=asked.name, defaults={"dimensions": dimensions}
        )
        if is_new:
            make_index(model)
    return model


def make_index(model: EmbeddingModel) -> None:
    """Over the vectors of this model alone: those of others have other dimensions."""
    values = {"dimensions": model.dimensions, "model": model.pk}
    with connection.cursor() as cursor:
        cursor.execute(INDEX.format(name=index_of(model), **values))


def make_ready() -> None:
    """Have pgvector in the database; `Unavailable` says who must see to it."""
    with connection.cursor() as cursor:
        cursor.execute(IS_THERE)
        there = cursor.fetchone()
        if there is None:
            raise Unavailable("this PostgreSQL has no pgvector: install it on the server")
        version, is_there = there
        if tuple(map(int, version.split(".")[:2])) < OLDEST:
            raise Unavailable(f"pgvector {version} is too old: 0.8 is needed")
        if is_there:
            return
        try:
            with transaction.atomic():
                cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
        except DatabaseError as problem:
            said = "a superuser of the database must run CREATE EXTENSION vector"
            raise Unavailable(said) from problem


def index_of(model: EmbeddingModel) -> str:
    return f"vector_nearest_{model.pk}"


def _forget(model: EmbeddingModel) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {index_of(model)}")
        Vector.objects.filter(model=model).delete()
        model.delete()


def _claim(model: EmbeddingModel) -> bool:
    free = Q(busy_until=None) | Q(busy_until__lt=now())
    claimed = EmbeddingModel.objects.filter(free, pk=model.pk)
    return bool(claimed.update(busy_until=now() + LEASE))


def _hold(model: EmbeddingModel) -> None:
    EmbeddingModel.objects.filter(pk=model.pk).update(busy_until=now() + LEASE)


# ---- a batch at a time -----------------------------------------------------------------
def _embed_all(
    run: Run,
    asked: Embedder,
    model: EmbeddingModel,
    until: float | None,
    *,
    is_thorough: bool,
    note: Callable[[Sequence[Vector]], int],
    told: Callable[[Run], None],
) -> None:
    texts, place = waiting(model).order_by("pk"), 0
    if not is_thorough:
        newest: int | None = Message.objects.aggregate(newest=Max("pk"))["newest"]
        texts = waiting(model).filter(pk__gt=(newest or 0) - SLACK).order_by("-pk")
    _note_left(run, model, note)
    while until is None or time.monotonic() < until:
        beyond = {"pk__gt" if is_thorough else "pk__lt": place} if place else {}
        batch = list(texts.filter(**beyond)[:AT_ONCE])
        if not batch:
            run.is_done = True
            if is_thorough:
                _forget_others(model)
            return
        place = batch[-1].pk
        fresh = _embed(batch, asked, model)
        run.embedded += len(fresh)
        _note(run, fresh, note)
        told(run)
        _hold(model)


def _note_left(
    run: Run, model: EmbeddingModel, note: Callable[[Sequence[Vector]], int]
) -> None:
    """What was written and not compared, as the worker was stopped or it failed then.

    Each by itself and this once more only: one that always fails must not come for ever.
    """
    left = Vector.objects.filter(model=model, is_compared=False).order_by("message")
    related = left.select_related("message__conversation", "dataset__policy")
    for vector in list(related[:AT_ONCE]):
        _note(run, [vector], note)
        Vector.objects.filter(pk=vector.pk).update(is_compared=True)


def _note(
    run: Run, fresh: Sequence[Vector], note: Callable[[Sequence[Vector]], int]
) -> None:
    """A failure is said in the log, and tried again by the next run."""
    try:
        run.hinted += note(fresh)
    except Exception:
        logger.exception("What means the same as %s new texts is not known", len(fresh))
        return
    Vector.objects.filter(pk__in=[one.pk for one in fresh]).update(is_compared=True)


def _embed(
    batch: Sequence[Message], asked: Embedder, model: EmbeddingModel
) -> list[Vector]:
    """Nothing is locked while the embedder thinks; then only what still says the same is
    written, and what somebody has in hand waits for the next time."""
    words = {message.pk: words_of(message) for message in batch}

    def ask(texts: Sequence[str]) -> Vectors:
        _hold(model)  # a batch may need many questions, and each may take long
        return asked(texts)

    found = dict(zip(words, embedded(ask, list(words.values())), strict=True))
    for vector in found.values():
        if vector is not None and len(vector) != model.dimensions:
            raise Unavailable(
                f"its vectors have {len(vector)} numbers and not {model.dimensions}: "
                "is it another model under the same name?"
            )
    with transaction.atomic():
        there = Message.objects.filter(pk__in=words, state__in=LOOKED_AT).order_by("pk")
        free = there.select_for_update(no_key=True, skip_locked=True, of=("self",))
        fresh = [
            _row(message, found[message.pk], model)
            for message in free.select_related("conversation__dataset__policy")
            if words_of(message) == words[message.pk]
        ]
        Vector.objects.bulk_create(
            fresh,
            update_conflicts=True,
            unique_fields=["message"],
            update_fields=["dataset", "model", "is_first", "numbers", "is_compared"],
        )
    return fresh


def words_of(message: Message) -> str:
    """What is sent: the text, and the passage that it is about."""
    return f"{message.text}\n\n{message.context}" if message.context else message.text


def _row(message: Message, vector: Numbers | None, model: EmbeddingModel) -> Vector:
    return Vector(
        message=message,
        dataset=message.conversation.dataset,
        model=model,
        is_first=message.parent_id is None,
        numbers=None if vector is None else vector.tolist(),
        is_compared=False,
    )


def _forget_others(model: EmbeddingModel) -> None:
    """All texts have vectors of this model, so those of others are of no use."""
    for other in EmbeddingModel.objects.exclude(pk=model.pk):
        _forget(other)

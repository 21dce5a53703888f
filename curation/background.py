"""The one gate to Celery: what a background task is here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from celery import current_app, shared_task, signals
from celery.app.task import Task
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def background_task(
    *, retry_on: tuple[type[Exception], ...] = (), **options: Any
) -> Callable[[Callable[..., None]], Task[..., None]]:
    # Acknowledged early, on purpose: a message is a doorbell, the row is the queue. Late
    # acknowledgement would run an hours-long task twice past the visibility timeout.
    decorator: Callable[[Callable[..., None]], Task[..., None]] = shared_task(
        autoretry_for=retry_on,
        retry_backoff=True,
        ignore_result=True,  # the row is the result
        **options,
    )
    return decorator


def ring(task: Task[..., None], **arguments: Any) -> None:
    """Wake a worker once the row is committed. A broker that is down loses nothing.

    The row waits, and the task that looks for waiting rows each minute finds it.
    """
    _once_committed(task.name, lambda: task.delay(**arguments))


def ring_again(task: Task[..., None], *, every: int = 20, **arguments: Any) -> None:
    """The same for a clock that rings each so many seconds until somebody comes.

    A bell that nobody heard by the next one is forgotten, or a busy worker would find
    thousands.
    """
    _once_committed(task.name, lambda: task.apply_async(kwargs=arguments, expires=every))


def ring_later(task: Task[..., None], *, seconds: int, **arguments: Any) -> None:
    """The same, so many seconds after that."""
    _once_committed(
        task.name, lambda: task.apply_async(kwargs=arguments, countdown=seconds)
    )


def ring_by_name(name: str, *, expires: float) -> bool:
    """For what tasks stand on, which cannot import them. Call it once all is committed.

    A bell that nobody heard in so many seconds is forgotten. False where no broker is.
    """
    return _announced(name, lambda: current_app.send_task(name, expires=expires))


def _once_committed(name: str, announce: Callable[[], object]) -> None:
    transaction.on_commit(lambda: _announced(name, announce))


def _announced(name: str, announce: Callable[[], object]) -> bool:
    try:
        announce()
    except (OperationalError, OSError) as problem:
        logger.warning("%s was not announced, its row waits: %s", name, problem)
        return False
    return True


def while_a_worker_lives(
    queue: str, *, begin: Callable[[], None], end: Callable[[], None]
) -> None:
    """Call `begin` once a worker of this queue is ready, and `end` when it goes."""

    def ready(sender: Any, **facts: Any) -> None:
        if queue in sender.app.amqp.queues.consume_from:
            begin()

    def gone(sender: Any, **facts: Any) -> None:
        end()

    signals.worker_ready.connect(ready, weak=False)
    signals.worker_shutdown.connect(gone, weak=False)

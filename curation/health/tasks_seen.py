"""What a worker does with each task: it keeps the name of the request that rang, and notes
when what the clock rings for was done."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from time import perf_counter
from typing import Any

from celery import signals
from django.conf import settings

from curation import request_ids
from curation.actions import pulses

logger = logging.getLogger(__name__)

HEADER = "winnow_request_id"
_begun: dict[str, tuple[float, AbstractContextManager[str]]] = {}


def listen() -> None:
    signals.before_task_publish.connect(_send_along)
    signals.task_prerun.connect(_begin)
    signals.task_postrun.connect(_end)


def _send_along(headers: dict[str, Any] | None = None, **facts: Any) -> None:
    name = request_ids.current()
    if headers is not None and name:
        headers[HEADER] = name


def _begin(task_id: str, task: Any, **facts: Any) -> None:
    named = request_ids.named(sent_along(task, HEADER))
    named.__enter__()
    _begun[task_id] = perf_counter(), named


def _end(
    task_id: str, task: Any, retval: Any = None, state: str = "", **facts: Any
) -> None:
    began, named = _begun.pop(task_id, (None, None))
    if began is None or named is None:
        return
    try:
        if task.name in jobs_of_the_clock():
            seconds = perf_counter() - began
            # Not its words: those may be people's.
            problem = type(retval).__name__ if state == "FAILURE" else ""
            pulses.feel(name=task.name, problem=problem, seconds=seconds)
    except Exception:  # whatever it was: the task itself is done
        logger.exception("that %s was done could not be noted", task.name)
    finally:
        named.__exit__(None, None, None)


def sent_along(task: Any, name: str) -> str | None:
    """A header of the message, as a worker has it, or a task that is applied here."""
    there = getattr(task.request, name, None) or (task.request.headers or {}).get(name)
    return str(there) if there else None


def jobs_of_the_clock() -> dict[str, float]:
    """How often each should be done, in seconds, by its task's name."""
    return {
        entry["task"]: float(entry["schedule"])
        for entry in settings.CELERY_BEAT_SCHEDULE.values()
    }

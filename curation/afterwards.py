"""What nobody waits for, so that the time of an answer tells a stranger nothing of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import BoundedSemaphore

from django.db import connection
from django.utils import translation

logger = logging.getLogger(__name__)

AT_MOST = 1_000  # wait at once: who has as many sent is no person

_room = BoundedSemaphore(AT_MOST)
_hands = ThreadPoolExecutor(max_workers=2, thread_name_prefix="afterwards")


def do(work: Callable[[], object]) -> None:
    """Beside the answer, as if in the request: allauth asks for it. A failure is in the log
    alone."""
    if not _room.acquire(blocking=False):
        logger.error("What was to be done after an answer is not: %s wait before", AT_MOST)
        return
    around, language = copy_context(), translation.get_language()
    _hands.submit(around.run, _done, work, language)


def _done(work: Callable[[], object], language: str | None) -> None:
    try:
        with translation.override(language):
            work()
    except Exception as problem:  # whatever it was, the next one has its turn
        kind = type(problem).__name__  # its words may hold somebody's address
        logger.warning("What was to be done after an answer failed: %s", kind)
    finally:
        _room.release()
        connection.close()

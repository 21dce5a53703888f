"""What nobody waits for, so that the time of an answer tells a stranger nothing of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from django.db import connection
from django.utils import translation

logger = logging.getLogger(__name__)

_hands = ThreadPoolExecutor(max_workers=2, thread_name_prefix="afterwards")


def do(work: Callable[[], object]) -> None:
    """Beside the answer, as if in the request: allauth asks for it. A failure is in the log
    alone."""
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
        connection.close()

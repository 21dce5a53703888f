"""What is dear to make and shown again: kept in files, for all processes of a machine."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.core.cache import caches

CACHE = "kept"


def recall(key: str) -> Any:
    """None where it was never kept, or not any more."""
    return caches[CACHE].get(key)


def keep(key: str, value: Any, seconds: int) -> None:
    """For so long at most; not at all where the disk is full: no page fails for that."""
    with suppress(OSError):
        caches[CACHE].set(key, value, seconds)

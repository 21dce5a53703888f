"""Python's search for objects that hang together in a circle, kept short."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

NEW_AT_MOST = 50_000  # objects that nobody looks through; 700 elsewhere


@contextmanager
def spared() -> Iterator[None]:
    """Do not look again and again through all that is there already.

    Who makes thousands of rows at once causes a search every few hundred of them, and of
    everything every few thousand: a fourth of what an import takes. What is made meanwhile
    is still searched, more of it at a time.
    """
    if gc.get_freeze_count():  # somebody else spares them already
        yield
        return
    before = gc.get_threshold()
    gc.set_threshold(NEW_AT_MOST, *before[1:])
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)

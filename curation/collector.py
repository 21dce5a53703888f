"""Python's search for objects that hang together in a circle, kept short."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def spared() -> Iterator[None]:
    """Do not look again and again through all that is there already.

    Who makes thousands of rows at once causes a search of everything every few thousand of
    them: a fifth of what an import takes. What is made meanwhile is still searched.
    """
    if gc.get_freeze_count():  # somebody else spares them already
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()

"""Progress, where somebody watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

Moved = Callable[[int], None]  # to here


@contextmanager
def bar(name: str, of: int, *, unit: str, is_shown: bool | None) -> Iterator[Moved]:
    """On standard error; left to itself it is shown in a terminal only."""
    hidden = not (sys.stderr.isatty() if is_shown is None else is_shown)
    is_bytes = unit == "B"
    with tqdm(
        total=of, desc=name, unit=unit, unit_scale=is_bytes, disable=hidden, leave=False
    ) as drawn:

        def moved(to: int) -> None:
            drawn.update(to - drawn.n)

        yield moved

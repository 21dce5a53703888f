"""What a model said of each reply before it was trained: computed once, kept on disk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from trainer.recipes import outputs
from trainer.recipes.chat import Row
from trainer.recipes.common import emit
from trainer.recipes.data import read_lines
from trainer.recipes.likelihood import log_probs

NAME = "reference.jsonl"
Reference = dict[str, list[float]]


class Named(Protocol):
    """An item: its id, and the rows that are looked up by it."""

    @property
    def id(self) -> str: ...
    @property
    def rows(self) -> list[Row]: ...


def reference_of(model: Any, items: Sequence[Named], path: Path, pad: int) -> Reference:
    """Log-probabilities of each item's rows, by the item's id.

    The file is of this very run: the folder was claimed for its settings and its data.
    """
    if path.exists():
        return {line["id"]: line["logps"] for _, line in read_lines(path)}
    rows = [row for item in items for row in item.rows]

    def tell(done: int) -> None:
        emit("reference", done=done, of=len(rows))

    given = iter(log_probs(model, rows, pad, tell))
    found = {item.id: [next(given) for _ in item.rows] for item in items}
    outputs.write_lines(path, [{"id": name, "logps": said} for name, said in found.items()])
    return found


def looked_up(reference: Reference, items: Iterable[Named]) -> list[float]:
    """In the order of the items' rows."""
    return [logp for item in items for logp in reference[item.id]]

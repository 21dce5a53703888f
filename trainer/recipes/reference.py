"""What a model said of each reply before it was trained: computed once, kept on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trainer.recipes import outputs
from trainer.recipes.common import emit
from trainer.recipes.data import read_lines
from trainer.recipes.items import Item, flat
from trainer.recipes.scoring import reply_losses


def reference_of(
    model: Any, items: Sequence[Item], path: Path, pad: int
) -> dict[str, list[float]]:
    """Log-probabilities of each item's rows, by the item's id.

    The file is of this very run: the folder was claimed for its settings and its data.
    """
    if path.exists():
        return {line["id"]: line["logps"] for _, line in read_lines(path)}
    rows = flat(items)

    def tell(done: int) -> None:
        emit("reference", done=done, of=len(rows))

    given = iter(reply_losses(model, rows, pad=pad, tell=tell))
    found = {item.id: [-next(given) for _ in item.rows] for item in items}
    outputs.write_lines(path, [{"id": name, "logps": said} for name, said in found.items()])
    return found

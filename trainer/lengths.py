"""How many tokens a version's examples have for a base. Knows `tokenizers`, not torch."""

from __future__ import annotations

import json
import logging
import math
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from curation import handoff
from curation.handoff import FrozenVersion
from trainer.models import BaseModel

try:
    from tokenizers import Tokenizer
except ImportError:  # a web process may do without; then the worker's recipe says it
    Tokenizer = None

logger = logging.getLogger(__name__)

LOOKED_AT = 200  # lines, from the beginning
EXAMPLES_AT_MOST = 50_000  # a larger version is not read while somebody waits
TURN = 4  # tokens that a chat template puts round a message, about


@dataclass(frozen=True)
class Lengths:
    """Of the examples looked at, the shortest first."""

    tokens: tuple[int, ...]

    def over(self, most: int) -> int:
        return sum(count > most for count in self.tokens)

    @property
    def middle(self) -> int:
        return self.share(0.5)

    @property
    def long(self) -> int:
        """Nine in ten have no more."""
        return self.share(0.9)

    def share(self, part: float) -> int:
        """So large a part of them has no more tokens."""
        return self.tokens[max(0, math.ceil(part * len(self.tokens)) - 1)]


def limit_of(base: BaseModel) -> int | None:
    """How many tokens the base reads; None where its folder is not on this machine."""
    try:
        config = json.loads((Path(base.location) / "config.json").read_bytes())
        limit = config.get("max_position_embeddings")
    except (OSError, ValueError, AttributeError):
        return None
    return limit if isinstance(limit, int) else None


def measure(base: BaseModel, version: FrozenVersion, table: str) -> Lengths | None:
    """None where it cannot be told here: no folder, no tokenizers, or too large."""
    path = Path(base.location) / "tokenizer.json"
    if Tokenizer is None or version.train_count > EXAMPLES_AT_MOST or not path.is_file():
        return None
    try:
        changed = path.stat().st_mtime_ns
        return _measured(version.id, version.digest, table, str(path), changed)
    except Exception:  # `tokenizers` raises nothing narrower where a file is malformed
        logger.exception("the lengths of version %s are not known", version.id)
        return None


@lru_cache(maxsize=64)
def _measured(
    version_id: int, digest: str, table: str, tokenizer: str, changed: int
) -> Lengths | None:
    """A version never changes; `changed` is when the tokenizer did."""
    name = f"{table}_train.jsonl" if table else "train.jsonl"
    with closing(handoff.open_file(version_id, name)) as file:
        rows = [json.loads(line) for line in islice(file, LOOKED_AT)]
    texts = [text for row in rows for text in _texts(row)]
    if not texts:
        return None
    encoded = Tokenizer.from_file(tokenizer).encode_batch(
        [" ".join(turn["content"] for turn in turns) for turns in texts],
        add_special_tokens=False,
    )
    counts = (
        len(one.ids) + TURN * len(turns) for one, turns in zip(encoded, texts, strict=True)
    )
    return Lengths(tuple(sorted(counts)))


def _texts(row: dict[str, Any]) -> list[list[dict[str, str]]]:
    """The chats of a row: one, or of a pair both."""
    answers = [row[key] for key in ("completion", "chosen", "rejected") if key in row]
    return [[*row["prompt"], *answer] for answer in answers]

"""What a version is: its facts, and the digest over them and over its sorted leaves."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from curation.formats.record import canonical

FIRST = "winnow-version-1"  # hashes without salts, in the order of the items
FORMAT = "winnow-version-2"

# Each goes up when it would make something else of the same record.
ALGORITHMS = {
    "record": 1,  # formats/record.py
    "leaf": 1,  # the same; sha256(salts || rfc8785(record))
    "ranking": 1,  # aggregate/rankings.py: Tideman's ranked pairs
    "preferences": 1,  # formats/preferences.py
    "splits": 1,  # aggregate/splits.py, by group
}
WIDTH = hashlib.sha256().digest_size


class Leaves:
    """Hashes of what a version holds, 32 bytes each however many there are."""

    def __init__(self) -> None:
        self._found = bytearray()

    def add(self, leaf: str, *sides: object) -> None:
        """`sides` are facts beside the record that are frozen with it, as its split."""
        self.add_bytes(beside(leaf, *sides))

    def add_bytes(self, bound: bytes) -> None:
        self._found += bound

    def __len__(self) -> int:
        return len(self._found) // WIDTH

    def digest(self) -> str:
        """Over all of them sorted: in which order they came does not matter."""
        numbers = np.frombuffer(bytes(self._found), ">u8").reshape(-1, WIDTH // 8)
        order = np.lexsort(numbers.T[::-1])
        hashed = hashlib.sha256()
        for start in range(0, len(order), 100_000):
            hashed.update(numbers[order[start : start + 100_000]].tobytes())
        return hashed.hexdigest()


def beside(leaf: str, *sides: object) -> bytes:
    """The same text held out is another version."""
    return hashlib.sha256(":".join([*map(str, sides), leaf]).encode()).digest()


def fact_leaf(facts: Mapping[str, Any]) -> str:
    """Of what holds nobody's words: no salt."""
    return hashlib.sha256(canonical(dict(facts))).hexdigest()


def manifest(
    *,
    dataset: str,
    shape: str,
    licence: str,
    policy: Mapping[str, Any],
    recipe: Mapping[str, Any],
    checks: Mapping[str, int],
    splits: Counter[str],
    categories: Counter[str],
    leaves: Leaves,
    rankings: Leaves | None,
) -> dict[str, Any]:
    """Facts about the content only: no time, no person, no number of this database."""
    ranked = {"rankings": len(rankings)} if rankings is not None else {}
    hashed = {"rankings_sha256": rankings.digest()} if rankings is not None else {}
    return {
        "format": FORMAT,
        "dataset": dataset,
        "shape": shape,
        "licence": licence,
        "policy": dict(policy),
        "recipe": dict(recipe),
        "checks": dict(checks),
        "algorithms": ALGORITHMS,
        "counts": {
            "train": splits["train"],
            "held_out": splits["held_out"],
            "categories": dict(sorted(categories.items())),
            **ranked,
        },
        "leaves_sha256": leaves.digest(),
        **hashed,
    }

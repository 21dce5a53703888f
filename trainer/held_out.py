"""Held-out prompts of a version, and what people answered to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from trainer import jsonl

HELD_OUT = "held_out.jsonl"


class HeldOut(NamedTuple):
    """One prompt with its accepted answers, the one that people liked best first."""

    uid: str
    messages: list[dict[str, str]]
    category: str
    conversation: str
    accepted: list[str]


def prompts(path: Path, count: int) -> list[HeldOut]:
    """At most so many different ones, spread evenly over the file."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in jsonl.read(path):
        found.setdefault(line["prompt_id"], []).append(line)
    every = list(found.values())
    count = min(count, len(every))
    return [_of(every[index * len(every) // count]) for index in range(count)]


def _of(lines: list[dict[str, Any]]) -> HeldOut:
    first = lines[0]
    ranked = sorted(lines, key=lambda line: _place(line.get("rank")))
    texts = [line["completion"][0]["content"] for line in ranked]
    return HeldOut(
        first["prompt_id"], first["prompt"], first["category"], first["conversation"], texts
    )


def _place(rank: int | None) -> float:
    """What nobody ranked comes last."""
    return float("inf") if rank is None else rank

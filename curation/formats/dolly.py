"""Dolly's format: an instruction, perhaps a passage, a response and a category a line."""

from __future__ import annotations

from typing import NamedTuple

from curation.formats import jsonl


class Pair(NamedTuple):
    prompt: str
    context: str
    reply: str
    category: str  # as the file spells it; may be empty

    @property
    def key(self) -> str:
        """The same for the same pair in any file."""
        return f"dolly:{jsonl.short_hash(*self)}"


def parse(line: str) -> Pair:
    raw = jsonl.fields(line)
    return Pair(
        prompt=jsonl.text(raw, "instruction"),
        context=jsonl.optional_text(raw, "context"),
        reply=jsonl.text(raw, "response"),
        category=jsonl.optional_text(raw, "category", at_most=60),
    )

"""Tables and cells in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def cell(text: object) -> str:
    """On one line, with nothing that would end the cell or begin a tag."""
    words = " ".join(str(text).split())
    return words.replace("|", "\\|").replace("<", "&lt;")


def code(text: object) -> str:
    """Shown as typed; empty where there is nothing."""
    words = " ".join(str(text).split()).replace("|", "\\|")
    return f"`{words}`" if words else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

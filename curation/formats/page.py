"""The tables of docs/formats.md: `python -m curation.formats.page` makes them anew."""

from __future__ import annotations

from pathlib import Path

from curation.formats.format import Field, Format
from curation.formats.registry import FORMATS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "formats.md"
MARK = "<!-- Made by python -m curation.formats.page, from here on. -->\n"


def renewed(page: str) -> str:
    """The page with its tables made anew; what stands before them is written by hand."""
    by_hand, _mark, _made = page.partition(MARK)
    return "\n".join([by_hand + MARK, *map(_section, FORMATS.values())])


def _section(format: Format) -> str:
    ways = "in and out" if format.write is not None else "in only"
    files = ", ".join(f"`.{file}`" for file in format.files)
    rows = [
        f"## {format.label}",
        "",
        f"`{format.key}`, {ways}, {files}. {format.about}",
        "",
        "| field | what it is | also called |",
        "|---|---|---|",
        *map(_row, format.fields),
    ]
    if format.losses:
        rows += ["", "Not in an export:", "", *(f"- {loss}" for loss in format.losses)]
    return "\n".join([*rows, ""])


def _row(field: Field) -> str:
    name = f"**`{field.name}`**" if field.is_required else f"`{field.name}`"
    also = ", ".join(f"`{one}`" for one in field.also)
    about = field.about if field.is_written else f"{field.about} Read only."
    return f"| {name} | {about} | {also} |"


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

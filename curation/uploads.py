"""Lines of an uploaded text file, or a refusal that names the one that is wrong."""

from __future__ import annotations

from curation.errors import BadLine


def lines_of(data: bytes, *, at_most: int) -> list[tuple[int, str]]:
    """Those that say something, with their numbers from 1."""
    try:
        plain = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        raise BadLine(
            "Line %(line)d is not UTF-8: save the file as UTF-8.", line=line
        ) from problem
    if "\0" in plain:
        raise BadLine("This is no text file.")
    lines = [(n, one.strip()) for n, one in enumerate(plain.split("\n"), start=1)]
    lines = [(number, line) for number, line in lines if line]
    if not lines:
        raise BadLine("The file is empty.")
    if len(lines) > at_most:
        raise BadLine(
            "There are %(count)d items in the file; at most %(most)d fit.",
            count=len(lines),
            most=at_most,
        )
    return lines

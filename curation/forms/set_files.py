"""An evaluation set as a file: JSON Lines, or plain text, an item a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from curation.errors import BadLine
from curation.uploads import lines_of

ITEMS_AT_MOST = 200_000


def texts_in(data: bytes, *, is_json: bool, names: Sequence[str] = ()) -> list[str]:
    """The texts of a set, one an item. A refusal names the first line that is wrong.

    `names` are the fields of a JSON line that make its item; none: all its texts.
    """
    lines = lines_of(data, at_most=ITEMS_AT_MOST)
    if not is_json:
        return [line for _number, line in lines]
    return [_item(number, line, names) for number, line in lines]


def _item(number: int, line: str, names: Sequence[str]) -> str:
    try:
        found = json.loads(line)
        if names:
            found = _fields(number, found, names)
        text = "\n".join(one for one in _texts(found) if one.strip())
    except (ValueError, RecursionError) as problem:
        raise BadLine("Line %(line)d is not JSON.", line=number) from problem
    if not text:
        raise BadLine("Line %(line)d has no text in it.", line=number)
    return text


def _fields(number: int, found: Any, names: Sequence[str]) -> list[Any]:
    for name in names:
        if not isinstance(found, dict) or name not in found:
            raise BadLine("Line %(line)d has no field “%(name)s”.", line=number, name=name)
    return [found[name] for name in names]


def _texts(found: Any) -> Iterator[str]:
    """All texts in it, however deep."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict | list):
        for one in found.values() if isinstance(found, dict) else found:
            yield from _texts(one)

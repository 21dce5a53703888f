"""One line of a file from outside: its fields, or a refusal worded for the file's owner."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, NoReturn

import orjson

from curation.clean.text import TEXT_AT_MOST, UNSTORABLE, is_storable, tidied
from curation.errors import BadLine
from curation.spelled import AS_IT_IS

LINE_AT_MOST = 5_000_000  # bytes
DEPTH_AT_MOST = 32  # of what is kept as it is
KEPT_AT_MOST = 100_000  # characters of JSON
KINDS = {bool: "true or false", int: "a number", float: "a number", str: "a text",
         list: "a list", dict: "an object", type(None): "null"}  # fmt: skip


def decoded(line: bytes) -> str:
    """The line as text. A byte order mark, which some programs write, is left off."""
    if len(line) > LINE_AT_MOST:
        raise BadLine(
            "The line is longer than %(most)d MB.", most=LINE_AT_MOST // 1_000_000
        )
    try:
        return line.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise BadLine(
            "Byte %(place)s of the line is not UTF-8: save the file as UTF-8.",
            place=error.start + 1,
        ) from error


def fields(line: str) -> dict[str, Any]:
    """The JSON object on a line."""
    try:
        found = _DECODER.decode(line)
    except RecursionError as error:
        raise BadLine("The JSON is nested too deep to be read.") from error
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" at")
        raise BadLine(
            "This is not JSON: %(what)s at character %(place)s.",
            what=what,
            place=error.pos + 1,
        ) from error
    except ValueError as error:
        raise BadLine("The JSON holds a number that is too long to be read.") from error
    if not isinstance(found, dict):
        raise BadLine(
            "The line holds %(kind)s; an object in braces is needed.", kind=kind(found)
        )
    return found


def text(raw: dict[str, Any], name: str) -> str:
    """A text that must be there, tidied."""
    found = optional_text(raw, name, at_most=TEXT_AT_MOST)
    if not found:
        if raw.get(name) is None:
            raise BadLine("“%(name)s” is missing.", name=name)
        raise BadLine("“%(name)s” is empty.", name=name)
    return found


def optional_text(raw: dict[str, Any], name: str, *, at_most: int | None = None) -> str:
    """A text, tidied, or nothing where it is missing or null."""
    if raw.get(name) is None:
        return ""
    value = exact(raw, name)
    found = tidied(value)
    if at_most is not None:
        # Nothing that is long by the spaces at its ends is kept either.
        length = len(found) if len(value) <= 2 * at_most else len(value)
        if length > at_most:
            raise BadLine(
                "“%(name)s” has %(length)s characters; at most %(most)s fit.",
                name=name,
                length=length,
                most=at_most,
            )
    return found


def exact(raw: dict[str, Any], name: str) -> str:
    """A text to the letter, or nothing where it is missing or null."""
    value = raw.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadLine(
            "“%(name)s” is %(kind)s; a text is needed.", name=name, kind=kind(value)
        )
    require_storable(value, name)
    return value


def require_storable(text: str, name: str) -> None:
    """A database keeps neither NUL nor half a pair, and to drop them changes a text."""
    if not is_storable(text) and (odd := UNSTORABLE.search(text)):
        place = odd.start() + 1
        if odd[0] == "\0":
            raise BadLine(
                "“%(name)s” has the character NUL at character %(place)s: take it out of "
                "the file.",
                name=name,
                place=place,
            )
        raise BadLine(
            "“%(name)s” has half of a surrogate pair at character %(place)s: take it out "
            "of the file.",
            name=name,
            place=place,
        )


def kept(
    raw: dict[str, Any], *, without: frozenset[str], at_most: int = KEPT_AT_MOST
) -> dict[str, Any]:
    """The other fields as they are, if a database can keep them. Nulls are left out."""
    found = {name: value for name, value in raw.items()
             if value is not None and name not in without}  # fmt: skip
    if not _is_surely_fit(found, at_most):
        _require_fit(found, at_most)
    return found


def _is_surely_fit(found: dict[str, Any], at_most: int) -> bool:
    """Seen by how it is spelled, as nearly all is: it costs a tenth of looking at each."""
    try:
        spelled = orjson.dumps(found, option=AS_IT_IS)
    except TypeError:  # numbers that are too long for it, half a surrogate pair
        return False
    return (
        2 * len(spelled) <= at_most
        and spelled.count(b"{") + spelled.count(b"[") < DEPTH_AT_MOST
        and b"\\u0000" not in spelled
        and b"null" not in spelled  # what infinity becomes
    )


def _require_fit(found: dict[str, Any], at_most: int) -> None:
    waiting: list[tuple[Any, int]] = [(found, 1)]
    while waiting:
        whole, depth = waiting.pop()
        if whole and depth == DEPTH_AT_MOST:
            raise BadLine(
                "A field is nested deeper than %(most)d levels.", most=DEPTH_AT_MOST
            )
        inner = whole
        if isinstance(whole, dict):
            for name in whole:
                require_storable(name, name[:20])
            inner = whole.values()
        for value in inner:
            if isinstance(value, dict | list):
                waiting.append((value, depth + 1))
            elif isinstance(value, str):
                require_storable(value, value[:20])
            elif isinstance(value, float) and not math.isfinite(value):
                raise BadLine("A number is too large.")
    if len(_ENCODER.encode(found)) > at_most:
        raise BadLine(
            "What stands beside the text is longer than %(most)s characters.", most=at_most
        )


def flag(raw: dict[str, Any], name: str) -> bool | None:
    """True, false, or None where nobody said."""
    value = raw.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadLine(
            "“%(name)s” is %(kind)s; true or false is needed.", name=name, kind=kind(value)
        )
    return value


def place(raw: dict[str, Any], name: str) -> int | None:
    """A whole number from 0, or None."""
    value = raw.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadLine(
            "“%(name)s” is %(kind)s; a whole number is needed.", name=name, kind=kind(value)
        )
    if not 0 <= value < 2**31:
        raise BadLine("“%(name)s” is out of range; it counts from 0.", name=name)
    return value


def objects(raw: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects; none where it is missing or null."""
    value = raw.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadLine(
            "“%(name)s” is %(kind)s; a list is needed.", name=name, kind=kind(value)
        )
    if odd := [one for one in value if not isinstance(one, dict)]:
        raise BadLine(
            "“%(name)s” holds %(kind)s; only objects are expected in it.",
            name=name,
            kind=kind(odd[0]),
        )
    return value


def short_hash(*parts: str) -> str:
    """32 hex digits that stand for these texts, in this order."""
    spelled = json.dumps(parts, ensure_ascii=False)
    return hashlib.sha256(spelled.encode()).hexdigest()[:32]


def kind(value: Any) -> str:
    """What it is, as a refusal says it."""
    return KINDS.get(type(value), "something else")


def _not_a_number(constant: str) -> NoReturn:
    raise BadLine("%(what)s is not a JSON number.", what=constant)


_DECODER = json.JSONDecoder(parse_constant=_not_a_number)
_ENCODER = json.JSONEncoder(ensure_ascii=False)

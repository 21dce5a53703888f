"""JSON that PostgreSQL can hold, or 400. DRF's own parser lets three kinds through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class CarefulJSONParser(JSONParser):
    """Refuses nesting too deep to read, and text with NUL or half a surrogate pair."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        try:
            parsed: dict[str, Any] = super().parse(stream, media_type, parser_context)
            for text in _texts(parsed):
                text.encode()
                if "\0" in text:
                    raise ParseError("JSON parse error - a text has a NUL character.")
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deeply.") from error
        except UnicodeEncodeError as error:
            raise ParseError("JSON parse error - half a surrogate pair.") from error
        return parsed


def _texts(value: object) -> Iterator[str]:
    """Every key and text in it. Not recursive: what could be parsed can be walked."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            yield found
        elif isinstance(found, dict):
            waiting += [*found, *found.values()]
        elif isinstance(found, list):
            waiting += found

"""Files as they are: the body of the request, read as it comes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import IO, Any

from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

AT_ONCE = 65_536
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


class RawParser(BaseParser):
    """`request.data` are the parts of the body. Of a form nothing is read."""

    media_type = "*/*"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        if (media_type or "").partition(";")[0].strip() in FORMS:
            raise UnsupportedMediaType(media_type or "")
        return iter(partial(stream.read, AT_ONCE), b"")

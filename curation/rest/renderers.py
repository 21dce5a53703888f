"""For answers that are files: no wish for a type is refused, and refusals are JSON."""

from __future__ import annotations

from rest_framework.renderers import JSONRenderer


class RecordsRenderer(JSONRenderer):
    """So that asking for lines is not refused. The lines themselves come from a file."""

    media_type = "application/x-ndjson"
    format = "ndjson"


class AnyRenderer(JSONRenderer):
    """So that no wish for a type is refused; what is no file is a problem, as always."""

    media_type = "*/*"


LINES = [RecordsRenderer, JSONRenderer]
FILE = [JSONRenderer, AnyRenderer]

"""What a list shows of a text: its beginning, or where the words stand, marked."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.search import SearchHeadline
from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Concat, Left
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from curation.models import Message

SHOWN = 320  # characters of a text's beginning
# Nobody can type these: what is between them was found.
BEGINS, ENDS = "\x02", "\x03"


def with_excerpts(messages: QuerySet[Message], query: Any = None) -> QuerySet[Message]:
    """Annotated with `excerpt`, without the whole texts. For `marked()`."""
    if query is None:
        return messages.annotate(excerpt=Left("text", SHOWN)).defer("text", "context")
    whole = Concat("text", Value(" ", TextField()), "context")
    headline = SearchHeadline(
        whole,
        query,
        config="simple",
        start_sel=BEGINS,
        stop_sel=ENDS,
        max_words=30,
        min_words=15,
        max_fragments=2,
        fragment_delimiter=" … ",
    )
    return messages.annotate(excerpt=headline).defer("text", "context")


def marked(excerpt: str) -> SafeString:
    """As HTML, with what was found in <mark>."""
    parts = []
    for number, part in enumerate(excerpt.split(BEGINS)):
        found, ends, rest = part.partition(ENDS)
        if number and ends:
            parts.append(f"<mark>{conditional_escape(found)}</mark>")
            parts.append(conditional_escape(rest))
        else:
            parts.append(conditional_escape(part.replace(ENDS, "")))
    return SafeString("".join(parts))  # each part is escaped

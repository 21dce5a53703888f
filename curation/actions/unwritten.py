"""A message on its way into the record: all that the checks and its row ask of one.

An instance of the model costs several times as much, and a file has thousands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from curation.copied import copy_rows
from curation.models import Conversation, Message

_COLUMNS = (
    "id", "uid", "conversation_id", "parent_id", "role", "origin", "generator", "text",
    "context", "language", "source_key", "state", "why", "decided_at",
)  # fmt: skip


@dataclass(slots=True, eq=False)
class Unwritten:
    """Nobody here wrote it, so it has no author and no guideline."""

    uid: UUID
    conversation: Conversation
    parent: Text | None
    role: str
    origin: str
    generator: str
    text: str
    context: str
    language: str
    source_key: str
    state: str
    decided_at: datetime | None
    why: str = ""
    pk: int = 0  # given before anything points at it

    @property
    def parent_id(self) -> int | None:
        return self.parent.pk if self.parent is not None else None


Text = Message | Unwritten


def copy_messages(messages: Iterable[Unwritten], meanwhile: Callable[[], None]) -> None:
    copy_rows(Message, _COLUMNS, map(_row, messages), meanwhile)


def _row(one: Unwritten) -> tuple[Any, ...]:
    return (
        one.pk, one.uid.hex, one.conversation.pk, one.parent_id, one.role, one.origin,
        one.generator, one.text, one.context, one.language, one.source_key, one.state,
        one.why, one.decided_at,
    )  # fmt: skip

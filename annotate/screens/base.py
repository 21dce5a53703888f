"""What every screen has."""

from __future__ import annotations

from typing import Any, Protocol

from annotate.forms.base import TaskForm
from annotate.models import Assignment
from curation.models import Contributor, Message
from curation.prepared import Prepared


class Screen(Protocol):
    @property
    def template(self) -> str: ...

    @property
    def form_class(self) -> type[TaskForm]: ...

    def context(self, slot: Assignment, form: Any) -> dict[str, Any]:
        """What the template needs beyond slot and form."""

    def initial(self, slot: Assignment) -> dict[str, Any]:
        """What the form starts with where no draft is kept."""

    def apply(self, slot: Assignment, form: Any, by: Contributor) -> object:
        """Write the valid form into the record; refusals are CurationErrors.

        Gives the conversation that was begun, where one was: undo must find it again.
        """


_messages = Prepared(lambda conversation: Message.objects.filter(conversation=conversation))


def turns_above(message: Message) -> list[Message]:
    """What was said before the message and the message itself, from the top. One query.

    A conversation has few messages, so all are read and the path is found among them.
    """
    there = {m.pk: m for m in _messages(conversation=message.conversation_id)}
    path = [there[message.pk]]
    while path[0].parent_id is not None:
        path.insert(0, there[path[0].parent_id])
    return path

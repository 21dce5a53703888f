"""An author writes their own text anew: the new one is a sibling that revises the old."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions import conversations
from curation.actions.moves import ANEW, move
from curation.actions.rights import Role, require
from curation.actions.sides import begin_with
from curation.clean.text import tidied
from curation.errors import CurationError, WrongState
from curation.models import Contributor, Conversation, Message

State = Message.State


def may_amend(message: Message, person: Contributor) -> bool:
    """Whether to offer it. What stands under the text only `amend` looks at."""
    is_open = message.state in (State.SUBMITTED, State.ACCEPTED)
    return is_open and message.author_id == person.pk


@transaction.atomic
def amend(
    *, message_id: int, by: Contributor, text: str, context: str | None = None
) -> Message:
    """Put an author's new words in place of their old ones; return the new message.

    Until the first review the old text goes at once. After that it stays as it is while
    the new one is reviewed, and goes when that is accepted.
    """
    conversation = conversations.lock_around(message_id)
    message = Message.objects.select_related("parent", "revises").get(pk=message_id)
    require(by, conversation.dataset, Role.WRITER)
    if message.author_id != by.pk:
        raise CurationError(_("Only its author can write a text anew."))
    if message.state not in (State.SUBMITTED, State.ACCEPTED):
        raise WrongState("text", message.state)
    attached = _unread_answers(message, conversation)
    _require_unanswered(message, attached)
    is_unread = message.state == State.SUBMITTED and not message.reviews.exists()
    context = message.context if context is None else tidied(context)
    if message.parent is None:
        context = conversations.checked_context(context, conversation.category)
    revision = _anew(message, conversation, message.parent, text=text, context=context)
    if message.parent is None:
        _look_around(revision, conversation)
    if is_unread:
        if message.parent is None:
            begin_with(conversation, revision.text)
        for answer in attached:
            _anew(answer, conversation, revision, text=answer.text, is_copy=True)
            move(answer, conversation, to=State.WITHDRAWN, by=by, why=ANEW)
        move(message, conversation, to=State.WITHDRAWN, by=by, why=ANEW)
    conversations.advance(conversation)
    return revision


def _anew(
    message: Message,
    conversation: Conversation,
    parent: Message | None,
    *,
    text: str,
    context: str = "",
    is_copy: bool = False,
) -> Message:
    text = conversations.checked_text(text)
    if not is_copy and (text, context) == (message.text, message.context):
        raise CurationError(_("The text is the same as before."))
    return conversations.add_message(
        conversation,
        parent=parent,
        revises=message,
        role=message.role,
        text=text,
        context=context,
        author=message.author,
        language=message.language,
    )


def _look_around(prompt: Message, conversation: Conversation) -> None:
    alike = conversations.lookalikes_by_policy(
        conversation.dataset, prompt.text, besides=conversation
    )
    conversations.note_lookalikes(prompt, alike)


def _unread_answers(message: Message, conversation: Conversation) -> list[Message]:
    """The answer that came with a question as a pair, while nobody has reviewed it."""
    if not conversation.dataset.is_pairs or message.state != State.SUBMITTED:
        return []
    unread = message.replies.filter(
        state=State.SUBMITTED, author=message.author_id, reviews=None
    )
    return list(unread.select_related("parent"))


def _require_unanswered(message: Message, attached: list[Message]) -> None:
    """A new question over old answers would make nonsense of them."""
    below = message.replies.filter(state__in=[State.SUBMITTED, State.ACCEPTED, State.HELD])
    if below.exclude(pk__in=[answer.pk for answer in attached]).exists():
        raise CurationError(
            _("There are answers to this text, so it cannot be changed any more.")
        )

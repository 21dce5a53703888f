"""A message changes its state: what is written with it, and what follows from it."""

from __future__ import annotations

from django.utils.timezone import now
from django.utils.translation import gettext_noop

from curation.actions import notices
from curation.actions.settlements import ask_again, settle
from curation.actions.sides import begin_with
from curation.errors import WrongState
from curation.models import Contributor, Conversation, Event, Message
from curation.prepared import PreparedUpdate

State = Message.State
_move = PreparedUpdate(
    lambda pk, state, why, at: (
        Message.objects.filter(pk=pk),
        {"state": state, "why": why, "decided_at": at},
    )
)
ANEW = gettext_noop("Its author wrote it anew.")
# What an author hears of a text that comes into such a state.
NEWS = {
    State.ACCEPTED: notices.Kind.ACCEPTED,
    State.REJECTED: notices.Kind.REJECTED,
    State.HELD: notices.Kind.HELD,
}


def move(
    message: Message,
    conversation: Conversation,
    *,
    to: State,
    by: Contributor | None,
    why: str = "",
    news: str | None = None,
) -> Message:
    """Change the state of a message under its conversation's lock, and write history.

    Its author is told; `news` says as what, where it is not the plain one. `by` is None
    where a check did it.
    """
    if to not in Message.MOVES[message.state]:
        raise WrongState("message", message.state)
    was = State(message.state)
    message.state, message.why = to, why[:300]
    message.decided_at = now()
    _move(pk=message.pk, state=to.value, why=message.why, at=message.decided_at)
    Event.objects.record(
        f"message.{to}",
        message,
        by=by,
        dataset=conversation.dataset,
        why=message.why,
        was=was,  # for undo.py
    )
    if told := NEWS.get(to, "") if news is None else news:
        notices.tell_author(message, told, by=by, why=message.why)
    if message.role == Message.Role.ASSISTANT and message.parent is not None:
        _count_anew(message, message.parent, conversation, was=was)
    if message.role == Message.Role.PROMPTER and to == State.REJECTED:
        _reject_orphans(message, conversation, by=by)
    return message


def _count_anew(
    answer: Message, prompt: Message, conversation: Conversation, *, was: State
) -> None:
    """Add up the ballots on its prompt once more: it came in or fell out."""
    prompt.conversation = conversation
    settle(prompt)
    was_rankable = answer.origin == Message.Origin.MODEL and was == State.SUBMITTED
    if answer.state == State.ACCEPTED and not was_rankable:
        ask_again(prompt)


def _reject_orphans(
    prompt: Message, conversation: Conversation, *, by: Contributor | None
) -> None:
    """Nobody will be asked about an answer to a question that is not there."""
    for orphan in prompt.replies.filter(state=State.SUBMITTED).select_related("parent"):
        move(orphan, conversation, to=State.REJECTED, by=by, why=prompt.why)


def carry_over_to_prompt(
    message: Message,
    conversation: Conversation,
    *,
    by: Contributor | None,
    out_of: set[State],
) -> None:
    """In a dataset of pairs the prompt shares the fate of the answer it came with.

    `out_of` lists the states that it may leave: no verdict lifts a curator's hold.
    """
    prompt = message.parent
    if not conversation.dataset.is_pairs or prompt is None or prompt.state not in out_of:
        return
    others = prompt.replies.filter(state__in=[State.SUBMITTED, State.ACCEPTED])
    if message.state == State.ACCEPTED or not others.exclude(pk=message.pk).exists():
        to = State(message.state)
        is_heard_of = prompt.author_id == message.author_id  # by the answer's news
        news = "" if is_heard_of else NEWS.get(to, "")
        move(prompt, conversation, to=to, by=by, why=message.why, news=news)


def retire_older(message: Message, conversation: Conversation, *, by: Contributor) -> None:
    """What its own author wrote anew has stood until now: see revisions.py."""
    older = message.revises
    if older is None or message.author_id is None or older.author_id != message.author_id:
        return
    for wording in _wordings_before(message, conversation):
        has_answers = wording.replies.exclude(state__in=[State.REJECTED, State.WITHDRAWN])
        if wording.state in (State.SUBMITTED, State.ACCEPTED) and not has_answers.exists():
            move(wording, conversation, to=State.WITHDRAWN, by=by, why=ANEW)
    if message.parent is None:
        begin_with(conversation, message.text)


def _wordings_before(message: Message, conversation: Conversation) -> list[Message]:
    """All that its author said in its place before, the first words and every try since."""
    theirs = conversation.messages.filter(author=message.author_id, pk__lt=message.pk)
    before = {one.pk: one for one in theirs.select_related("parent").order_by("pk")}
    first = message
    while first.revises_id in before:
        first = before[first.revises_id]
    wordings = {first.pk: first}
    for one in before.values():
        if one.revises_id in wordings:
            wordings[one.pk] = one
    return list(wordings.values())

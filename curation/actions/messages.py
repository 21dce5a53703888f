"""Messages are answered, reviewed, held and taken back."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation.actions import conversations, notices
from curation.actions.people import Role, require
from curation.actions.settlements import ask_again, settle
from curation.errors import CurationError, WrongState
from curation.models import Contributor, Conversation, Event, Label, Message, Review
from curation.wording import in_english

State = Message.State
Verdict = Review.Verdict
ANEW = gettext_noop("Its author wrote it anew.")
# What an author hears of a text that comes into such a state.
NEWS = {
    State.ACCEPTED: notices.Kind.ACCEPTED,
    State.REJECTED: notices.Kind.REJECTED,
    State.HELD: notices.Kind.HELD,
}


@transaction.atomic
def reply(
    *, parent_id: int, by: Contributor, text: str, held: Conversation | None = None
) -> Message:
    """Answer a prompt as the assistant, or continue an answer as the prompter."""
    parent, conversation = _lock(parent_id, held)
    require(by, conversation.dataset, Role.WRITER)
    if parent.state != State.ACCEPTED:
        raise WrongState("message", parent.state)
    role = (
        Message.Role.ASSISTANT
        if parent.role == Message.Role.PROMPTER
        else Message.Role.PROMPTER
    )
    message = conversations.add_message(
        conversation,
        parent=parent,
        role=role,
        text=text,
        author=by,
        language=parent.language,
    )
    conversations.advance(conversation)
    return message


@transaction.atomic
def review(
    *,
    message_id: int,
    by: Contributor,
    verdict: str,
    reason: str = "",
    note: str = "",
    edited_text: str = "",
    labels: Mapping[str, int] | None = None,
    active_seconds: int | None = None,
    is_final: bool = False,
    held: Conversation | None = None,
) -> Message:
    """Record one verdict; accept or reject the message once enough people agree.

    An edit is a sibling that revises the original and counts as its editor's approval;
    the original is rejected in its favour. The message that was decided on is returned.
    A curator's final verdict, where reviewers disagree, decides alone. `held` is the
    conversation where the caller has locked it already.
    """
    _check_verdict(verdict, reason)
    message, conversation = _message_to_review(message_id, by, held)
    if is_final:
        require(by, conversation.dataset)
    given = Review.objects.create(
        message=message,
        reviewer=by,
        verdict=verdict,
        reason=reason if verdict == Verdict.REJECT else "",
        note=note,
        is_final=is_final,
        active_seconds=active_seconds,
        guideline=conversation.dataset.guideline_in_force(),
    )
    answered = (labels or {}).items()
    Label.objects.bulk_create(Label(review=given, name=n, value=v) for n, v in answered)
    Event.objects.record(
        f"review.{verdict}", message, by=by, dataset=conversation.dataset, review=given.pk
    )
    if verdict == Verdict.EDIT:
        message = _revise(message, conversation, text=edited_text, by=by)
    _decide(message, conversation, by=by)
    conversations.advance(conversation)
    return message


@transaction.atomic
def improve(
    *, message_id: int, by: Contributor, text: str, held: Conversation | None = None
) -> Message:
    """Write an accepted answer anew. The rewrite is a sibling that goes to review.

    The original stays as it is: once the rewrite is accepted, the two are a preference.
    """
    message, conversation = _lock(message_id, held)
    require(by, conversation.dataset, Role.WRITER)
    if message.state != State.ACCEPTED or message.role != Message.Role.ASSISTANT:
        raise WrongState("answer", message.state)
    rewrite = _sibling(message, conversation, text=text, by=by)
    conversations.advance(conversation)
    return rewrite


@transaction.atomic
def hold(*, message_id: int, by: Contributor, why: str) -> Message:
    """Set a message aside for a moderator; nothing is learned from it meanwhile."""
    message, conversation = _lock(message_id)
    require(by, conversation.dataset, Role.REVIEWER)
    move(message, conversation, to=State.HELD, by=by, why=why)
    _carry_over_to_prompt(
        message, conversation, by=by, out_of={State.SUBMITTED, State.ACCEPTED}
    )
    conversations.advance(conversation)
    return message


@transaction.atomic
def release(*, message_id: int, by: Contributor, accept: bool, why: str = "") -> Message:
    """A curator decides on a held message."""
    message, conversation = _lock(message_id)
    require(by, conversation.dataset)
    if message.state != State.HELD:
        raise WrongState("message", message.state)
    if accept and by.pk in _authors_of_unit(message, conversation):
        raise CurationError(_("Somebody else must decide on your own words."))
    to = State.ACCEPTED if accept else State.REJECTED
    move(message, conversation, to=to, by=by, why=why)
    _carry_over_to_prompt(
        message, conversation, by=by, out_of={State.SUBMITTED, State.HELD}
    )
    conversations.advance(conversation)
    return message


@transaction.atomic
def withdraw(*, message_id: int, by: Contributor) -> Message:
    """Take a message back: later versions leave it out, frozen ones keep their list."""
    message, conversation = _lock(message_id)
    if message.author_id != by.pk and not by.is_staff:
        raise CurationError(_("Only its author can withdraw a message."))
    by_admin, by_author = (
        gettext_noop("Taken back by an admin."),
        gettext_noop("Taken back by its author."),
    )
    why = by_author if message.author_id == by.pk else by_admin
    move(message, conversation, to=State.WITHDRAWN, by=by, why=why)
    conversations.advance(conversation)
    return message


def authors_of(message: Message) -> set[int]:
    """Everybody whose words are in it: its author and those whose text it revises."""
    authors = set()
    step: Message | None = message
    while step is not None:
        if step.author_id is not None:
            authors.add(step.author_id)
        step = step.revises
    return authors


def _authors_of_unit(message: Message, conversation: Conversation) -> set[int]:
    """Of a pair, both its halves count."""
    authors = authors_of(message)
    if conversation.dataset.is_pairs and message.parent is not None:
        authors |= authors_of(message.parent)
    return authors


def _check_verdict(verdict: str, reason: str) -> None:
    if verdict not in Verdict.values:
        raise CurationError(_("There is no verdict “%(name)s”.") % {"name": verdict})
    if verdict == Verdict.REJECT and reason not in Review.Reason.values:
        raise CurationError(_("Choose a reason, so that the author knows why."))


def _message_to_review(
    message_id: int, by: Contributor, held: Conversation | None
) -> tuple[Message, Conversation]:
    message, conversation = _lock(message_id, held)
    require(by, conversation.dataset, Role.REVIEWER)
    if message.state != State.SUBMITTED:
        raise WrongState("message", message.state)
    if by.pk in authors_of(message):
        raise CurationError(_("You cannot review your own message."))
    if Review.objects.filter(message=message, reviewer=by).exists():
        raise CurationError(_("You have already reviewed this message."))
    return message, conversation


def _lock(
    message_id: int, held: Conversation | None = None
) -> tuple[Message, Conversation]:
    conversation = conversations.lock_around(message_id, held)
    message = Message.objects.select_related("parent", "revises").get(pk=message_id)
    return message, conversation


def _revise(
    message: Message, conversation: Conversation, *, text: str, by: Contributor
) -> Message:
    if message.replies.filter(state__in=[State.SUBMITTED, State.ACCEPTED]).exists():
        raise CurationError(_("There are answers to this text: accept it or reject it."))
    revision = _sibling(message, conversation, text=text, by=by)
    why = gettext_noop("A reviewer's edit stands in its place.")
    news = notices.Kind.EDITED
    move(message, conversation, to=State.REJECTED, by=by, why=why, news=news)
    return revision


def _sibling(
    message: Message, conversation: Conversation, *, text: str, by: Contributor
) -> Message:
    """The same turn in other words, beside the original."""
    text = conversations.checked_text(text, "edited text")
    if text == message.text:
        raise CurationError(_("The edited text is the same as before. Accept it as it is?"))
    return conversations.add_message(
        conversation,
        parent=message.parent,
        revises=message,
        role=message.role,
        text=text,
        context=message.context,
        author=by,
        language=message.language,
    )


def _decide(message: Message, conversation: Conversation, *, by: Contributor) -> None:
    """Accept at the approvals needed; reject once they can no longer be reached.

    Where the policy asks for an adjudicator, people who disagree decide nothing.
    """
    policy = conversation.dataset.policy
    given = list(message.reviews.values_list("verdict", "is_final"))
    final = next((verdict for verdict, is_final in given if is_final), "")
    verdicts = [verdict for verdict, is_final in given]
    edit = _edit_behind(message)
    approvals = verdicts.count(Verdict.ACCEPT) + (edit is not None)
    if edit is not None and edit.is_final:
        final = Verdict.ACCEPT
    rejections = verdicts.count(Verdict.REJECT)
    if policy.adjudicates and approvals and rejections and not final:
        return
    if final == Verdict.ACCEPT or (not final and approvals >= policy.approvals_needed):
        move(message, conversation, to=State.ACCEPTED, by=by)
        _retire_older(message, conversation, by=by)
    elif final or rejections > policy.reviews_wanted - policy.approvals_needed:
        against = message.reviews.filter(verdict=Verdict.REJECT).order_by("pk").last()
        assert against is not None  # there are more than none
        reason = in_english(against.get_reason_display())
        why = f"{reason}. {against.note}".strip()
        move(message, conversation, to=State.REJECTED, by=by, why=why)
    else:
        return
    _carry_over_to_prompt(message, conversation, by=by, out_of={State.SUBMITTED})


def _retire_older(message: Message, conversation: Conversation, *, by: Contributor) -> None:
    """What its own author wrote anew has stood until now: see revisions.py."""
    older = message.revises
    if older is None or message.author_id is None or older.author_id != message.author_id:
        return
    has_answers = older.replies.exclude(state__in=[State.REJECTED, State.WITHDRAWN])
    if older.state in (State.SUBMITTED, State.ACCEPTED) and not has_answers.exists():
        move(older, conversation, to=State.WITHDRAWN, by=by, why=ANEW)


def _edit_behind(message: Message) -> Review | None:
    """A reviewer wrote it in place of the original: that is their approval."""
    if message.revises_id is None:
        return None
    edits = Review.objects.filter(verdict=Verdict.EDIT, reviewer=message.author_id)
    return edits.filter(message=message.revises_id).first()


def _carry_over_to_prompt(
    message: Message, conversation: Conversation, *, by: Contributor, out_of: set[State]
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


def move(
    message: Message,
    conversation: Conversation,
    *,
    to: State,
    by: Contributor,
    why: str = "",
    news: str | None = None,
) -> Message:
    """Change the state of a message under its conversation's lock, and write history.

    Its author is told; `news` says as what, where it is not the plain one.
    """
    if to not in Message.MOVES[message.state]:
        raise WrongState("message", message.state)
    was_rankable = (
        message.origin == Message.Origin.MODEL and message.state == State.SUBMITTED
    )
    was = message.state
    message.state, message.why = to, why[:300]
    message.decided_at = now()
    message.save(update_fields=["state", "why", "decided_at"])
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
        message.parent.conversation = conversation
        settle(message.parent)
        if to == State.ACCEPTED and not was_rankable:
            ask_again(message.parent)
    if message.role == Message.Role.PROMPTER and to == State.REJECTED:
        # Nobody will be asked about an answer to a question that is not there.
        for orphan in message.replies.filter(state=State.SUBMITTED).select_related(
            "parent"
        ):
            move(orphan, conversation, to=State.REJECTED, by=by, why=message.why)
    return message

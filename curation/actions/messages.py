"""Messages are answered, reviewed and held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation.actions import conversations, notices
from curation.actions.findings import note
from curation.actions.moves import carry_over_to_prompt, move, retire_older
from curation.actions.rights import Role, require
from curation.actions.sides import begin_with
from curation.clean import preferences
from curation.clean.check import Treatment
from curation.clean.checks import treatment
from curation.errors import CurationError, WrongState
from curation.models import (
    Contributor,
    Conversation,
    Event,
    Label,
    Message,
    Policy,
    Review,
)
from curation.prepared import Prepared, insert
from curation.wording import in_english

Verdicts = list[tuple[str, bool]]  # and whether it is final
State = Message.State
Verdict = Review.Verdict
_message = Prepared(
    lambda pk: Message.objects.select_related("parent", "revises").filter(pk=pk)
).get
_verdicts = Prepared(
    lambda message: Review.objects.filter(message=message).values_list(
        "reviewer_id", "verdict", "is_final", "set_aside_at"
    )
)


@conversations.all_or_nothing
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


@conversations.all_or_nothing
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
    message, conversation, verdicts = _message_to_review(message_id, by, held)
    if is_final:
        require(by, conversation.dataset)
    given = Review(message=message, reviewer=by, verdict=verdict, note=note)
    given.reason = reason if verdict == Verdict.REJECT else ""
    given.is_final, given.active_seconds = is_final, active_seconds
    _enter(given, conversation, labels or {})
    verdicts.append((verdict, is_final))
    if verdict == Verdict.EDIT:  # nobody has judged the new words
        message, verdicts = _revise(message, conversation, text=edited_text, by=by), []
    if message.state != State.HELD:  # as a check may have done with the new words
        _decide(message, conversation, verdicts, by=by)
    conversations.advance(conversation)
    return message


@conversations.all_or_nothing
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
    policy = conversation.dataset.policy.checks
    if treatment("preference", policy) is not Treatment.OFF:
        note(rewrite, preferences.seen(rewrite.text, message.text))
    conversations.advance(conversation)
    return rewrite


@transaction.atomic
def hold(*, message_id: int, by: Contributor, why: str) -> Message:
    """Set a message aside for a moderator; nothing is learned from it meanwhile."""
    message, conversation = _lock(message_id)
    require(by, conversation.dataset, Role.REVIEWER)
    move(message, conversation, to=State.HELD, by=by, why=why)
    carry_over_to_prompt(
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
    carry_over_to_prompt(message, conversation, by=by, out_of={State.SUBMITTED, State.HELD})
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
) -> tuple[Message, Conversation, Verdicts]:
    """With the verdicts on it so far, and whether each is final."""
    message, conversation = _lock(message_id, held)
    require(by, conversation.dataset, Role.REVIEWER)
    if message.state != State.SUBMITTED:
        raise WrongState("message", message.state)
    if by.pk in authors_of(message):
        raise CurationError(_("You cannot review your own message."))
    given = _verdicts(message=message.pk)
    if any(reviewer == by.pk for reviewer, *__ in given):
        raise CurationError(_("You have already reviewed this message."))
    return message, conversation, _counted(given)


def verdicts_on(message: Message) -> Verdicts:
    """Those that count, and whether each is final. Causes a query."""
    return _counted(_verdicts(message=message.pk))


def _counted(given: Sequence[tuple[int, str, bool, datetime | None]]) -> Verdicts:
    return [(verdict, final) for __, verdict, final, aside in given if aside is None]


def _enter(given: Review, conversation: Conversation, labels: Mapping[str, int]) -> None:
    """Write a review with its labels and its line of history."""
    given.guideline_id = conversation.guideline_id
    insert(given)
    insert(*(Label(review=given, name=name, value=value) for name, value in labels.items()))
    Event.objects.record(
        f"review.{given.verdict}",
        given.message,
        by=given.reviewer,
        dataset=conversation.dataset,
        review=given.pk,
    )


def _lock(
    message_id: int, held: Conversation | None = None
) -> tuple[Message, Conversation]:
    conversation = conversations.lock_around(message_id, held)
    return _message(pk=message_id), conversation


def _revise(
    message: Message, conversation: Conversation, *, text: str, by: Contributor
) -> Message:
    if message.replies.filter(state__in=[State.SUBMITTED, State.ACCEPTED]).exists():
        raise CurationError(_("There are answers to this text: accept it or reject it."))
    revision = _sibling(message, conversation, text=text, by=by)
    if message.parent is None:
        begin_with(conversation, revision.text)
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


def _decide(
    message: Message,
    conversation: Conversation,
    given: Sequence[tuple[str, bool]],
    *,
    by: Contributor,
) -> None:
    """Accept at the approvals needed; reject once they can no longer be reached.

    Where the policy asks for an adjudicator, all are heard first, and people who disagree
    decide nothing.
    """
    to = outcome_of(message, conversation, given)
    if to is None:
        return
    if to == State.ACCEPTED:
        move(message, conversation, to=to, by=by)
        retire_older(message, conversation, by=by)
    else:
        move(message, conversation, to=to, by=by, why=_why_against(message))
    carry_over_to_prompt(message, conversation, by=by, out_of={State.SUBMITTED})


def outcome_of(
    message: Message, conversation: Conversation, given: Sequence[tuple[str, bool]]
) -> State | None:
    """What these verdicts decide by the dataset's rules; None while more are needed."""
    policy = conversation.dataset.policy
    final = next((verdict for verdict, is_final in given if is_final), "")
    verdicts = [verdict for verdict, is_final in given]
    edit = _edit_behind(message)
    approvals = verdicts.count(Verdict.ACCEPT) + (edit is not None)
    if edit is not None and edit.is_final:
        final = Verdict.ACCEPT
    rejections = verdicts.count(Verdict.REJECT)
    heard = len(verdicts) + (edit is not None)
    return by_rules(
        policy, approvals=approvals, rejections=rejections, heard=heard, final=final
    )


def by_rules(
    policy: Policy, *, approvals: int, rejections: int, heard: int, final: str = ""
) -> State | None:
    """The same in numbers; `final` is a curator's last word."""
    is_open = (approvals and rejections) or heard < policy.reviews_wanted
    if policy.adjudicates and not final and is_open:
        return None
    if final == Verdict.ACCEPT or (not final and approvals >= policy.approvals_needed):
        return State.ACCEPTED
    if final or rejections > policy.reviews_wanted - policy.approvals_needed:
        return State.REJECTED
    return None


def _why_against(message: Message) -> str:
    """In the words of the last who rejected it."""
    counted = message.reviews.filter(verdict=Verdict.REJECT, set_aside_at=None)
    against = counted.order_by("pk").last()
    assert against is not None  # there are more than none
    reason = in_english(against.get_reason_display())
    return f"{reason}. {against.note}".strip()


def _edit_behind(message: Message) -> Review | None:
    """A reviewer wrote it in place of the original: that is their approval."""
    if message.revises_id is None:
        return None
    edits = Review.objects.filter(
        verdict=Verdict.EDIT, reviewer=message.author_id, set_aside_at=None
    )
    return edits.filter(message=message.revises_id).first()

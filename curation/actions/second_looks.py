"""Texts are judged once more: verdicts are set aside, and others are asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation import reach
from curation.actions import conversations, notices, undo
from curation.actions.messages import outcome_of, verdicts_on
from curation.actions.rights import require
from curation.errors import CurationError, WrongState
from curation.models import (
    Contributor,
    Conversation,
    Dataset,
    DatasetVersion,
    Decision,
    Event,
    Message,
    Review,
)

AT_ONCE = 50
OF_PERSON = gettext_noop("A curator asked for a second look at this person's verdicts.")
State = Message.State
DECIDED = (State.ACCEPTED, State.REJECTED)


class Asked(NamedTuple):
    """What became of it: texts that wait for review again, and those that stand anyway."""

    reopened: int
    standing: int
    left: int  # verdicts that were not looked at yet: ask once more
    versions: list[DatasetVersion]  # frozen with one of them; they stay as they are


def given_by(person: Contributor, dataset: Dataset) -> QuerySet[Review]:
    """The verdicts of a person that still count, oldest first."""
    theirs = Review.objects.filter(reviewer=person, set_aside_at=None)
    return theirs.filter(message__conversation__dataset=dataset).order_by("pk")


def ask_again(
    *,
    dataset: Dataset,
    reviews: QuerySet[Review],
    by: Contributor,
    why: str,
    at_most: int = AT_ONCE,
) -> Asked:
    """Set these verdicts aside, and open again what they alone decided.

    What the others' verdicts or a curator decided stands. Each in a transaction of its
    own, so that nobody waits for all; verdicts keep their place in the record.
    """
    require(by, dataset)
    wanted = reviews.filter(message__conversation__dataset=dataset, set_aside_at=None)
    chosen = list(wanted.order_by("pk").values_list("pk", flat=True)[:at_most])
    looked = [_look_again(pk, by=by, why=why) for pk in chosen]
    reopened = [message for message, is_open in looked if is_open and message is not None]
    was_done = sum(message is not None for message, _is_open in looked)
    return Asked(
        reopened=len(reopened),
        standing=was_done - len(reopened),
        left=wanted.count(),
        versions=_versions_with(reopened),
    )


def ask_about_person(*, person: Contributor, dataset: Dataset, by: Contributor) -> Asked:
    """The same of all that one person judged there, the oldest first."""
    reviews = given_by(person, dataset)
    return ask_again(dataset=dataset, reviews=reviews, by=by, why=OF_PERSON)


@transaction.atomic
def ask_about(*, message_id: int, by: Contributor, why: str) -> None:
    """Set aside what people said of one text, and put it before others.

    What a curator decided stands: they decide anew on the text's own page.
    """
    conversation = conversations.lock_around(message_id)
    require(by, conversation.dataset)
    there = {m.pk: m for m in conversation.messages.select_related("parent", "revises")}
    message = there[message_id]
    if message.state not in DECIDED:
        raise WrongState("message", message.state)
    given = list(_behind(message).select_for_update().order_by("pk"))
    stands = _("A curator has decided on this text. Open it to decide anew.")
    if any(review.is_final for review in given):
        raise CurationError(stands)
    for review in given:
        _set_aside(review, there[review.message_id], conversation, by=by, why=why)
    if _stands(message, conversation):
        raise CurationError(stands)
    _open(message, there, conversation, by=by, why=why)
    conversations.advance(conversation)


def _behind(message: Message) -> QuerySet[Review]:
    """The verdicts that count: on it, and of the reviewer who wrote it as an edit."""
    counting = Review.objects.filter(set_aside_at=None)
    edits = Q(
        message=message.revises_id,
        reviewer=message.author_id,
        verdict=Review.Verdict.EDIT,
    )
    is_edit = message.revises_id is not None
    return counting.filter(Q(message=message) | edits if is_edit else Q(message=message))


@transaction.atomic
def _look_again(review_id: int, *, by: Contributor, why: str) -> tuple[int | None, bool]:
    """The text that the verdict was for, and whether it is open again."""
    about = Review.objects.values_list("message", flat=True).get(pk=review_id)
    conversation = conversations.lock_around(about)
    review = Review.objects.select_for_update().get(pk=review_id)
    if review.set_aside_at is not None:
        return None, False  # somebody was faster
    there = {m.pk: m for m in conversation.messages.select_related("parent", "revises")}
    _set_aside(review, there[about], conversation, by=by, why=why)
    message = _decided_by(review, there)
    is_open = message is not None and not _stands(message, conversation)
    if message is not None and is_open:
        _open(message, there, conversation, by=by, why=why)
    conversations.advance(conversation)
    return about if message is None else message.pk, is_open


def _set_aside(
    review: Review,
    about: Message,
    conversation: Conversation,
    *,
    by: Contributor,
    why: str,
) -> None:
    review.set_aside_at = now()
    review.save(update_fields=["set_aside_at"])
    Event.objects.record(
        "review.set_aside",
        about,
        by=by,
        dataset=conversation.dataset,
        review=review.pk,
        why=why,
    )


def _decided_by(review: Review, there: dict[int, Message]) -> Message | None:
    """An edit approves the words that the reviewer put in the place of the others."""
    if review.verdict != Review.Verdict.EDIT:
        return there[review.message_id]
    edits = (
        one
        for one in there.values()
        if one.revises_id == review.message_id and one.author_id == review.reviewer_id
    )
    return next(edits, None)


def _stands(message: Message, conversation: Conversation) -> bool:
    """Undecided, or decided by others as well, or for another reason."""
    if message.state not in DECIDED:
        return True
    fell_as_pair = conversation.dataset.is_pairs and message.state == State.REJECTED
    alive = (State.ACCEPTED, State.SUBMITTED)
    if message.parent and message.parent.state not in alive and not fell_as_pair:
        return True
    if message.revisions.filter(state__in=alive).exists():
        return True  # other words stand in its place
    by_hand = [Decision.Action.RELEASE, Decision.Action.REJECT]
    if message.decisions.standing().filter(action__in=by_hand).exists():
        return True
    return outcome_of(message, conversation, verdicts_on(message)) == message.state


def _open(
    message: Message,
    there: dict[int, Message],
    conversation: Conversation,
    *,
    by: Contributor,
    why: str,
) -> None:
    """Undecided, and of a pair its prompt with it."""
    touched = [message]
    if conversation.dataset.is_pairs and message.parent_id is not None:
        prompt = there[message.parent_id]
        others = prompt.replies.filter(state__in=[State.SUBMITTED, State.ACCEPTED])
        if prompt.state in DECIDED and not others.exclude(pk=message.pk).exists():
            touched.append(prompt)
    for one in touched:
        undo.put(one, conversation, to=State.SUBMITTED, by=by)
    undo.settle_around([one.pk for one in touched], there, conversation)
    notices.tell_author(message, notices.Kind.REOPENED, by=by)


def _versions_with(messages: Iterable[int]) -> list[DatasetVersion]:
    return sorted(reach.versions_holding(messages), key=lambda version: version.number)

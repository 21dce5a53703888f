"""Somebody takes back what they just did, as long as nobody has built on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Max
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation import reach
from curation.actions import conversations, notices
from curation.actions.moves import ANEW
from curation.actions.settlements import settle
from curation.errors import CurationError
from curation.models import (
    Ballot,
    BallotEntry,
    Contributor,
    Conversation,
    Event,
    Label,
    Message,
    Review,
    Settlement,
)

State = Message.State
# What changes the record. Talk about it, and what follows by itself, does not count.
DEEDS = ("message.", "review.", "ballot.")
NO_DEEDS = ("message.flagged",)
DECIDED = ("message.accepted", "message.rejected")
TAKEN_BACK = gettext_noop("Taken back by its author.")


@transaction.atomic
def take_back(
    *, conversation_id: int, by: Contributor, after: int, until: int | None = None
) -> None:
    """Undo what a person did in a conversation after one event, up to another.

    Without `until`, up to now. Reviews and ballots go, new texts are withdrawn, what was
    decided by them is undecided again, and what an accepted text replaced stands again.
    History keeps what was said. What the person did later with other texts stays. Refused
    once they did more with these, anybody else has acted here, or a frozen version holds
    what was decided.
    """
    conversation = conversations.lock(conversation_id)
    messages = {m.pk: m for m in conversation.messages.select_related("parent")}
    begins = Event.objects.aggregate(last=Max("pk", default=0))["last"]
    until = begins if until is None else until
    since = _besides_holds(_lines_since(after, messages, conversation))
    lines = [line for line in since if line.pk <= until]
    deeds, later = _deeds(lines), _deeds(line for line in since if line.pk > until)
    if not deeds:
        return
    _require_last(deeds, later, messages, by)
    require_unfrozen(deeds)
    before = later[0].at if later else None
    notices.forget(messages, deeds[0].at, before=before)
    _reverse(deeds, messages, conversation, by)
    lower_rounds(_of("prompt.asked_again", lines), messages)
    settle_around({line.subject_id for line in lines}, messages, conversation)
    span = {"after": after, "until": until, "begins": begins}
    Event.objects.record(
        "conversation.undone", conversation, by=by, dataset=conversation.dataset, **span
    )
    conversations.advance(conversation)


def _reverse(
    deeds: Sequence[Event],
    messages: dict[int, Message],
    conversation: Conversation,
    by: Contributor,
) -> None:
    texts = [messages[line.subject_id] for line in _of("message.submitted", deeds)]
    _require_unanswered(texts)
    _remove_ballots(_of("ballot.cast", deeds), messages, by)
    _remove_reviews(deeds, messages, by)
    for text in texts:
        put(text, conversation, to=State.WITHDRAWN, by=by, why=TAKEN_BACK)
    for line in _first_moves(deeds, besides=texts):
        put(messages[line.subject_id], conversation, to=State(line.data["was"]), by=by)


def _lines_since(
    after: int, messages: Iterable[int], conversation: Conversation
) -> list[Event]:
    """History of these messages, less what was undone already: that adds up to nothing."""
    since = Event.objects.filter(pk__gt=after)
    undone = since.filter(
        kind="conversation.undone",
        subject_kind="conversation",
        subject_id=conversation.pk,
    )
    spans = [span for line in undone for span in _spans(line)]
    lines = since.filter(subject_kind="message", subject_id__in=messages).order_by("pk")
    return [
        line for line in lines if not any(first < line.pk <= last for first, last in spans)
    ]


def _besides_holds(lines: Sequence[Event]) -> list[Event]:
    """Less what a check held of the texts that are new: they go, held or not."""
    new = {line.subject_id for line in lines if line.kind == "message.submitted"}
    return [
        line
        for line in lines
        if line.kind != "message.held" or line.by_id or line.subject_id not in new
    ]


def _spans(undone: Event) -> list[tuple[int, int]]:
    """What was undone, and the lines of the undoing; older lines tell of both in one."""
    told = undone.data
    if "until" not in told:
        return [(told["after"], undone.pk)]
    return [(told["after"], told["until"]), (told["begins"], undone.pk)]


def _deeds(lines: Iterable[Event]) -> list[Event]:
    return [line for line in lines if is_deed(line.kind)]


def is_deed(kind: str) -> bool:
    """Whether such a line of the history tells what somebody did, and no consequence."""
    return kind.startswith(DEEDS) and kind not in NO_DEEDS


def _of(kind: str, lines: Iterable[Event]) -> list[Event]:
    return [line for line in lines if line.kind == kind]


def _require_last(
    deeds: Sequence[Event],
    later: Sequence[Event],
    messages: dict[int, Message],
    by: Contributor,
) -> None:
    if any(line.by_id != by.pk for line in (*deeds, *later)):
        raise CurationError(
            _("Somebody else has worked on this since, so it can no longer be undone.")
        )
    touched = {line.subject_id for line in deeds}
    new = {line.subject_id for line in _of("message.submitted", deeds)}
    about = [messages[line.subject_id] for line in later]
    is_built_upon = any({m.pk, m.parent_id, m.revises_id} & touched for m in about)
    if is_built_upon or not all(_is_reversible(line, new) for line in deeds):
        raise CurationError(_("You have done more with it since: it cannot be undone."))


def _is_reversible(line: Event, new: set[int]) -> bool:
    if line.kind in DECIDED:
        return bool(line.data.get("was") == State.SUBMITTED)
    if line.kind == "message.withdrawn":
        return _is_replaced(line) and line.subject_id not in new
    return line.kind != "message.held"


def _is_replaced(line: Event) -> bool:
    """It went because new words of its own author were accepted: see revisions.py."""
    return line.kind == "message.withdrawn" and line.data.get("why") == ANEW


def require_unfrozen(deeds: Sequence[Event]) -> None:
    touched = {line.subject_id for line in deeds}
    if reach.is_frozen_since(touched, deeds[0].at):
        raise CurationError(
            _("A frozen version holds this by now, so it can no longer be undone.")
        )


def _require_unanswered(texts: Sequence[Message]) -> None:
    mine = [text.pk for text in texts]
    below = Message.objects.filter(parent__in=mine).exclude(pk__in=mine)
    if below.exclude(state=State.WITHDRAWN).exists():
        raise CurationError(_("There are answers to your text: it cannot be undone."))


def _remove_ballots(
    lines: Sequence[Event], messages: dict[int, Message], by: Contributor
) -> None:
    """A person's newest ballots on these prompts, as many as they cast since."""
    for prompt_id, count in Counter(line.subject_id for line in lines).items():
        theirs = Ballot.objects.filter(prompt=prompt_id, ranker=by).order_by("-pk")
        for ballot in theirs[:count]:
            BallotEntry.objects.filter(ballot=ballot).delete()
            Event.objects.record(
                "ballot.undone", messages[prompt_id], by=by, outcome=ballot.outcome
            )
            ballot.delete()


def _remove_reviews(
    deeds: Sequence[Event], messages: dict[int, Message], by: Contributor
) -> None:
    given = [line.data["review"] for line in deeds if line.kind.startswith("review.")]
    for review in Review.objects.filter(pk__in=given, reviewer=by):
        Label.objects.filter(review=review).delete()
        Event.objects.record(
            "review.undone",
            messages[review.message_id],
            by=by,
            review=review.pk,
            verdict=review.verdict,
            reason=review.reason,
        )
        review.delete()


def _first_moves(deeds: Sequence[Event], *, besides: Sequence[Message]) -> list[Event]:
    """Of each text that was there before: the line of its decision."""
    new = {text.pk for text in besides}
    moves: dict[int, Event] = {}
    for line in deeds:
        if (line.kind in DECIDED or _is_replaced(line)) and line.subject_id not in new:
            moves.setdefault(line.subject_id, line)
    return list(moves.values())


def put(
    message: Message,
    conversation: Conversation,
    *,
    to: State,
    by: Contributor,
    why: str = "",
) -> None:
    """Into a state that it may come into, or that it came from."""
    was = message.state
    assert to in Message.MOVES[was] or was in Message.MOVES[to], (was, to)
    message.state, message.why = to, why
    message.decided_at = None if to == State.SUBMITTED else now()
    message.save(update_fields=["state", "why", "decided_at"])
    kind = "message.undecided" if to == State.SUBMITTED else f"message.{to}"
    Event.objects.record(kind, message, by=by, dataset=conversation.dataset, was=was)


def lower_rounds(lines: Iterable[Event], messages: dict[int, Message]) -> None:
    """Nobody is asked again for the sake of an answer that is not in the running."""
    for prompt_id, count in Counter(line.subject_id for line in lines).items():
        prompt = messages[prompt_id]
        prompt.ranking_round -= count
        prompt.save(update_fields=["ranking_round"])


def settle_around(
    touched: Iterable[int], messages: dict[int, Message], conversation: Conversation
) -> None:
    """Add up anew what is left of the ballots on these messages and their prompts."""
    prompts = set(touched) | {messages[pk].parent_id for pk in touched}
    for prompt in (messages[pk] for pk in sorted(pk for pk in prompts if pk is not None)):
        prompt.conversation = conversation
        if prompt.ballots.exists():
            settle(prompt)
        else:
            Settlement.objects.filter(prompt=prompt).delete()

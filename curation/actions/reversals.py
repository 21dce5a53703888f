"""A curator's decision is undone, as long as nobody has built on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.actions import conversations, notices, undo
from curation.actions.rights import require
from curation.errors import CurationError
from curation.models import (
    Contributor,
    Conversation,
    Decision,
    Event,
    Flag,
    Message,
    Tombstone,
    Withdrawal,
)

State = Message.State
Kind = notices.Kind
OF_TEXTS = (Kind.ACCEPTED, Kind.REJECTED, Kind.HELD, Kind.REMOVED)


@transaction.atomic
def take_back(*, decision_id: int, by: Contributor) -> Decision:
    """Put a text back where it stood before a decision, and open its flags again.

    Half an hour long, for every curator; refused once anybody went on with the text.
    """
    told = Decision.objects.select_related("message").get(pk=decision_id)
    conversation = conversations.lock(told.message.conversation_id)
    require(by, conversation.dataset)
    decision = Decision.objects.select_for_update().get(pk=decision_id)
    _require_undoable(decision)
    there = {m.pk: m for m in conversation.messages.select_related("parent")}
    lines = list(
        Event.objects.filter(
            pk__gt=decision.after,
            pk__lte=decision.until,
            subject_kind="message",
            subject_id__in=there,
        ).order_by("pk")
    )
    moves = [ln for ln in lines if ln.kind.startswith("message.") and "was" in ln.data]
    if moves:
        _require_untouched(decision, moves)
        _require_not_taken_back(decision, moves, there)
        undo.require_unfrozen(moves)
        _put_back(moves, lines, there, conversation, by)
        moved = {line.subject_id for line in moves}
        notices.forget(moved, decision.at, kinds=OF_TEXTS)
    notices.forget([decision.message_id], decision.at, kinds=[Kind.LOOKED_AT])
    _open_again(decision)
    decision.undone_at, decision.undone_by = now(), by
    decision.save(update_fields=["undone_at", "undone_by"])
    Event.objects.record(
        "moderation.undone",
        there[decision.message_id],
        by=by,
        dataset=conversation.dataset,
        was=decision.action,
    )
    conversations.advance(conversation)
    if conversation.state != Conversation.State.COMPLETE:
        notices.forget(there, decision.at, kinds=[Kind.COMPLETE])
    return decision


def _require_undoable(decision: Decision) -> None:
    if decision.undone_at is not None:
        raise CurationError(_("Somebody has undone this already."))
    if decision.action == Decision.Action.WITHDRAW:
        raise CurationError(_("What was taken back stays so."))
    if not decision.can_be_undone:
        raise CurationError(_("More than half an hour has passed: decide on it anew."))
    since = Decision.objects.standing().filter(message=decision.message_id)
    if since.filter(pk__gt=decision.pk).exists():
        raise CurationError(_("Somebody has decided on this text once more since."))


def _require_untouched(decision: Decision, moves: Sequence[Event]) -> None:
    touched = {line.subject_id for line in moves}
    later = Event.objects.about(message=touched).filter(pk__gt=decision.until)
    deeds = [kind for kind in later.values_list("kind", flat=True) if undo.is_deed(kind)]
    onwards = Message.objects.filter(
        Q(parent__in=touched) | Q(revises__in=touched), created_at__gte=decision.at
    )
    if deeds or onwards.exists():
        raise CurationError(
            _("Somebody has gone on with this text since, so it can no longer be undone.")
        )


def _require_not_taken_back(
    decision: Decision, moves: Sequence[Event], there: Mapping[int, Message]
) -> None:
    """Also where a worker has not come to all texts of the author yet."""
    touched = {line.subject_id for line in moves}
    authors = {there[pk].author_id for pk in touched} - {None}
    everywhere = Q(dataset=None) | Q(dataset=decision.dataset_id)
    asked = Withdrawal.objects.filter(
        Q(message__in=touched) | (Q(message=None, person__in=authors) & everywhere),
        created_at__gte=decision.at,
    )
    if asked.exists() or Tombstone.objects.filter(message__in=touched).exists():
        raise CurationError(_("Its author has taken it back since: it stays out."))


def _put_back(
    moves: Sequence[Event],
    lines: Sequence[Event],
    there: dict[int, Message],
    conversation: Conversation,
    by: Contributor,
) -> None:
    """Step by step, the last first: each is the way back of one that was allowed."""
    for line in reversed(moves):
        was = State(line.data["was"])
        undo.put(there[line.subject_id], conversation, to=was, by=by)
    again = [line for line in lines if line.kind == "prompt.asked_again"]
    undo.lower_rounds(again, there)
    undo.settle_around({line.subject_id for line in moves}, there, conversation)


def _open_again(decision: Decision) -> None:
    """Of those who flagged it anew meanwhile, the newer flag is open already."""
    anew = Flag.objects.filter(message=decision.message_id, resolved_at=None).values("by")
    decision.flags.exclude(by__in=anew).update(
        resolved_at=None, resolved_by=None, outcome="", decision=None
    )

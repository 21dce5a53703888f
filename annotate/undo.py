"""A person takes back what they sent or skipped a moment ago, and has it again."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from annotate import actions, ahead, leases, planner, queue
from annotate.errors import SlotGone
from annotate.models import Assignment, Skip, Submission
from curation.actions import undo
from curation.errors import CurationError
from curation.models import Contributor, Conversation

State = Assignment.State
UNDO_MINUTES = 30


def since() -> datetime:
    """What was done before this stays."""
    return now() - timedelta(minutes=UNDO_MINUTES)


@transaction.atomic
def take_back(*, key: UUID, by: Contributor) -> Assignment:
    """Undo a submission; the task is the person's again, with what they had typed in it.

    Refused once it is too old, once the person went on in the same conversation, and once
    anybody else did or is about to.
    """
    sent = Submission.objects.select_for_update().get(key=key, person=by)
    if sent.undone_at is not None:
        return _held_still(sent.assignment_id, by)
    if sent.at < since() or sent.last_event is None:
        raise CurationError(_("This was too long ago to be undone."))
    slot = leases.locked(sent.assignment_id)
    if slot.is_gold:
        raise CurationError(
            _("This was a known item, and you were told what is right: it stays.")
        )
    if slot.state != State.DONE or slot.person_id != by.pk:
        raise CurationError(_("This was undone already."))
    _require_nothing_follows(slot, sent)
    _reverse(slot, sent, by)
    slot.state, slot.done_at, slot.lease_until = State.LEASED, None, leases.lease_end(slot)
    begun = slot.conversation
    if slot.message_id is None:
        slot.conversation = None
    slot.save(update_fields=["state", "done_at", "lease_until", "conversation"])
    if begun is not None:
        begun.refresh_from_db(fields=["state", "changes"])
        planner.plan_locked(begun)
    actions.save_draft(assignment_id=slot.pk, by=by, fields=sent.fields)
    sent.undone_at, sent.fields = now(), {}
    sent.save(update_fields=["undone_at", "fields"])
    return slot


def take_back_newest(*, assignment_id: int, by: Contributor) -> Assignment | None:
    """Undo what the person did last in this task; None where they did nothing in it."""
    here = {"person": by, "assignment": assignment_id}
    sent = Submission.objects.filter(**here).order_by("-at").first()
    skipped = Skip.objects.filter(**here).order_by("-at").first()
    if skipped is not None and (sent is None or sent.at < skipped.at):
        return take_back_skip(skip_id=skipped.pk, by=by)
    return take_back(key=sent.key, by=by) if sent is not None else None


@transaction.atomic
def take_back_skip(*, skip_id: int, by: Contributor) -> Assignment:
    """The task that was skipped, or its twin, if one is still free."""
    skipped = Skip.objects.select_for_update(of=("self",)).get(pk=skip_id, person=by)
    if skipped.at < since() or skipped.assignment is None:
        raise CurationError(_("This was too long ago to be undone."))
    passed_over = skipped.assignment
    if not queue.covers(by, passed_over):
        raise CurationError(_("This task is not yours any more."))
    skipped.delete()
    ahead.give_back(by=by)  # it may be the very one, taken again and not seen yet
    free = Assignment.objects.open_to(by).filter(
        kind=passed_over.kind,
        dataset=passed_over.dataset_id,
        category=passed_over.category_id,
        message=passed_over.message_id,
        is_gold=passed_over.is_gold,
    )
    lockable = free.select_for_update(skip_locked=True, of=("self",)).for_page()
    slot = lockable.filter(pk=passed_over.pk).first() or lockable.first()
    if slot is None:
        raise CurationError(_("Somebody else has this task by now."))
    try:
        with transaction.atomic():
            taken = leases.lease(slot, by)
    except IntegrityError as error:
        raise SlotGone from error
    actions.move_draft(by=by, old=passed_over, new=taken)
    return taken


def forget() -> int:
    """Empty what was kept for undo once its time is over. Return for how many."""
    old = Submission.objects.filter(at__lt=since()).exclude(fields={})
    return old.update(fields={})


def _held_still(assignment_id: int, by: Contributor) -> Assignment:
    slot = Assignment.objects.held_by(by).filter(pk=assignment_id).first()
    if slot is None:
        raise CurationError(_("This was undone already."))
    return slot


def _require_nothing_follows(slot: Assignment, sent: Submission) -> None:
    """What builds on it comes off first; what somebody else has begun stands.

    Until the end of the transaction nobody can begin any of it.
    """
    if slot.conversation_id is None:
        return
    here = Assignment.objects.filter(conversation=slot.conversation_id)
    free = here.filter(state__in=[State.OPEN, State.LEASED]).exclude(pk=slot.pk)
    list(free.select_for_update().order_by("pk").values_list("pk"))  # claims step past
    later = Submission.objects.filter(
        person=sent.person_id,
        after_event__gte=sent.last_event,
        undone_at=None,
        assignment__in=here,
    ).exclude(pk=sent.pk)
    if later.exists():
        raise CurationError(
            _("You have done more in this conversation since. Take that back first.")
        )
    begun = here.filter(
        state=State.LEASED, is_ahead=False, created_at__gte=sent.at
    ).exclude(person=sent.person_id)
    if begun.exists():
        raise CurationError(
            _("Somebody is at work on what comes after it, so it can no longer be undone.")
        )


def _reverse(slot: Assignment, sent: Submission, by: Contributor) -> None:
    assert isinstance(slot.conversation, Conversation)  # also of a new text: see submit()
    assert sent.after_event is not None and sent.last_event is not None
    undo.take_back(
        conversation_id=slot.conversation.pk,
        by=by,
        after=sent.after_event,
        until=sent.last_event,
    )
    unseen = Assignment.objects.filter(conversation=slot.conversation, is_ahead=True)
    leases.hand_back(unseen.exclude(person=by))

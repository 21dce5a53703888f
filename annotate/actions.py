"""Slots are claimed, kept alive, skipped and submitted."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils.timezone import now

from annotate import planner, queue
from annotate.errors import AlreadySent, SentTwice, SlotGone
from annotate.models import Assignment, AssignmentQuerySet, Draft, Skip, Submission
from curation.actions import conversations
from curation.actions.settlements import ballots_on
from curation.aggregate.demand import RANK_AT_MOST
from curation.aggregate.uncertainty import most_open_pair
from curation.errors import CurationError
from curation.models import Contributor, Event

State = Assignment.State
Kind = Assignment.Kind
RANKINGS = (Kind.RANK, Kind.COMPARE)


def claim(
    *, by: Contributor, passing_over: Assignment | None = None, **wanted: str
) -> Assignment | None:
    """The person's next task, or None. `wanted` may narrow kind, dataset and category.

    What they already hold comes first. When nothing is free, the planner looks once for
    conversations that changed and were not planned yet. `passing_over` was just skipped.
    """
    held = queue.held_by(by, **wanted).first()
    if held is not None:
        return _renewed(held)
    taken = _take(by, wanted, passing_over)
    if taken is None:
        planner.plan_changed()
        taken = _take(by, wanted, passing_over)
    return taken


def claim_again(*, draft_id: int, by: Contributor) -> Assignment:
    """Take up a kept text's task, if it is still free."""
    draft = Draft.objects.get(pk=draft_id, person=by)
    try:
        with transaction.atomic():
            slot = _locked_alone(draft.assignment_id)
            if not queue.covers(by, slot):
                raise SlotGone
            if _is_held(slot, by):
                return slot
            _require_free(slot, by)
            return _lease(slot, by)
    except IntegrityError as error:
        raise SlotGone from error


def beat(*, assignment_id: int, by: Contributor) -> Assignment:
    """The page is still open: the lease begins anew."""
    slot = Assignment.objects.held_by(by).filter(pk=assignment_id).for_page().first()
    if slot is None or not queue.covers(by, slot):
        raise SlotGone
    return _renewed(slot)


@transaction.atomic
def skip(*, assignment_id: int, by: Contributor) -> None:
    """Hand a task back; it will not be offered to the same person again."""
    slot = _locked_alone(assignment_id)
    if not _is_held(slot, by):
        return  # it has gone back already
    if slot.message_id is not None:
        Skip.objects.get_or_create(person=by, kind=slot.kind, message_id=slot.message_id)
    _hand_back(Assignment.objects.filter(pk=slot.pk))
    Event.objects.record("task.skipped", slot, by=by, dataset=slot.dataset, task=slot.kind)


def save_draft(*, assignment_id: int, by: Contributor, fields: Mapping[str, str]) -> Draft:
    """Keep what was typed, whether or not the lease still stands."""
    draft, _ = Draft.objects.update_or_create(
        person=by,
        assignment_id=assignment_id,
        defaults={
            # PostgreSQL stores no NUL, in JSON neither.
            "fields": {name: text.replace("\0", "") for name, text in fields.items()},
            "saved_at": now(),
        },
    )
    return draft


def discard_draft(*, draft_id: int, by: Contributor) -> None:
    Draft.objects.filter(pk=draft_id, person=by).delete()


def submit(
    *,
    assignment_id: int,
    by: Contributor,
    key: UUID,
    fields: Mapping[str, str],
    apply: Callable[[Assignment], object],
) -> None:
    """Do the work of a slot once: `apply` writes it into the record.

    Whatever refuses, the words stay: they are kept as a draft.
    """
    try:
        with transaction.atomic():
            if not _is_repeat(key, by, assignment_id, fields):
                _submit_once(assignment_id, by, apply)
    except SentTwice:
        raise
    except CurationError:
        save_draft(assignment_id=assignment_id, by=by, fields=fields)
        raise
    except IntegrityError as error:
        # The same person took up the same item in another tab at this moment.
        if "assignment_item_once_per_person" not in str(error):
            raise
        save_draft(assignment_id=assignment_id, by=by, fields=fields)
        raise SlotGone from error


def expire_leases() -> int:
    """Free the slots whose lease ran out; their drafts stay. Return how many."""
    return _hand_back(Assignment.objects.overdue())


def _submit_once(
    assignment_id: int, by: Contributor, apply: Callable[[Assignment], object]
) -> None:
    """Lock conversation and slot, write the record, close the slot, plan anew."""
    slot = _locked(assignment_id)
    if not _is_held(slot, by):
        _require_free(slot, by)
        _land_late(slot, by)
    apply(slot)
    slot.state, slot.lease_until, slot.done_at = State.DONE, None, now()
    slot.save(update_fields=["state", "lease_until", "done_at"])
    Draft.objects.filter(person=by, assignment=slot).delete()
    if slot.conversation_id is not None:
        planner.plan(slot.conversation_id)


def _take(
    by: Contributor, wanted: Mapping[str, str], passing_over: Assignment | None
) -> Assignment | None:
    """Claim one open slot, stepping past rows that others are claiming just now."""
    queues = queue.next_for(by, **wanted)
    if passing_over is not None and passing_over.message_id is None:
        # A new text has no message to remember: another category, for now.
        queues = [slots.exclude(category=passing_over.category_id) for slots in queues]
    for slots in queues:
        slot = _take_from(slots, by)
        if slot is not None:
            return slot
    return None


def _take_from(slots: AssignmentQuerySet, by: Contributor) -> Assignment | None:
    for _ in range(5):
        try:
            with transaction.atomic():
                slot = slots.select_for_update(skip_locked=True, of=("self",)).first()
                return _lease(slot, by) if slot is not None else None
        except IntegrityError:
            # The same person claimed the same item in another tab, a moment ago.
            continue
    return None


def _lease(slot: Assignment, by: Contributor) -> Assignment:
    """Give a locked slot to a person. The order that answers are shown in is fixed here."""
    slot.state, slot.person, slot.lease_until = State.LEASED, by, _lease_end(slot)
    if slot.kind in RANKINGS:
        slot.shown = _answers_to_show(slot, by)
    slot.save(update_fields=["state", "person", "lease_until", "shown"])
    return slot


def _land_late(slot: Assignment, by: Contributor) -> None:
    """Give a free slot back to whom it was taken from, with the answers that they saw."""
    if slot.kind in RANKINGS and (
        not slot.shown or slot.shown != _shuffled(slot, by, slot.shown)
    ):
        raise SlotGone  # nobody has seen these answers in this order, or somebody else
    slot.state, slot.person, slot.lease_until = State.LEASED, by, _lease_end(slot)
    slot.save(update_fields=["state", "person", "lease_until"])


def _answers_to_show(slot: Assignment, by: Contributor) -> list[int]:
    """At most as many as one can compare, shuffled per person: those seen least so far.

    Of two to compare: the two about which most is still to be learned.
    """
    assert slot.message is not None
    there = slot.message.replies.rankable().annotate(seen=Count("placings"))
    answers = list(there.order_by("seen", "pk").values_list("pk", flat=True))
    if slot.kind == Kind.COMPARE:
        pair = most_open_pair(ballots_on(slot.message), answers)
        return _shuffled(slot, by, list(pair or ()))
    return _shuffled(slot, by, answers[:RANK_AT_MOST])


def _shuffled(slot: Assignment, person: Contributor, answers: list[int]) -> list[int]:
    """The same for one person and prompt each time, different between people."""
    shuffled = sorted(answers)
    seed = f"{person.pk}-{slot.message_id}-{slot.ranking_round}"
    random.Random(seed).shuffle(shuffled)
    return shuffled


def _lease_end(slot: Assignment) -> datetime:
    return now() + timedelta(minutes=slot.dataset.policy.lease_minutes)


def _renewed(slot: Assignment) -> Assignment:
    slot.lease_until = _lease_end(slot)
    Assignment.objects.filter(pk=slot.pk, person=slot.person, state=State.LEASED).update(
        lease_until=slot.lease_until
    )
    return slot


def _hand_back(slots: AssignmentQuerySet) -> int:
    """Open again. The answers shown stay noted: a late ballot is about those."""
    return slots.filter(state=State.LEASED).update(
        state=State.OPEN, person=None, lease_until=None
    )


def _locked(assignment_id: int) -> Assignment:
    """The slot under its conversation's lock: in this order, as the planner takes them."""
    slot = Assignment.objects.get(pk=assignment_id)
    if slot.conversation_id is not None:
        conversations.lock(slot.conversation_id)
    return _locked_alone(assignment_id)


def _locked_alone(assignment_id: int) -> Assignment:
    locked = Assignment.objects.select_for_update(of=("self",))
    return locked.for_page().get(pk=assignment_id)


def _is_held(slot: Assignment, by: Contributor) -> bool:
    return slot.state == State.LEASED and slot.person_id == by.pk


def _require_free(slot: Assignment, by: Contributor) -> None:
    """Refuse a late comer whose slot is not free. New texts need no open slot."""
    if slot.state == State.DONE and slot.person_id == by.pk:
        raise AlreadySent
    if slot.message_id is None and slot.person_id is None:
        return
    if not Assignment.objects.open_to(by).filter(pk=slot.pk).exists():
        raise SlotGone


def _is_repeat(
    key: UUID, by: Contributor, assignment_id: int, fields: Mapping[str, str]
) -> bool:
    """Store the key, or find that this very content was counted under it already.

    A second delivery waits here for the first, and then finds the key used.
    """
    sent = json.dumps(dict(fields), sort_keys=True).encode()
    fingerprint = hashlib.sha256(sent).hexdigest()
    try:
        with transaction.atomic():
            Submission.objects.create(
                key=key, person=by, assignment_id=assignment_id, fingerprint=fingerprint
            )
    except IntegrityError:
        first = Submission.objects.get(key=key)
        before = (first.person_id, first.assignment_id, first.fingerprint)
        if before != (by.pk, assignment_id, fingerprint):
            raise SentTwice from None
        return True
    return False

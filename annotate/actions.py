"""Slots are claimed, kept alive, skipped and submitted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

from django.db import IntegrityError, OperationalError, transaction
from django.utils.timezone import now

from annotate import ahead, claiming, closing, leases, planner, queue
from annotate.errors import AlreadySent, Busy, SentTwice, SlotGone, TakenBack
from annotate.models import GONE, Assignment, Draft, Skip, Submission
from curation.errors import CurationError
from curation.models import Contributor, Conversation, Event

State = Assignment.State


def claim(
    *,
    by: Contributor,
    passing_over: Assignment | None = None,
    kind: str = "",
    dataset: str = "",
    category: str = "",
) -> Assignment | None:
    """The person's next task, or None, narrowed to what they ask for.

    What they already hold comes first. When nothing is free, the planner looks once for
    conversations that changed and were not planned yet; then they get what somebody else
    holds and has not seen yet. `passing_over` was just skipped.
    """
    pairs = queue.pairs_of(by, kind=kind, dataset=dataset)
    if passing_over is not None and passing_over.message_id is None:
        ahead.give_back(by=by)  # it may be another of what they just passed over
    if held := claiming.renew_held(by, pairs, category=category):
        return held
    take = partial(leases.take, by, pairs, category=category, passing_over=passing_over)
    taken = take()
    if taken is None:
        planner.plan_changed()
        taken = take()
    if taken is None and ahead.free_one(by=by, pairs=pairs, category=category):
        taken = take()
    return taken


def claim_again(*, draft_id: int, by: Contributor) -> Assignment:
    """Take up a kept text's task, if it is still free."""
    draft = Draft.objects.get(pk=draft_id, person=by)
    try:
        with transaction.atomic():
            slot = leases.locked_alone(draft.assignment_id)
            if not queue.covers(by, slot):
                raise SlotGone
            if leases.is_held(slot, by):
                return slot
            try:
                leases.require_free(slot, by)
            except SlotGone:
                return _twin_for(slot, by)
            return leases.lease(slot, by)
    except IntegrityError as error:
        raise SlotGone from error


def beat(*, assignment_id: int, by: Contributor) -> Assignment:
    """The page is still open: the lease begins anew."""
    slot = Assignment.objects.held_by(by).filter(pk=assignment_id).for_page().first()
    if slot is None or not queue.covers(by, slot):
        raise SlotGone
    ahead.keep(by=by)
    return leases.renew(slot)


@transaction.atomic
def skip(*, assignment_id: int, by: Contributor, reason: str = "") -> Skip | None:
    """Hand a task back; it will not be offered to the same person again."""
    slot = leases.locked_alone(assignment_id)
    if not leases.is_held(slot, by):
        return None  # it has gone back already
    if slot.message_id is None:
        skipped = Skip.objects.create(person=by, kind=slot.kind, assignment=slot)
    else:
        skipped, _ = Skip.objects.update_or_create(
            person=by,
            kind=slot.kind,
            message_id=slot.message_id,
            defaults={"assignment": slot, "at": now()},
        )
    leases.hand_back(Assignment.objects.filter(pk=slot.pk))
    if slot.reserved_for_id and slot.message_id and not slot.is_gold:
        # Given to them, it would be offered to nobody now.
        Assignment.objects.filter(pk=slot.pk).update(reserved_for=None, allotment=None)
    data = {"task": slot.kind, **({"reason": reason} if reason else {})}
    Event.objects.record("task.skipped", slot, by=by, dataset=slot.dataset, **data)
    return skipped


def drop_gone(*, assignment_id: int, by: Contributor) -> bool:
    """End a task on words that were held or withdrawn since; say whether it was one."""
    mine = Assignment.objects.held_by(by).filter(pk=assignment_id)
    gone = mine.filter(message__state__in=GONE)
    return gone.update(
        state=State.DROPPED, person=None, lease_until=None, is_ahead=False
    ) > 0  # fmt: skip


def save_draft(*, assignment_id: int, by: Contributor, fields: Mapping[str, str]) -> Draft:
    """Keep what was typed, whether or not the lease still stands."""
    draft, _ = Draft.objects.update_or_create(
        person=by,
        assignment_id=assignment_id,
        defaults={
            "fields": _storable(fields),
            "saved_at": now(),
        },
    )
    return draft


def move_draft(*, by: Contributor, old: Assignment, new: Assignment) -> None:
    """What was typed for one slot goes into its twin, unless something is there already."""
    if old.pk != new.pk and not new.drafts.filter(person=by).exists():
        Draft.objects.filter(person=by, assignment=old).update(assignment=new)


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
    mark = Submission(
        key=key,
        person=by,
        assignment_id=assignment_id,
        fingerprint=_fingerprint(fields),
        fields=_storable(fields),  # for undo.py, as are the two events
    )
    try:
        try:
            _submit_once(mark, by, apply)
        except OperationalError:  # e.g. a deadlock: nothing of it was written
            _submit_once(mark, by, apply)
    except TakenBack:
        raise  # taking it back kept the words, and newer ones may stand there now
    except CurationError:
        save_draft(assignment_id=assignment_id, by=by, fields=fields)
        raise
    except OperationalError as error:
        save_draft(assignment_id=assignment_id, by=by, fields=fields)
        raise Busy from error


def expire_leases() -> int:
    """Free the slots whose lease ran out; their drafts stay. Return how many."""
    with transaction.atomic():
        # What somebody is at just now stays for the next time; nobody waits for another.
        overdue = Assignment.objects.overdue().order_by("pk")
        locked = overdue.select_for_update(skip_locked=True).values_list("pk", flat=True)
        return leases.hand_back(Assignment.objects.filter(pk__in=list(locked)))


def _twin_for(slot: Assignment, by: Contributor) -> Assignment:
    """New words fit any free slot of the same sort; the kept ones move there."""
    category = slot.category.slug if slot.category is not None else ""
    twin = None
    if slot.message_id is None:
        twin = leases.take(by, [(slot.kind, slot.dataset_id)], category=category)
    if twin is None:
        raise AlreadySent if slot.person_id == by.pk else SlotGone
    move_draft(by=by, old=slot, new=twin)
    return twin


def _submit_once(
    mark: Submission, by: Contributor, apply: Callable[[Assignment], object]
) -> None:
    """Write all of it or nothing; a key that was used already counts for the same only."""
    try:
        with transaction.atomic():
            _close(mark, by, apply)
    except CurationError:
        # E.g. a second delivery waited for the lock, and finds the first one's work done.
        if not Submission.objects.filter(key=mark.key).exists():
            raise
        _require_the_same(mark)
    except IntegrityError as error:
        if "annotate_submission_pkey" in str(error):
            _require_the_same(mark)
        # The same person took up the same item in another tab at this moment.
        elif "assignment_item_once_per_person" in str(error):
            raise SlotGone from error
        else:
            raise


def _close(
    mark: Submission, by: Contributor, apply: Callable[[Assignment], object]
) -> None:
    """Lock conversation and slot, write the record, close the slot, plan anew."""
    slot = leases.locked(mark.assignment_id)
    if not leases.is_held(slot, by):
        leases.require_free(slot, by)
        leases.land_late(slot, by)
    with Event.objects.together() as history:
        made = apply(slot)
    if history:  # what others do in this conversation comes before the first, or after
        mark.after_event, mark.last_event = history[0].pk - 1, history[-1].pk
    if isinstance(made, Conversation):
        slot.conversation = made
    begun = slot.conversation
    if begun is not None and begun.turns is None:  # the verb worked on another copy of it
        begun.refresh_from_db(fields=["state", "changes"])
    closing.close(slot, mark)
    if begun is not None:
        planner.match_slots(begun)


def _storable(fields: Mapping[str, str]) -> dict[str, str]:
    """PostgreSQL stores no NUL, in JSON neither."""
    return {name: text.replace("\0", "") for name, text in fields.items()}


def _fingerprint(fields: Mapping[str, str]) -> str:
    sent = json.dumps(dict(fields), sort_keys=True).encode()
    return hashlib.sha256(sent).hexdigest()


def _require_the_same(again: Submission) -> None:
    """A used key is fine where this very content was counted under it already."""
    first = Submission.objects.filter(key=again.key).first()
    if first is None:  # it was deleted at this moment, with all of its task
        raise SlotGone
    before = (first.person_id, first.assignment_id, first.fingerprint)
    if before != (again.person_id, again.assignment_id, again.fingerprint):
        raise SentTwice
    if first.undone_at is not None:
        raise TakenBack

"""Slots are claimed, kept alive, skipped and submitted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Subquery
from django.db.models.functions import Coalesce
from django.utils.timezone import now

from annotate import ahead, leases, planner, queue
from annotate.errors import SentTwice, SlotGone
from annotate.models import Assignment, Draft, Skip, Submission
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
    mine = queue.held_by(by, pairs, category=category)
    held = mine.select_related("dataset__policy").first()
    if held is not None:
        return leases.renew(held)
    taken = leases.take(by, pairs, category, passing_over)
    if taken is None:
        planner.plan_changed()
        taken = leases.take(by, pairs, category, passing_over)
    if taken is None and ahead.free_one(by=by, pairs=pairs):
        taken = leases.take(by, pairs, category, passing_over)
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
            leases.require_free(slot, by)
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
    data = {"task": slot.kind, **({"reason": reason} if reason else {})}
    Event.objects.record("task.skipped", slot, by=by, dataset=slot.dataset, **data)
    return skipped


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
        # For undo.py: what was typed, and the place in history where this begins.
        fields=_storable(fields),
        after_event=Coalesce(Subquery(Event.objects.order_by("-pk").values("pk")[:1]), 0),
    )
    try:
        with transaction.atomic():
            # A second delivery waits here for the first, and then finds the key used.
            mark.save(force_insert=True)
            _submit_once(assignment_id, by, apply)
    except CurationError:
        save_draft(assignment_id=assignment_id, by=by, fields=fields)
        raise
    except IntegrityError as error:
        if "annotate_submission_pkey" in str(error):
            _require_the_same(mark)
            return
        # The same person took up the same item in another tab at this moment.
        if "assignment_item_once_per_person" not in str(error):
            raise
        save_draft(assignment_id=assignment_id, by=by, fields=fields)
        raise SlotGone from error


def expire_leases() -> int:
    """Free the slots whose lease ran out; their drafts stay. Return how many."""
    return leases.hand_back(Assignment.objects.overdue())


def _submit_once(
    assignment_id: int, by: Contributor, apply: Callable[[Assignment], object]
) -> None:
    """Lock conversation and slot, write the record, close the slot, plan anew."""
    slot = leases.locked(assignment_id)
    if not leases.is_held(slot, by):
        leases.require_free(slot, by)
        leases.land_late(slot, by)
    made = apply(slot)
    if isinstance(made, Conversation):
        slot.conversation = made
    slot.state, slot.lease_until, slot.done_at = State.DONE, None, now()
    slot.is_ahead = False
    slot.save(update_fields=["state", "lease_until", "done_at", "is_ahead", "conversation"])
    Draft.objects.filter(person=by, assignment=slot).delete()
    if slot.conversation is not None:
        if slot.conversation.turns is None:  # the verb worked on another copy of it
            slot.conversation.refresh_from_db(fields=["state", "changes"])
        planner.plan_locked(slot.conversation)


def _storable(fields: Mapping[str, str]) -> dict[str, str]:
    """PostgreSQL stores no NUL, in JSON neither."""
    return {name: text.replace("\0", "") for name, text in fields.items()}


def _fingerprint(fields: Mapping[str, str]) -> str:
    sent = json.dumps(dict(fields), sort_keys=True).encode()
    return hashlib.sha256(sent).hexdigest()


def _require_the_same(again: Submission) -> None:
    """A used key is fine where this very content was counted under it already."""
    first = Submission.objects.get(key=again.key)
    before = (first.person_id, first.assignment_id, first.fingerprint)
    if before != (again.person_id, again.assignment_id, again.fingerprint):
        raise SentTwice

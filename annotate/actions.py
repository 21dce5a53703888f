"""Slots are claimed, kept alive, skipped and submitted."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils.timezone import now

from annotate import planner, queue
from annotate.errors import SentTwice, SlotGone
from annotate.models import Assignment, Draft, Skip, Submission
from curation.actions import conversations
from curation.aggregate.demand import RANK_AT_MOST
from curation.errors import CurationError
from curation.models import Contributor, Dataset, Event

State = Assignment.State
Kind = Assignment.Kind


def claim(*, by: Contributor, **wanted: str) -> Assignment | None:
    """The person's next task, or None. `wanted` may narrow kind, dataset and category.

    What they already hold comes first. When nothing is free, the planner looks once for
    conversations that changed and were not planned yet.
    """
    held = queue.held_by(by, **wanted).first()
    if held is not None:
        return _renewed(held)
    taken = _take(by, wanted)
    if taken is None:
        planner.plan_changed()
        taken = _take(by, wanted)
    return taken


def claim_again(*, draft_id: int, by: Contributor) -> Assignment:
    """Take up a kept text's task, if it is still free."""
    draft = Draft.objects.select_related("assignment").get(pk=draft_id, person=by)
    with transaction.atomic():
        slot = Assignment.objects.select_for_update(of=("self",)).get(
            pk=draft.assignment_id
        )
        if slot.state == State.LEASED and slot.person_id == by.pk:
            return slot
        if not _is_free_for(slot, by):
            raise SlotGone
        return _lease(slot, by)


def beat(*, assignment_id: int, by: Contributor) -> Assignment:
    """The page is still open: the lease begins anew."""
    slot = Assignment.objects.held_by(by).filter(pk=assignment_id).for_page().first()
    if slot is None:
        raise SlotGone
    return _renewed(slot)


@transaction.atomic
def skip(*, assignment_id: int, by: Contributor) -> None:
    """Hand a task back; it will not be offered to the same person again."""
    slot = Assignment.objects.select_for_update(of=("self",)).get(pk=assignment_id)
    if slot.person_id != by.pk or slot.state != State.LEASED:
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

    1. The key is stored first: a second delivery waits here, and then finds it used.
    2. The conversation and the slot are locked; a late submit takes a slot that is free.
    3. The record is written, the slot closed, the conversation planned anew.

    Whatever refuses, the words stay: they are kept as a draft.
    """
    try:
        with transaction.atomic():
            if _is_repeat(key, by, assignment_id, fields):
                return
            slot = _locked(assignment_id)
            if not (slot.state == State.LEASED and slot.person_id == by.pk):
                if not _is_free_for(slot, by):
                    raise SlotGone
                _lease(slot, by)
            apply(slot)
            slot.state, slot.lease_until, slot.done_at = State.DONE, None, now()
            slot.save(update_fields=["state", "lease_until", "done_at"])
            Draft.objects.filter(person=by, assignment=slot).delete()
            if slot.conversation_id is not None:
                planner.plan(slot.conversation_id)
    except SentTwice:
        raise
    except CurationError:
        save_draft(assignment_id=assignment_id, by=by, fields=fields)
        raise


def expire_leases() -> int:
    """Free the slots whose lease ran out; their drafts stay. Return how many."""
    return _hand_back(Assignment.objects.overdue())


def _take(by: Contributor, wanted: Mapping[str, str]) -> Assignment | None:
    """Claim one open slot, stepping past rows that others are claiming just now."""
    for _ in range(5):
        try:
            with transaction.atomic():
                slot = (
                    queue.next_for(by, **wanted)
                    .select_for_update(skip_locked=True, of=("self",))
                    .first()
                )
                return _lease(slot, by) if slot is not None else None
        except IntegrityError:
            # The same person claimed the same item in another tab, a moment ago.
            continue
    return None


def _lease(slot: Assignment, by: Contributor) -> Assignment:
    """Give a locked slot to a person. The order that answers are shown in is fixed here."""
    slot.state, slot.person = State.LEASED, by
    slot.lease_until = _lease_end(slot.dataset)
    if slot.kind == Kind.RANK:
        slot.shown = _answers_to_show(slot)
    slot.save(update_fields=["state", "person", "lease_until", "shown"])
    return slot


def _answers_to_show(slot: Assignment) -> list[int]:
    """At most as many as one can compare; those seen least so far, shuffled per person."""
    assert slot.message is not None
    seen_least = (
        slot.message.replies.rankable()
        .annotate(seen=Count("placings"))
        .order_by("seen", "pk")
        .values_list("pk", flat=True)[:RANK_AT_MOST]
    )
    assert slot.person is not None
    return _shuffled(slot, slot.person, list(seen_least))


def _shuffled(slot: Assignment, person: Contributor, answers: list[int]) -> list[int]:
    """The same for one person and prompt each time, different between people."""
    shuffled = sorted(answers)
    seed = f"{person.pk}-{slot.message_id}-{slot.ranking_round}"
    random.Random(seed).shuffle(shuffled)
    return shuffled


def _lease_end(dataset: Dataset) -> Any:
    return now() + timedelta(minutes=dataset.policy.lease_minutes)


def _renewed(slot: Assignment) -> Assignment:
    slot.lease_until = _lease_end(slot.dataset)
    Assignment.objects.filter(pk=slot.pk, person=slot.person, state=State.LEASED).update(
        lease_until=slot.lease_until
    )
    return slot


def _hand_back(slots: Any) -> int:
    handed: int = slots.filter(state=State.LEASED).update(
        state=State.OPEN, person=None, lease_until=None, shown=[]
    )
    return handed


def _locked(assignment_id: int) -> Assignment:
    """The slot under its conversation's lock: in this order, as the planner takes them."""
    slot = Assignment.objects.get(pk=assignment_id)
    if slot.conversation_id is not None:
        conversations.lock(slot.conversation_id)
    locked = Assignment.objects.select_for_update(of=("self",))
    return locked.for_page().get(pk=assignment_id)


def _is_free_for(slot: Assignment, by: Contributor) -> bool:
    """Whether a late submit may still land. New texts need no free slot."""
    if slot.message_id is None and slot.person_id in (None, by.pk):
        return slot.state != State.DONE
    return Assignment.objects.open_to(by).filter(pk=slot.pk).exists()


def _is_repeat(
    key: UUID, by: Contributor, assignment_id: int, fields: Mapping[str, str]
) -> bool:
    """Store the key, or find that this very content was counted under it already."""
    sent = json.dumps(dict(fields), sort_keys=True).encode()
    fingerprint = hashlib.sha256(sent).hexdigest()
    try:
        with transaction.atomic():
            Submission.objects.create(
                key=key, person=by, assignment_id=assignment_id, fingerprint=fingerprint
            )
    except IntegrityError:
        first = Submission.objects.get(key=key)
        if (first.person_id, first.fingerprint) != (by.pk, fingerprint):
            raise SentTwice from None
        return True
    return False

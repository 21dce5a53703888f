"""Slots are handed out, kept and handed back: what every verb on a slot is made of."""

from __future__ import annotations

import random
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import Count, Subquery
from django.utils.timezone import now

from annotate import claiming, gold, queue
from annotate.errors import AlreadySent, SlotGone
from annotate.models import RANKINGS, Assignment, AssignmentQuerySet
from curation.actions import conversations
from curation.actions.settlements import ballots_on
from curation.aggregate.demand import RANK_AT_MOST
from curation.aggregate.uncertainty import most_open_pair
from curation.models import Contributor, Policy
from curation.prepared import Prepared, PreparedUpdate

State = Assignment.State
Kind = Assignment.Kind


def take(
    by: Contributor,
    pairs: list[queue.Pair],
    *,
    category: str = "",
    passing_over: Assignment | None = None,
    ahead: timedelta | None = None,
) -> Assignment | None:
    """Lease one open slot, stepping past rows that others are claiming just now.

    `ahead` is how long they hold what they do not see yet.
    """
    wishes = claiming.wishes_of(by)
    stretches = queue.next_for(wishes, pairs, category=category)
    claim = partial(
        claiming.lease_best,
        by=by,
        languages=wishes.languages,
        category=category,
        passing_over=passing_over,
        ahead=ahead,
    )
    for _ in range(5):
        try:
            with _as_one(pairs):
                claimed = next(filter(None, map(claim, stretches)), None)
                if claimed is None:
                    return None
                if slot := _made_ready(claimed, by, category, ahead):
                    return slot
        except IntegrityError:  # they claimed the same item in another tab, a moment ago
            continue
    return None


def _as_one(pairs: list[queue.Pair]) -> AbstractContextManager[object]:
    """A transaction for what takes more than the one statement of the claim.

    A ranking is never seen without the answers that it is about; other slots are whole as
    soon as they are leased.
    """
    has_more = any(kind in RANKINGS for kind, _ in pairs)
    is_inner = transaction.get_connection().in_atomic_block
    return transaction.atomic() if has_more or is_inner else nullcontext()


def _made_ready(
    claimed: claiming.Claimed, by: Contributor, category: str, ahead: timedelta | None
) -> Assignment | None:
    """The slot with the answers to show, or a known item instead of it.

    None where too few answers are left to compare, and then the slot is dropped.
    """
    slot = claimed.slot
    every = gold.due_every(claimed.gold_every, claimed.gold_share)
    known = None
    if every and slot.kind in gold.MIXED:
        known = _known_instead(slot, by, every, category, ahead)
    if known is not None:
        return known
    if slot.kind in RANKINGS:
        slot.shown = _answers_to_show(slot, by)
        if len(slot.shown) < 2:  # the planner has not heard yet
            slot.state, slot.person, slot.lease_until = State.DROPPED, None, None
            slot.is_ahead = False
            slot.save(update_fields=["state", "person", "lease_until", "is_ahead"])
            return None
        slot.save(update_fields=["shown"])
    return slot


def _known_instead(
    slot: Assignment,
    by: Contributor,
    every: int,
    category: str,
    ahead: timedelta | None,
) -> Assignment | None:
    """A known item in its place where one is due, unless another tab has just got it."""
    try:
        with transaction.atomic():
            known = gold.instead_of(slot, by, every=every, category=category)
            if known is None:
                return None
            unseen = Assignment.objects.filter(pk=slot.pk, lease_until=slot.lease_until)
            if hand_back(unseen):
                return lease(known, by, ahead=ahead)
            transaction.set_rollback(True)  # another tab shows it already
            return None
    except IntegrityError:
        return None


def lease(
    slot: Assignment, by: Contributor, *, ahead: timedelta | None = None
) -> Assignment:
    """Give a locked slot to a person. The order that answers are shown in is fixed here."""
    slot.state, slot.person, slot.is_ahead = State.LEASED, by, ahead is not None
    slot.lease_until = now() + ahead if ahead else lease_end(slot)
    if slot.kind in RANKINGS:
        slot.shown = _answers_to_show(slot, by)
    slot.save(update_fields=["state", "person", "lease_until", "is_ahead", "shown"])
    return slot


def land_late(slot: Assignment, by: Contributor) -> None:
    """Give a free slot back to whom it was taken from, with the answers that they saw."""
    if slot.kind in RANKINGS and (
        not slot.shown or slot.shown != _shuffled(slot, by, slot.shown)
    ):
        raise SlotGone  # nobody has seen these answers in this order, or somebody else
    slot.state, slot.person, slot.lease_until = State.LEASED, by, lease_end(slot)
    slot.save(update_fields=["state", "person", "lease_until"])


def _answers_to_show(slot: Assignment, by: Contributor) -> list[int]:
    """At most as many as one can compare, shuffled per person: those seen least so far.

    Of two to compare: the two about which most is still to be learned.
    """
    assert slot.message is not None
    there = slot.message.replies.rankable().annotate(seen=Count("placings"))
    answers = list(there.order_by("seen", "pk").values_list("pk", flat=True))
    if slot.kind == Kind.COMPARE:
        pair = most_open_pair(ballots_on(slot.message.pk), answers)
        return _shuffled(slot, by, list(pair or ()))
    return _shuffled(slot, by, answers[:RANK_AT_MOST])


def _shuffled(slot: Assignment, person: Contributor, answers: list[int]) -> list[int]:
    """The same for one person and prompt each time, different between people."""
    shuffled = sorted(answers)
    seed = f"{person.pk}-{slot.message_id}-{slot.ranking_round}"
    random.Random(seed).shuffle(shuffled)
    return shuffled


def lease_end(slot: Assignment) -> datetime:
    """When a lease that begins now ends. Causes a query."""
    ((minutes,),) = _lease_minutes(dataset=slot.dataset_id)
    return now() + timedelta(minutes=minutes)


_lease_minutes = Prepared(
    lambda dataset: Policy.objects.filter(dataset=dataset).values_list("lease_minutes")
)


def held_by(person: Contributor) -> list[Assignment]:
    """What the person has taken and not finished: first what they have seen."""
    return _held(person=person.pk)


_held = Prepared(
    lambda person: Assignment.objects.held_by(person).order_by("is_ahead", "pk")
)


def renew(slot: Assignment) -> Assignment:
    """Begin the lease anew, unless the slot went back at this moment."""
    slot.lease_until, slot.is_ahead = lease_end(slot), False
    if not _renew(pk=slot.pk, person=slot.person_id, until=slot.lease_until):
        raise SlotGone
    return slot


_renew = PreparedUpdate(
    lambda pk, person, until: (
        Assignment.objects.filter(pk=pk, person=person, state=State.LEASED),
        {"lease_until": until, "is_ahead": False},
    )
)


def hand_back(slots: AssignmentQuerySet) -> int:
    """Open again. The answers shown stay noted: a late ballot is about those."""
    return slots.filter(state=State.LEASED).update(
        state=State.OPEN, person=None, lease_until=None, is_ahead=False
    )


def locked(assignment_id: int) -> Assignment:
    """The slot under its conversation's lock: in this order, as the planner takes them."""
    conversation = _lock_conversation.first(slot=assignment_id)
    if conversation is None:  # new words, or a known item
        return locked_alone(assignment_id)
    slot = _lock(pk=assignment_id)
    if slot.conversation_id == conversation.pk:
        slot.conversation, slot.dataset = conversation, conversation.dataset
    return slot


_lock_conversation = Prepared(
    lambda slot: conversations.locked().filter(
        pk=Subquery(Assignment.objects.filter(pk=slot).values("conversation"))
    )
)
_lock = Prepared(lambda pk: Assignment.objects.filter(pk=pk).select_for_update()).get


def locked_alone(assignment_id: int) -> Assignment:
    return _lock_alone(pk=assignment_id)


_lock_alone = Prepared(
    lambda pk: Assignment.objects.select_for_update(of=("self",)).for_page().filter(pk=pk)
).get


def is_held(slot: Assignment, by: Contributor) -> bool:
    return slot.state == State.LEASED and slot.person_id == by.pk


def require_free(slot: Assignment, by: Contributor) -> None:
    """Refuse a late comer whose slot is not free. New texts need no open slot."""
    if slot.state == State.DONE and slot.person_id == by.pk:
        raise AlreadySent
    if slot.message_id is None and slot.person_id is None:
        return
    if not Assignment.objects.open_to(by).filter(pk=slot.pk).exists():
        raise SlotGone

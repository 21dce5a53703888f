"""The next task, taken while the person still works on another: one, for some minutes."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils.timezone import now

from annotate import leases, queue
from annotate.models import Assignment
from curation.models import Contributor

State = Assignment.State
AHEAD = timedelta(minutes=3)


def take(*, assignment_id: int, by: Contributor) -> Assignment | None:
    """Hold the next task of the same sort as the one on the page, if there is one.

    A person holds at most one ahead; a second call gives the same again.
    """
    current = Assignment.objects.held_by(by).filter(pk=assignment_id).first()
    if current is None:
        return None
    held = Assignment.objects.held_by(by).filter(is_ahead=True).for_page().first()
    if held is not None and (held.kind, held.dataset_id) == (
        current.kind,
        current.dataset_id,
    ):
        keep(by=by)
        return held
    give_back(by=by)
    pairs = [(current.kind, current.dataset_id)]
    with transaction.atomic():
        slot = leases.take(by, pairs, "", None)
        if slot is None:
            return None
        slot.is_ahead, slot.lease_until = True, now() + AHEAD
        slot.save(update_fields=["is_ahead", "lease_until"])
    return slot


def keep(*, by: Contributor) -> None:
    """The page before it is still open."""
    mine = Assignment.objects.held_by(by).filter(is_ahead=True)
    mine.update(lease_until=now() + AHEAD)


def give_back(*, by: Contributor) -> None:
    """The person goes away without having seen it."""
    leases.hand_back(Assignment.objects.held_by(by).filter(is_ahead=True))


def free_one(*, by: Contributor, pairs: list[queue.Pair]) -> bool:
    """Take from somebody what they have not seen yet: work for a person without any.

    Says whether something became free.
    """
    unseen = Assignment.objects.filter(
        queue.covering(pairs), state=State.LEASED, is_ahead=True
    )
    with transaction.atomic():
        slot = (
            unseen.exclude(person=by)
            .exclude(barred__contains=[by.pk])
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("priority", "pk")
            .first()
        )
        if slot is None:
            return False
        return leases.hand_back(Assignment.objects.filter(pk=slot.pk)) > 0

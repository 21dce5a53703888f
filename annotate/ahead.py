"""The next task, taken while the person still works on another: one, for some minutes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.utils.timezone import now

from annotate import leases, queue
from annotate.models import Assignment
from curation.models import Contributor, Profile

State = Assignment.State
AHEAD = timedelta(minutes=3)


def take(*, assignment_id: int, by: Contributor) -> Assignment | None:
    """Hold the next task of the same sort as the one on the page, if there is one.

    A person holds at most one ahead, and the database sees to it; a second call gives the
    same again.
    """
    held = {slot.pk: slot for slot in leases.held_by(by)}
    current = held.get(assignment_id)
    if current is None or not queue.covers(by, current):
        return None
    pair = (current.kind, current.dataset_id)
    before = _ahead_of(held.values())
    if before is not None and (before.kind, before.dataset_id) == pair:
        keep(by=by)
        return before
    if before is not None:
        give_back(by=by)
    # None also where another call took one at this moment: then that is the one.
    return leases.take(by, [pair], ahead=AHEAD) or _ahead_of(leases.held_by(by))


def _ahead_of(held: Iterable[Assignment]) -> Assignment | None:
    return next((slot for slot in held if slot.is_ahead), None)


def keep(*, by: Contributor) -> None:
    """The page before it is still open."""
    mine = Assignment.objects.held_by(by).filter(is_ahead=True)
    mine.update(lease_until=now() + AHEAD)


def give_back(*, by: Contributor) -> None:
    """The person goes away without having seen it."""
    leases.hand_back(Assignment.objects.held_by(by).filter(is_ahead=True))


def free_one(*, by: Contributor, pairs: list[queue.Pair], category: str = "") -> bool:
    """Take from somebody what they have not seen yet: work for a person without any.

    Says whether something became free.
    """
    unseen = Assignment.objects.filter(
        queue.covering(pairs), state=State.LEASED, is_ahead=True, is_gold=False
    )
    if category:
        unseen = unseen.filter(category__slug=category)
    useful = queue.in_languages_of(Profile.of(by), unseen.fit_to(by))
    with transaction.atomic():
        slot = (
            useful.exclude(person=by)
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("priority", "pk")
            .first()
        )
        if slot is None:
            return False
        return leases.hand_back(Assignment.objects.filter(pk=slot.pk)) > 0

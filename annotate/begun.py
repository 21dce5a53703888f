"""Choosing other work: what a person began and left as it came goes back to everybody."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F
from django.utils.timezone import now

from annotate import actions, leases
from annotate.models import Assignment
from curation.models import Contributor

# A page in sight renews its lease every minute; one beat may get lost.
IN_SIGHT = timedelta(minutes=3)


def choose(
    *, by: Contributor, kind: str = "", dataset: str = "", category: str = ""
) -> Assignment | None:
    """Claim what somebody asks for by hand. With no kind asked for, all they hold stays."""
    slot = actions.claim(by=by, kind=kind, dataset=dataset, category=category)
    if slot is not None and kind:
        hand_back_untouched(by=by, besides=slot)
    return slot


@transaction.atomic
def hand_back_untouched(*, by: Contributor, besides: Assignment) -> int:
    """Free what they hold, typed nothing into, and have on no screen; return how many."""
    mine = Assignment.objects.held_by(by).filter(is_ahead=False).exclude(pk=besides.pk)
    lease = F("dataset__policy__lease_minutes") * timedelta(minutes=1)
    begun = ExpressionWrapper(F("lease_until") - lease, output_field=DateTimeField())
    left = mine.annotate(begun=begun).filter(begun__lt=now() - IN_SIGHT)
    untouched = left.exclude(drafts__person=by).order_by("pk")
    # A page that shows it renews its lease at this very moment, or waits and is told.
    locked = untouched.select_for_update(skip_locked=True, of=("self",))
    pks = list(locked.values_list("pk", flat=True))
    return leases.hand_back(Assignment.objects.filter(pk__in=pks)) if pks else 0

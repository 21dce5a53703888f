"""What somebody held goes back when their account is closed; their drafts stay theirs."""

from __future__ import annotations

from annotate import leases
from annotate.models import Assignment


def hand_back(person_id: int) -> int:
    """Called within the transaction: settings.ON_CLOSING. Return how many tasks."""
    held = Assignment.objects.filter(person=person_id, state=Assignment.State.LEASED)
    return leases.hand_back(held)

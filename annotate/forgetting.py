"""What the work surface keeps of words that are destroyed elsewhere, it forgets."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q

from annotate import leases
from annotate.models import Allotment, Assignment, Draft, Submission


def forget(*, person_id: int, message_ids: Sequence[int], uids: Sequence[UUID]) -> None:
    """Of a person who is erased: all that they typed, and what others typed about their
    texts, which a form began with. Called within the transaction: settings.FORGETTERS."""
    theirs = Q(person=person_id) | Q(assignment__message__in=message_ids)
    # Slots first: whoever sends a form holds its slot, then deletes its draft.
    leases.hand_back(Assignment.objects.filter(person=person_id))
    Draft.objects.filter(theirs).delete()
    Submission.objects.filter(theirs).exclude(fields={}).update(fields={})
    # The hash of what was sent says what it was, to whoever guesses it.
    Submission.objects.filter(person=person_id).update(fingerprint="")
    Allotment.objects.filter(Q(person=person_id) | Q(made_by=person_id)).update(note="")

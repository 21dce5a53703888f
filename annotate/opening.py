"""A task that a person holds is opened: what must be so before they see it."""

from __future__ import annotations

from annotate import actions, queue
from annotate.errors import SlotGone, WordsGone
from annotate.models import GONE, Assignment
from curation.actions import consents
from curation.errors import ConsentMissing
from curation.models import Contributor
from curation.prepared import Prepared

_held = Prepared(
    lambda person, pk: Assignment.objects.held_by(person).for_page().filter(pk=pk)
)


def opened(
    *, assignment_id: int, by: Contributor, is_peek: bool = False
) -> Assignment | None:
    """The task, or None where it is not the person's, or not any more.

    A task whose words are gone ends here. One that was taken ahead is theirs in full from
    now on, unless this is a peek at what they do not see yet.
    """
    slot = _held.first(person=by.pk, pk=assignment_id)
    if slot is None or not queue.covers(by, slot):
        return None
    if slot.message is not None and slot.message.state in GONE:
        actions.drop_gone(assignment_id=assignment_id, by=by)
        raise WordsGone
    if consents.unanswered(by, slot.dataset_id):
        raise ConsentMissing(slot.dataset)
    if slot.is_ahead and not is_peek:
        try:
            slot.lease_until = actions.beat(assignment_id=slot.pk, by=by).lease_until
        except SlotGone:  # somebody without any work got it at this moment
            return None
    return slot

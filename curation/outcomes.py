"""What judgements came to: did the record follow this review, this ballot?"""

from __future__ import annotations

from django.db.models import BooleanField, Case, Exists, OuterRef, Q, Value, When

from curation.models import Ballot, Message, Settlement

State = Message.State
YES, NO = Value(value=True), Value(value=False)


def review_agrees() -> Case:
    """For rows of Review: whether the text was decided as they said; None while open.

    An edit agrees with the outcome when the edited text was accepted.
    """
    edits = Message.objects.filter(revises=OuterRef("message"), author=OuterRef("reviewer"))
    return Case(
        When(Q(verdict="edit") & Exists(edits.filter(state=State.ACCEPTED)), then=YES),
        When(Q(verdict="edit") & Exists(edits.filter(state=State.SUBMITTED)), then=None),
        When(verdict="accept", message__state=State.ACCEPTED, then=YES),
        When(verdict="reject", message__state=State.REJECTED, then=YES),
        When(message__state__in=[State.ACCEPTED, State.REJECTED], then=NO),
        default=None,
        output_field=BooleanField(null=True),
    )


def ballot_agrees(ballot: Ballot, settlement: Settlement | None) -> bool | None:
    """Whether a first choice of the person's is a first choice of all.

    None where nothing was ordered or nothing is settled. Reads the ballot's entries.
    """
    if ballot.outcome != Ballot.Outcome.RANKED or settlement is None:
        return None
    if settlement.status == Settlement.Status.INSUFFICIENT or not settlement.order:
        return None
    first = {entry.reply_id for entry in ballot.entries.all() if entry.position == 1}
    return bool(first & set(settlement.order[0]))

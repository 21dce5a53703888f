"""Write an accepted answer anew, where people found it lacking."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import Avg, Count

from annotate.forms.write import ImproveForm
from annotate.models import Assignment
from annotate.screens.base import turns_above
from annotate.screens.write import beside
from curation.actions import messages
from curation.models import Ballot, Contributor, Label, Message


class Reason(NamedTuple):
    """Why somebody is asked for a better answer. Both may be so."""

    quality: float | None  # mean of the labels, from 1 to 5
    rated_by: int
    none_good: int  # how many said that no answer to the prompt is good


class ImproveScreen:
    template = "annotate/improve.html"
    form_class = ImproveForm

    def context(self, slot: Assignment, form: Any) -> dict[str, Any]:
        assert slot.message is not None
        return {
            "turns": turns_above(slot.message)[:-1],
            "original": slot.message,
            "reason": _reason(slot.message),
            **beside(slot),
        }

    def initial(self, slot: Assignment) -> dict[str, Any]:
        assert slot.message is not None
        return {"text": slot.message.text}

    def apply(self, slot: Assignment, form: ImproveForm, by: Contributor) -> None:
        assert slot.message_id is not None
        messages.improve(
            message_id=slot.message_id,
            by=by,
            text=form.cleaned_data["text"],
            held=slot.conversation,
        )


def _reason(answer: Message) -> Reason:
    """Two queries."""
    labels = Label.objects.filter(review__message=answer, name=Label.Name.QUALITY)
    rated = labels.aggregate(mean=Avg("value"), people=Count("pk"))
    ballots = Ballot.objects.filter(
        prompt=answer.parent_id, outcome=Ballot.Outcome.NONE_GOOD
    )
    return Reason(rated["mean"], rated["people"], ballots.count())

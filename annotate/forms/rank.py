"""What the ranking pages send: an order, or why there is none."""

from __future__ import annotations

from typing import Any

from django import forms

from annotate.forms.base import TaskForm, text_area
from annotate.models import Assignment
from curation.models import Ballot

Outcome = Ballot.Outcome


class RankForm(TaskForm):
    """A place for each answer; which answers there are, the slot knows."""

    outcome = forms.ChoiceField(choices=Outcome.choices, required=False)
    note = forms.CharField(
        label="Why?", required=False, widget=text_area(rows=2, css="textarea--short")
    )

    def __init__(self, slot: Assignment, *args: Any, **kwargs: Any) -> None:
        super().__init__(slot, *args, **kwargs)
        places = [("", "–"), *((str(n), str(n)) for n in range(1, len(slot.shown) + 1))]
        for pk in slot.shown:
            self.fields[f"position_{pk}"] = forms.TypedChoiceField(
                choices=places, coerce=int, empty_value=None, required=False, label="Place"
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["outcome"] = cleaned.get("outcome") or Outcome.RANKED
        if cleaned["outcome"] == Outcome.RANKED and len(self.positions) < len(
            self.slot.shown
        ):
            self.add_error(None, "Give each answer a place. Equal places are ties.")
        if cleaned["outcome"] == Outcome.CANNOT_JUDGE and not cleaned.get("note"):
            self.add_error("note", "Say in a few words why you cannot judge these.")
        return cleaned

    @property
    def positions(self) -> dict[int, int]:
        given = {pk: self.cleaned_data.get(f"position_{pk}") for pk in self.slot.shown}
        return {pk: place for pk, place in given.items() if place}

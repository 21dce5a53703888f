"""What the ranking pages send: an order, or which of two is better; or why neither."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import forms
from django.forms.widgets import RadioSelect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotate.forms.base import NOTE_AT_MOST, TaskForm, text_area
from annotate.models import Assignment
from curation.models import Ballot

Outcome = Ballot.Outcome
Reason = Ballot.Reason

RATINGS = [("", "–"), *((str(n), str(n)) for n in range(1, 8))]


class Step(NamedTuple):
    """One of seven answers to "which of the two is better"."""

    label: str | Promise
    places: tuple[int, int]
    strength: int | None


STEPS = {
    "a3": Step(_("A much better"), (1, 2), 3),
    "a2": Step(_("A better"), (1, 2), 2),
    "a1": Step(_("A slightly better"), (1, 2), 1),
    "equal": Step(_("Equal"), (1, 1), None),
    "b1": Step(_("B slightly better"), (2, 1), 1),
    "b2": Step(_("B better"), (2, 1), 2),
    "b3": Step(_("B much better"), (2, 1), 3),
}


class BallotForm(TaskForm):
    """What both pages ask for: ratings, and why somebody cannot judge."""

    reason = forms.ChoiceField(
        label=_("Why can you not judge these?"),
        choices=Reason.choices,
        required=False,
        widget=RadioSelect,
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        validators=[NOTE_AT_MOST],
        widget=text_area(rows=2, css="textarea--short"),
    )

    def __init__(self, slot: Assignment, *args: Any, **kwargs: Any) -> None:
        super().__init__(slot, *args, **kwargs)
        for pk in slot.shown:
            self.fields[f"rating_{pk}"] = forms.TypedChoiceField(
                label=_("Rating"),
                choices=RATINGS,
                coerce=int,
                empty_value=None,
                required=False,
                widget=RadioSelect,
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.ballot_outcome != Outcome.CANNOT_JUDGE:
            return {**cleaned, "reason": ""}
        if not cleaned.get("reason") and "reason" not in self.errors:
            if cleaned.get("note"):
                cleaned["reason"] = Reason.OTHER  # words of one's own are a reason, too
            else:
                self.add_error("reason", _("Choose why you cannot judge these."))
        return cleaned

    @property
    def ballot_outcome(self) -> str:
        raise NotImplementedError

    @property
    def positions(self) -> dict[int, int]:
        raise NotImplementedError

    @property
    def strength(self) -> int | None:
        return None

    @property
    def ratings(self) -> dict[int, int]:
        """Of the answers that got one: what was left open is absent, not 0."""
        given = {pk: self.cleaned_data.get(f"rating_{pk}") for pk in self.slot.shown}
        return {pk: rating for pk, rating in given.items() if rating}


class RankForm(BallotForm):
    """A place for each answer; which answers there are, the slot knows."""

    outcome = forms.ChoiceField(
        choices=Outcome.choices, initial=Outcome.RANKED, required=False, widget=RadioSelect
    )

    def __init__(self, slot: Assignment, *args: Any, **kwargs: Any) -> None:
        super().__init__(slot, *args, **kwargs)
        places = [("", "–"), *((str(n), str(n)) for n in range(1, len(slot.shown) + 1))]
        for pk in slot.shown:
            self.fields[f"position_{pk}"] = forms.TypedChoiceField(
                label=_("Place"),
                choices=places,
                coerce=int,
                empty_value=None,
                required=False,
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.ballot_outcome == Outcome.RANKED and self._lacks_places():
            self.add_error(None, _("Give each answer a place. Equal places are ties."))
        return cleaned

    def _lacks_places(self) -> bool:
        """Those that were taken back meanwhile need none: the page may not show them."""
        missing = set(self.slot.shown) - self.positions.keys()
        if not missing or self.slot.message is None:
            return bool(missing)
        return self.slot.message.replies.rankable().filter(pk__in=missing).exists()

    @property
    def ballot_outcome(self) -> str:
        return self.cleaned_data.get("outcome") or Outcome.RANKED

    @property
    def positions(self) -> dict[int, int]:
        given = {pk: self.cleaned_data.get(f"position_{pk}") for pk in self.slot.shown}
        return {pk: place for pk, place in given.items() if place}


class CompareForm(BallotForm):
    """One choice says all: which of two is better and how clearly, or why neither."""

    choice = forms.ChoiceField(
        choices=[
            *((name, step.label) for name, step in STEPS.items()),
            (Outcome.NONE_GOOD, Outcome.NONE_GOOD.label),
            (Outcome.CANNOT_JUDGE, Outcome.CANNOT_JUDGE.label),
        ],
        widget=RadioSelect,
        error_messages={"required": _("Say which is better, or why you cannot.")},
    )

    @property
    def step(self) -> Step | None:
        return STEPS.get(self.cleaned_data.get("choice", ""))

    @property
    def ballot_outcome(self) -> str:
        choice: str = self.cleaned_data.get("choice", "")
        return Outcome.RANKED if self.step else choice

    @property
    def positions(self) -> dict[int, int]:
        """Of both; none where fewer are left to be shown, and then the record refuses."""
        if self.step is None or len(self.slot.shown) != 2:
            return {}
        return dict(zip(self.slot.shown, self.step.places, strict=True))

    @property
    def strength(self) -> int | None:
        return self.step.strength if self.step else None

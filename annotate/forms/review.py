"""What the review pages send: a verdict, labels, perhaps an edit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django import forms
from django.forms import BoundField
from django.forms.widgets import RadioSelect
from django.utils.translation import gettext_lazy as _

from annotate.criteria import CRITERIA, Criterion
from annotate.forms.base import NOTE_AT_MOST, TaskForm, text_area
from annotate.models import Assignment
from curation.clean.text import tidied
from curation.models import Label, Review

Verdict = Review.Verdict

FIVE_POINTS = [(str(point), str(point)) for point in range(1, 6)]
YES_NO = [("1", _("Yes")), ("0", _("No"))]


class Question(NamedTuple):
    """One label as the page asks for it."""

    name: str
    field: BoundField
    criterion: Criterion


class VerdictForm(TaskForm):
    """A verdict, with a reason where it is against and new words where it is an edit."""

    verdict = forms.ChoiceField(
        choices=Verdict.choices,
        error_messages={"required": _("Choose accept, edit or reject.")},
    )
    reason = forms.ChoiceField(
        choices=Review.Reason.choices, required=False, widget=RadioSelect
    )
    note = forms.CharField(
        label=_("Note to the author"),
        required=False,
        validators=[NOTE_AT_MOST],
        widget=text_area(rows=2, css="textarea--short"),
    )
    edited_text = forms.CharField(
        label=_("Edited text"),
        required=False,
        strip=False,
        widget=text_area(rows=3),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("verdict") == Verdict.REJECT and not cleaned.get("reason"):
            self.add_error("reason", _("Choose a reason, so that the author knows why."))
        if cleaned.get("verdict") == Verdict.EDIT and not cleaned.get("edited_text"):
            self.add_error("edited_text", _("Change the text here, then save the edit."))
        if cleaned.get("verdict") == Verdict.ACCEPT and self._is_changed(cleaned):
            said = _("You changed the text. Save the edit, or put the original back.")
            self.add_error("edited_text", said)
        return cleaned

    def _is_changed(self, cleaned: dict[str, Any]) -> bool:
        """Whether an edit stands in the page that an acceptance would throw away."""
        edited = tidied(cleaned.get("edited_text") or "")
        return self.slot.message is not None and edited not in ("", self.slot.message.text)


class ReviewForm(VerdictForm):
    """With labels. What was left open is absent, not 0."""

    def __init__(self, slot: Assignment, *args: Any, **kwargs: Any) -> None:
        super().__init__(slot, *args, **kwargs)
        for name in Label.Name.values:
            self.fields[f"label_{name}"] = _label_field(name)

    @property
    def labels(self) -> dict[str, int]:
        given = {name: self.cleaned_data.get(f"label_{name}") for name in Label.Name.values}
        return {name: int(value) for name, value in given.items() if value}

    def yes_no(self) -> Iterator[Question]:
        return self._questions(Label.YES_NO)

    def flags(self) -> Iterator[Question]:
        return self._questions(Label.FLAGS)

    def scales(self) -> Iterator[Question]:
        return self._questions(Label.SCALES)

    def answered(self) -> int:
        """How many labels a draft brought along, or the form was sent with."""
        return sum(bool(self[f"label_{name}"].value()) for name in Label.Name.values)

    def _questions(self, names: tuple[str, ...]) -> Iterator[Question]:
        return (Question(name, self[f"label_{name}"], CRITERIA[name]) for name in names)


class AdjudicateForm(VerdictForm):
    """The last word, where reviewers disagree."""


def _label_field(name: str) -> forms.Field:
    label = Label.Name(name).label
    if name in Label.FLAGS:
        return forms.BooleanField(label=label, required=False)
    choices = YES_NO if name in Label.YES_NO else FIVE_POINTS
    return forms.ChoiceField(
        label=label, choices=choices, required=False, widget=RadioSelect
    )

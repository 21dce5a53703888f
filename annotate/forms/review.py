"""What the review page sends: a verdict, labels, perhaps an edit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.widgets import RadioSelect

from annotate.forms.base import TaskForm, text_area
from curation.models import Label, Review

Verdict = Review.Verdict

LIKERT = [("1", "1"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5")]
YES_NO = [("1", "Yes"), ("0", "No")]


class ReviewForm(TaskForm):
    verdict = forms.ChoiceField(
        choices=Verdict.choices,
        error_messages={"required": "Choose accept, edit or reject."},
    )
    reason = forms.ChoiceField(
        choices=Review.Reason.choices, required=False, widget=RadioSelect
    )
    note = forms.CharField(
        label="Note to the author",
        required=False,
        widget=text_area(rows=2, css="textarea--short"),
    )
    edited_text = forms.CharField(
        label="Edited text", required=False, strip=False, widget=text_area(rows=8)
    )
    label_quality = forms.ChoiceField(
        label="Quality", choices=LIKERT, required=False, widget=RadioSelect
    )
    label_helpfulness = forms.ChoiceField(
        label="Helpfulness", choices=LIKERT, required=False, widget=RadioSelect
    )
    label_spam = forms.ChoiceField(
        label="Spam?", choices=YES_NO, required=False, widget=RadioSelect
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("verdict") == Verdict.REJECT and not cleaned.get("reason"):
            self.add_error("reason", "Choose a reason, so that the author knows why.")
        if cleaned.get("verdict") == Verdict.EDIT and not cleaned.get("edited_text"):
            self.add_error("edited_text", "Change the text here, then save the edit.")
        return cleaned

    @property
    def labels(self) -> dict[str, int]:
        """Answered questions only: what was left open is absent, not 0."""
        given = {name: self.cleaned_data.get(f"label_{name}") for name in Label.Name.values}
        return {name: int(value) for name, value in given.items() if value}

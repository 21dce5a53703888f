"""What the task pages send. Forms check shape; the rules are in curation's actions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.widgets import HiddenInput, RadioSelect

from annotate.models import Assignment
from curation.models import Ballot, Label, Review

Verdict = Review.Verdict
Outcome = Ballot.Outcome

LIKERT = [("1", "1"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5")]
YES_NO = [("1", "Yes"), ("0", "No")]


def text_area(*, rows: int, hint: str = "", css: str = "") -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "placeholder": hint, "class": css})


class TaskForm(forms.Form):
    """Every task sends its key, so that a double click counts once."""

    key = forms.UUIDField(widget=HiddenInput)
    active_seconds = forms.IntegerField(
        widget=HiddenInput, required=False, min_value=0, max_value=86_400
    )

    def __init__(self, slot: Assignment, *args: Any, **kwargs: Any) -> None:
        self.slot = slot
        super().__init__(*args, **kwargs)

    @property
    def typed(self) -> dict[str, str]:
        """What the person entered, field by field: what is kept if anything refuses."""
        not_typed = ("csrfmiddlewaretoken", "key", "active_seconds")
        return {
            name: str(value) for name, value in self.data.items() if name not in not_typed
        }


class PairForm(TaskForm):
    prompt = forms.CharField(
        label="Question or instruction",
        widget=text_area(rows=3, hint="What would you really ask?"),
    )
    context = forms.CharField(
        required=False,
        widget=text_area(rows=5),
        help_text="The passage that the question is about, pasted in full.",
    )
    reply = forms.CharField(
        label="Answer",
        widget=text_area(
            rows=8, css="textarea--tall", hint="The best answer you can write."
        ),
    )

    def __init__(self, slot: Assignment, *args: Any, **kwargs: Any) -> None:
        super().__init__(slot, *args, **kwargs)
        needs_context = slot.category is not None and slot.category.needs_context
        self.fields["context"].required = needs_context
        if needs_context:
            self.fields["context"].error_messages["required"] = (
                f"{slot.category} stands on a passage: paste the text that it is about."
            )


class PromptForm(TaskForm):
    text = forms.CharField(
        label="Prompt",
        widget=text_area(rows=6, hint="How the conversation begins."),
        help_text="Others will answer it, so it should stand on its own.",
    )


class AnswerForm(TaskForm):
    text = forms.CharField(label="Answer", widget=text_area(rows=10, css="textarea--tall"))


class ContinueForm(TaskForm):
    text = forms.CharField(
        label="Next message",
        widget=text_area(rows=5, hint="What would you ask or say next?"),
    )


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

"""What the writing pages send."""

from __future__ import annotations

from typing import Any

from django import forms

from annotate.forms.base import TaskForm, text_area
from annotate.models import Assignment


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

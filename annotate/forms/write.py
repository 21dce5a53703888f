"""What the writing pages send."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from annotate.forms.base import TaskForm, text_area
from annotate.models import Assignment
from curation.clean.text import tidied


def language_name(code: str) -> str:
    """In that language itself, or the code of one that Django does not know."""
    try:
        return str(get_language_info(code.lower())["name_local"]).capitalize()
    except KeyError:
        return code


class WriteForm(TaskForm):
    """Fields whose text is Markdown, in the order in which they stand on the page."""

    def __init__(self, slot: Assignment, *args: Any, **kwargs: Any) -> None:
        super().__init__(slot, *args, **kwargs)
        if slot.message is None and len(slot.dataset.languages) > 1:
            self.fields["language"] = _language_field(slot)
        for name in self.texts:
            self.fields[name].widget.attrs.update({"dir": "auto", "lang": self.language})
            if self.fields[name].required:
                self.require(name, gettext("Write something here first."))

    def require(self, name: str, why: str) -> None:
        """The browser says the same, before anything is sent."""
        self.fields[name].required = True
        self.fields[name].error_messages["required"] = why
        self.fields[name].widget.attrs["data-required"] = why

    @property
    def texts(self) -> list[str]:
        """The names of the fields that somebody writes in."""
        is_text = forms.Textarea
        return [name for name, f in self.fields.items() if isinstance(f.widget, is_text)]

    @property
    def language(self) -> str:
        """In which the texts are to be: the choice made, else that of the conversation."""
        if self.slot.message is not None:
            return self.slot.message.language
        chosen = str(self["language"].value() or "") if "language" in self.fields else ""
        known = self.slot.dataset.languages
        return chosen if chosen in known else known[0]


def _language_field(slot: Assignment) -> forms.ChoiceField:
    choices = [(code, language_name(code)) for code in slot.dataset.languages]
    return forms.ChoiceField(label=gettext("Language"), choices=choices)


class PairForm(WriteForm):
    prompt = forms.CharField(
        label=_("Question or instruction"),
        widget=text_area(rows=3, hint=_("What would you really ask?")),
    )
    context = forms.CharField(
        label=_("Passage"),
        required=False,
        widget=text_area(rows=5),
        help_text=_("The text that the question is about, pasted in full."),
    )
    reply = forms.CharField(
        label=_("Answer"),
        widget=text_area(
            rows=8, css="textarea--tall", hint=_("The best answer you can write.")
        ),
    )

    def __init__(self, slot: Assignment, *args: Any, **kwargs: Any) -> None:
        super().__init__(slot, *args, **kwargs)
        require_passage(self, slot)


class PromptForm(WriteForm):
    text = forms.CharField(
        label=_("Prompt"),
        widget=text_area(rows=6, hint=_("How the conversation begins.")),
        help_text=_("Others will answer it, so it should stand on its own."),
    )
    context = forms.CharField(
        label=_("Passage"),
        required=False,
        widget=text_area(rows=5),
        help_text=_("The text that the prompt is about, pasted in full."),
    )

    def __init__(self, slot: Assignment, *args: Any, **kwargs: Any) -> None:
        super().__init__(slot, *args, **kwargs)
        require_passage(self, slot)


class AnswerForm(WriteForm):
    text = forms.CharField(
        label=_("Answer"), widget=text_area(rows=10, css="textarea--tall")
    )


class ContinueForm(WriteForm):
    text = forms.CharField(
        label=_("Next message"),
        widget=text_area(rows=5, hint=_("What would you ask or say next?")),
    )


class ImproveForm(WriteForm):
    text = forms.CharField(
        label=_("Better answer"), widget=text_area(rows=10, css="textarea--tall")
    )

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if self.slot.message is not None and tidied(text) == self.slot.message.text:
            raise forms.ValidationError(
                gettext(
                    "This is the same text as before. Change what is lacking, or skip it."
                )
            )
        return text


def require_passage(form: WriteForm, slot: Assignment) -> None:
    """Where the category stands on one, it must be given, and the form says why."""
    if slot.category is not None and slot.category.needs_context:
        why = gettext("%(category)s stands on a passage: paste the text that it is about.")
        form.require("context", why % {"category": slot.category})

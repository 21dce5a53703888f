"""What the playground's pages send."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from curation import intake
from trainer.actions.sending import Consent
from trainer.actions.talking import TEXT_AT_MOST, Model, Words
from trainer.models import BaseModel, Run

WRITING = {"class": "textarea--short", "dir": "auto"}


class SayForm(forms.Form):
    """The next thing that somebody says to the models of a talk."""

    text = forms.CharField(
        label=_("What do you say?"),
        max_length=TEXT_AT_MOST,
        widget=forms.Textarea(attrs=WRITING | {"rows": 3, "data-sends": ""}),
        error_messages={"required": _("Write something first.")},
    )
    temperature = forms.FloatField(
        label=_("Temperature"),
        min_value=0,
        max_value=2,
        initial=0.7,
        help_text=_("0: always the likeliest word. Higher is more varied."),
    )
    max_new_tokens = forms.IntegerField(
        label=_("Tokens per answer"), min_value=1, max_value=2048, initial=128
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    settings = ("temperature", "max_new_tokens")

    @property
    def fields_of_settings(self) -> list[forms.BoundField]:
        return [self[name] for name in self.settings]

    def words(self) -> Words:
        given = {**self.cleaned_data}
        return Words(**{name: given[name] for name in Words._fields if name in given})


class BeginForm(SayForm):
    """The models of a new talk, and the first words."""

    first = forms.ChoiceField(label=_("Model"))
    second = forms.ChoiceField(
        label=_("Beside it"),
        required=False,
        help_text=_("Both answer the same, each in its own column."),
    )
    context = forms.CharField(
        label=_("Passage"),
        required=False,
        max_length=TEXT_AT_MOST,
        widget=forms.Textarea(attrs=WRITING | {"rows": 3}),
        help_text=_("A text that your question is about. It stands under the question."),
    )

    field_order = (
        "first", "second", "text", "context", "temperature", "max_new_tokens", "key",
    )  # fmt: skip

    def __init__(
        self, *args: Any, runs: Sequence[Run], bases: Sequence[BaseModel], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._known = {f"run-{run.pk}": Model(run.base, run) for run in runs}
        self._known |= {f"base-{base.pk}": Model(base) for base in bases}
        tuned = [(f"run-{run.pk}", _named(run)) for run in runs]
        alone = [
            (f"base-{base.pk}", _("%(base)s, the base alone") % {"base": base})
            for base in bases
        ]
        groups = [(_("Tuned models"), tuned), (_("Base models"), alone)]
        choices = [group for group in groups if group[1]]
        self.fields["first"].choices = choices  # type: ignore[attr-defined]
        nobody = ("", _("Nobody: one model alone"))
        self.fields["second"].choices = [nobody, *choices]  # type: ignore[attr-defined]

    def models(self) -> list[Model]:
        names = [self.cleaned_data["first"], self.cleaned_data["second"]]
        return [self._known[name] for name in names if name]


def _named(run: Run) -> str:
    facts = {"number": run.pk, "version": run.version, "base": run.base}
    return _("Run %(number)d: %(base)s on %(version)s") % facts


class SendForm(forms.Form):
    """Where an answer goes, how the person would answer, and that they agree."""

    category = forms.TypedChoiceField(
        label=_("Category"), required=False, coerce=int, empty_value=None
    )
    language = forms.ChoiceField(label=_("Language"))
    correction = forms.CharField(
        label=_("I'd answer this way"),
        required=False,
        max_length=TEXT_AT_MOST,
        widget=forms.Textarea(attrs=WRITING | {"rows": 6}),
        help_text=_(
            "Your own answer stands beside the model's as yours, and is reviewed like any."
        ),
    )
    agree = forms.BooleanField(
        label=_("I agree, and the words above may go into the dataset."),
        error_messages={"required": _("Tick the box if you agree. Else nothing is sent.")},
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, place: intake.Place, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.place = place
        named = [(one.pk, one.name) for one in place.categories]
        self.fields["category"].choices = [("", _("None")), *named]  # type: ignore[attr-defined]
        languages = [(code, code) for code in place.dataset.languages]
        self.fields["language"].choices = languages  # type: ignore[attr-defined]
        if not named:
            del self.fields["category"]
        if len(languages) == 1:
            del self.fields["language"]

    def consent(self, terms: tuple[int, ...]) -> Consent:
        given = self.cleaned_data
        return Consent(
            slug=self.place.dataset.slug,
            terms=terms,
            category_id=given.get("category"),
            language=given.get("language", ""),
        )

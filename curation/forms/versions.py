"""What freezing sends."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.widgets import CheckboxSelectMultiple
from django.utils.translation import gettext_lazy as _

from curation.models import (
    Dataset,
)


class FreezeForm(forms.Form):
    """A recipe: which accepted answers go into a version."""

    categories = forms.MultipleChoiceField(
        label=_("Categories"),
        required=False,
        widget=CheckboxSelectMultiple,
        help_text=_("None chosen takes all."),
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages"),
        required=False,
        widget=CheckboxSelectMultiple,
        help_text=_("None chosen takes all."),
    )
    best_replies = forms.IntegerField(
        label=_("Best answers per prompt"),
        required=False,
        min_value=0,
        max_value=1000,
        help_text=_("At most so many, by rank. Empty takes every accepted answer."),
    )
    with_models = forms.BooleanField(
        label=_("With answers that a model wrote and a person accepted"),
        required=False,
        initial=True,
    )

    def __init__(self, dataset: Dataset, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = dataset.categories.order_by("name").values_list("slug", "name")
        choices: dict[str, list[tuple[str, str]]] = {
            "categories": list(named),
            "languages": [(code, code) for code in dataset.languages],
        }
        for name, known in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = known

    @property
    def recipe(self) -> dict[str, Any]:
        return {**self.cleaned_data, "best_replies": self.cleaned_data["best_replies"] or 0}

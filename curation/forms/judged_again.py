"""Which judgements under older guidelines a curator means."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import F
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from curation.actions.older_guidelines import Older
from curation.models import Dataset, Guideline


class OlderForm(forms.Form):
    """Both are part of an address as well: what is not known is refused."""

    version = forms.ChoiceField(label=_("Judged under"), required=False)
    category = forms.ChoiceField(label=_("Category"), required=False)

    def __init__(self, dataset: Dataset, newest: Guideline, *args: Any) -> None:
        super().__init__(*args)
        self.newest = newest
        older = dataset.guidelines.filter(number__lt=newest.number)
        self.versions = {str(one.number): one for one in older.order_by("-number")}
        self.categories = {
            one.slug: one for one in dataset.categories.order_by(F("name"), "pk")
        }
        version: Any = self.fields["version"]
        version.choices = [
            ("", gettext("All older versions")),
            *(
                (number, gettext("Version %(number)s") % {"number": number})
                for number in self.versions
            ),
        ]
        category: Any = self.fields["category"]
        category.choices = [
            ("", gettext("All categories")),
            *((slug, one.name) for slug, one in self.categories.items()),
        ]

    @property
    def older(self) -> Older:
        return Older(
            self.newest,
            self.versions.get(self.cleaned_data["version"]),
            self.categories.get(self.cleaned_data["category"]),
        )

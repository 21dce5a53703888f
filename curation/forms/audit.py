"""What is looked for in the history."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from curation.audit import Wanted
from curation.forms.within import WithinForm
from curation.models import Dataset

DAY = {"type": "date"}


class AuditForm(WithinForm):
    without_optional = True  # nothing has to be looked for

    person = forms.CharField(label=_("Who"), required=False, max_length=80)
    kind = forms.RegexField(
        r"^[\w.]+$",
        label=_("What was done"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"placeholder": "version.frozen"}),
    )
    subject = forms.CharField(
        label=_("To what"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"placeholder": "message 7"}),
    )
    dataset = forms.ModelChoiceField(
        label=_("Dataset"),
        queryset=Dataset.objects.order_by("title", "pk"),
        to_field_name="slug",
        required=False,
        empty_label=_("All of them"),
    )
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs=DAY)
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs=DAY)
    )

    @property
    def wanted(self) -> Wanted:
        found = {name: value for name, value in self.cleaned_data.items() if value}
        return Wanted(**({"dataset": self.only} if self.only else {}) | found)

"""What the pages of terms send."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from curation.forms.base import PLAIN
from curation.models import Terms


class TermsForm(forms.Form):
    text = forms.CharField(
        label=_("What people agree to"),
        help_text=_(
            "In plain words: what happens to what they write, who gets it, how they take "
            "it back. Markdown."
        ),
        max_length=40_000,
        widget=forms.Textarea(attrs=PLAIN),
    )
    licence = forms.CharField(
        label=_("Licence that they give"),
        help_text=_("An SPDX identifier, such as CC-BY-4.0, or LicenseRef- and a name."),
        max_length=60,
    )
    uses = forms.MultipleChoiceField(
        label=_("What it allows"),
        choices=Terms.Use.choices,
        widget=forms.CheckboxSelectMultiple,
    )

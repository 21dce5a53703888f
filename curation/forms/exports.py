"""What the page of exports sends."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ExportForm(forms.Form):
    made_for = forms.CharField(
        label=_("Who gets it, and for what"),
        help_text=_("Kept here, so that you know whom to tell when a text is taken back."),
        max_length=200,
    )

"""What the pages of conversations and of one's own texts send."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from curation.forms.base import PLAIN


class ReleaseForm(forms.Form):
    """A curator's decision on a held message."""

    decision = forms.ChoiceField(choices=[("accept", _("Accept")), ("reject", _("Reject"))])
    why = forms.CharField(
        label=_("Why?"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, **PLAIN}),
        help_text=_("Its author reads this."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("decision") == "reject" and not cleaned.get("why"):
            self.add_error("why", _("Say why, so that the author knows."))
        return cleaned


class HoldForm(forms.Form):
    why = forms.CharField(
        label=_("Why?"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, **PLAIN}),
        help_text=_("Nothing is learned from it until you decide. Its author reads this."),
    )


class AmendForm(forms.Form):
    """An author's own text once more, with the passage it stands on where it has one."""

    text = forms.CharField(
        label=_("Your text"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "class": "textarea--tall"}),
    )
    context = forms.CharField(
        label=_("The passage that it stands on"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6}),
    )

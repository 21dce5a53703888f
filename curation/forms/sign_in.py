"""What the pages of signing in send."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from curation.models import Instance


class SecondStepForm(forms.Form):
    of = forms.ChoiceField(
        label=_("A second step is wanted of"),
        choices=Instance.SecondStep.choices,
        widget=forms.RadioSelect,
        help_text=_(
            "An app on the telephone, a passkey or a security key. Who has none sets one "
            "up with the next page they open; keys for programs go on working."
        ),
    )

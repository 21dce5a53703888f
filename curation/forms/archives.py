"""What the page of archives sends."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ArchiveForm(forms.Form):
    people = forms.ChoiceField(
        label=_("People in it"),
        choices=[
            ("named", _("With names and addresses, and all that they said to each other")),
            ("numbers", _("As numbers, without comments, notes and history")),
        ],
        initial="named",
        widget=forms.RadioSelect,
        help_text=_(
            "By their addresses, people of the other server are the same people. "
            "Texts stay as they were written in both cases."
        ),
    )

    @property
    def has_names(self) -> bool:
        return bool(self.cleaned_data["people"] == "named")

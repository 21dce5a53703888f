"""A table of people, pasted or as a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from curation.actions.rosters import BYTES_AT_MOST

EXAMPLE = """email,name,dataset,roles
mara@example.org,Mara Lind,handbook,writer reviewer"""


class RosterForm(forms.Form):
    without_optional = True  # one of the two

    text = forms.CharField(
        label=_("Table"),
        required=False,
        strip=False,
        max_length=BYTES_AT_MOST,
        widget=forms.Textarea(
            attrs={
                "rows": 8,
                "class": "textarea--plain mono",
                "spellcheck": "false",
                "placeholder": EXAMPLE,
            }
        ),
        help_text=_(
            "As CSV. The first line names the columns: email, name, dataset, roles. A "
            "dataset is named as in its address; several roles have spaces between."
        ),
    )
    file = forms.FileField(
        label=_("Or a file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file = cleaned.get("file")
        if file is not None:
            if file.size > BYTES_AT_MOST:
                self.add_error("file", _("The table is too large: divide it."))
                return cleaned
            try:
                cleaned["text"] = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("file", _("Save the table as UTF-8, then send it again."))
                return cleaned
        if not cleaned.get("text", "").strip():
            self.add_error("text", _("Paste a table, or choose a file."))
        return cleaned

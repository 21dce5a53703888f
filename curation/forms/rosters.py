"""A table of people, pasted or as a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from curation.actions.rosters import BYTES_AT_MOST
from curation.forms.base import PLAIN


class RosterForm(forms.Form):
    text = forms.CharField(
        label=_("Table"),
        required=False,
        strip=False,
        max_length=BYTES_AT_MOST,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", **PLAIN}),
        help_text=_(
            "As CSV. The first line names the columns: email, name, dataset, roles. A "
            "dataset is named as in its address; several roles have spaces between."
        ),
    )
    file = forms.FileField(label=_("Or a file"), required=False)

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

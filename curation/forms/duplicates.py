"""What a curator says about prompts that are alike."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

AT_ONCE = 50


class ClusterFilterForm(forms.Form):
    state = forms.ChoiceField(choices=[("decided", "")], required=False)
    after = forms.IntegerField(min_value=1, max_value=2**62, required=False)


class ClusterForm(forms.Form):
    """`merge` or `dismiss`: the number of one member, or "all" of the chosen clusters."""

    merge = forms.CharField(required=False)
    dismiss = forms.CharField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.is_merge = bool(cleaned.get("merge"))
        which = cleaned.get("merge") or cleaned.get("dismiss") or ""
        self.member = int(which) if which.isdecimal() and len(which) < 19 else 0
        data: Any = self.data  # a QueryDict, as bound
        sent = [v for v in data.getlist("cluster") if v.isdecimal() and len(v) < 19]
        self.clusters = list({int(value) for value in sent[:AT_ONCE]})
        if not self.member and which != "all":
            raise forms.ValidationError(_("Choose what to do about it."))
        if which == "all" and not self.clusters:
            raise forms.ValidationError(_("Choose at least one group first."))
        return cleaned

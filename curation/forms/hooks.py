"""A webhook: where to, what of, and what it is called here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.boundfield import BoundWidget
from django.forms.widgets import CheckboxSelectMultiple
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from curation import destinations
from curation.destinations import Refused
from curation.happenings import GROUPS, choices
from curation.models import Hook


class HookForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("What you call it here, for example “Release bot”."),
    )
    url = forms.CharField(
        label=_("Address"),
        max_length=600,
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Begins with https://. Whoever knows it may post to it: keep it here."),
    )
    wants = forms.MultipleChoiceField(
        label=_("What it is told of"), choices=choices, widget=CheckboxSelectMultiple
    )
    with_texts = forms.BooleanField(
        label=_("With the words of texts"),
        required=False,
        help_text=_(
            "Else it is told ids and facts only. Never who wrote or who judged; and not "
            "what was taken back. You answer for where the words go."
        ),
    )

    @classmethod
    def of(cls, hook: Hook) -> HookForm:
        """As it stands."""
        return cls(initial={name: getattr(hook, name) for name in cls.base_fields})

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            destinations.parse(url)
        except Refused as refusal:
            raise forms.ValidationError(str(refusal)) from None
        return url

    def groups(self) -> list[tuple[str | Promise, list[BoundWidget]]]:
        """The boxes of `wants` under their headings."""
        boxes: dict[Any, BoundWidget] = {
            str(box.data["value"]): box for box in self["wants"].subwidgets
        }
        return [
            (group.label, [boxes[one.kind] for one in group.happenings]) for group in GROUPS
        ]

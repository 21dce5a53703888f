"""Which key does what on the work pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotate.keys import KEYS, checked, clashes, remappable

TAKEN = {"?": _("“?” opens the sheet of keys.")}


class KeysForm(forms.Form):
    """A field for each single key; an empty one goes back to the default."""

    def __init__(self, *args: Any, chosen: Mapping[str, object], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = checked(chosen)
        for name, key in remappable().items():
            self.fields[name] = forms.CharField(
                label=str(key.label),
                required=False,
                max_length=1,
                initial=now.get(name, key.default).upper(),
                widget=forms.TextInput(
                    attrs={"autocomplete": "off", "autocapitalize": "off", "size": 2}
                ),
                error_messages={"max_length": _("One key only.")},
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, wanted in list(cleaned.items()):
            if wanted in TAKEN:
                self.add_error(name, TAKEN[wanted])
            elif wanted.isdigit():
                self.add_error(name, _("Digits choose answers and labels."))
            elif wanted and not wanted.isprintable():
                self.add_error(name, _("Choose a letter or a sign."))
        if not self.errors:
            for name, other in clashes(self.keys()):
                self._add_clash(name, other)
                self._add_clash(other, name)
        return cleaned

    def keys(self) -> dict[str, str]:
        """What differs from the defaults."""
        return checked(
            {name: key.lower() for name, key in self.cleaned_data.items() if key}
        )

    def _add_clash(self, name: str, other: str) -> None:
        if name in self.fields:
            said = _("“%(other)s” is on the same key.") % {"other": KEYS[other].label}
            self.add_error(name, said)

"""What every task page sends. Forms check shape; the rules are in curation's actions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.forms.widgets import HiddenInput
from django.utils.functional import Promise

from annotate.models import Assignment

# No max_length: browsers cut what is pasted to that, and do not say so.
NOTE_AT_MOST = MaxLengthValidator(4_000)
DRAFT_AT_MOST = 200_000  # bytes of one autosave


def text_area(*, rows: int, hint: str | Promise = "", css: str = "") -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "placeholder": hint, "class": css})


class TaskForm(forms.Form):
    """Every task sends its key, so that a double click counts once."""

    key = forms.UUIDField(widget=HiddenInput)
    active_seconds = forms.IntegerField(
        widget=HiddenInput, required=False, min_value=0, max_value=86_400
    )

    def __init__(self, slot: Assignment, *args: Any, **kwargs: Any) -> None:
        self.slot = slot
        super().__init__(*args, **kwargs)

    @property
    def typed(self) -> dict[str, str]:
        """What the person entered, field by field: what is kept if anything refuses."""
        not_typed = ("csrfmiddlewaretoken", "key", "active_seconds", "skip_reason")
        return {
            name: str(value) for name, value in self.data.items() if name not in not_typed
        }

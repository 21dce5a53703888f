"""What people send from the browse page: searches to keep, and work on many messages."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from curation.addresses import number_of
from curation.forms.base import PLAIN
from curation.models import Category, Dataset, Flag, SavedView

AT_ONCE = 25  # as many as a page shows


class SavedViewForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = SavedView
        fields: ClassVar[list[str]] = ["name", "is_shared"]
        labels: ClassVar[dict[str, Any]] = {
            "name": _("Name"),
            "is_shared": _("Everybody here may use it"),
        }


class BulkForm(forms.Form):
    """One thing to do with several messages: those that are ticked, or all that match."""

    class Verb(models.TextChoices):
        HOLD = "hold", _("Hold back")
        FLAG = "flag", _("Flag")
        CATEGORY = "category", _("Change the category")
        EXPORT = "export", _("Download as JSON lines")

    verb = forms.ChoiceField(
        label=_("What to do"),
        choices=Verb.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what to do.")},
    )
    scope = forms.ChoiceField(
        label=_("With which"),
        choices=[("ticked", _("The ticked ones")), ("all", _("All that match"))],
        initial="ticked",
        widget=forms.RadioSelect,
    )
    why = forms.CharField(
        label=_("Why?"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, **PLAIN}),
        help_text=_("To hold back or to flag. Who wrote it reads why it is held."),
    )
    reason = forms.ChoiceField(
        label=_("Reason of the flag"), choices=Flag.Reason.choices, required=False
    )
    category = forms.ModelChoiceField(
        label=_("Category"), queryset=Category.objects.none(), required=False
    )

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["category"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = dataset.categories.order_by("name")

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        verb = fields.get("verb")
        if verb == self.Verb.HOLD and not fields.get("why"):
            self.add_error("why", _("Say why, for those who wrote it."))
        if verb == self.Verb.CATEGORY and not fields.get("category"):
            self.add_error("category", _("Choose a category."))
        if verb == self.Verb.FLAG and not fields.get("reason"):
            self.add_error("reason", _("Choose a reason."))
        return fields


def ticked(addresses: list[str]) -> list[int]:
    """Of a page at most; what is no address of a message is left out."""
    found = []
    for address in addresses[:AT_ONCE]:
        try:
            found.append(number_of(address, of="message"))
        except ValueError:
            continue
    return found

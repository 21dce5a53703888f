"""What a curator sends from the queue of texts that wait, and which they want to see."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from curation.addresses import number_of
from curation.cases import SORTS
from curation.forms.base import PLAIN
from curation.models import Contributor, Decision

AT_ONCE = 50


class QueueFilterForm(forms.Form):
    sort = forms.ChoiceField(choices=list(SORTS.items()), required=False)
    who = forms.ChoiceField(choices=[("me", ""), ("nobody", "")], required=False)
    state = forms.ChoiceField(choices=[("decided", "")], required=False)
    after = forms.CharField(required=False)

    def clean_after(self) -> int:
        """The number behind the address of the last text of the page before."""
        try:
            return number_of(self.cleaned_data["after"], of="message")
        except ValueError:
            return 0


class QueueForm(forms.Form):
    """One thing to do with some of the texts: decide on them, or say who looks at them."""

    ASSIGNING = ("take", "give", "let_go")

    action = forms.ChoiceField(
        choices=[(name, name) for name in (*Decision.Action.values, *ASSIGNING)],
        error_messages={"required": _("Choose what to do about it.")},
    )
    note = forms.CharField(
        label=_("Why?"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, **PLAIN}),
        help_text=_(
            "Its author reads this where the text is held, rejected or taken back."
        ),
    )
    assignee = forms.ModelChoiceField(
        label=_("Give to"),
        queryset=Contributor.objects.none(),
        required=False,
        empty_label=_("Choose somebody"),
    )

    def __init__(
        self, *args: Any, curators: QuerySet[Contributor] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if curators is not None:
            self.fields["assignee"].queryset = curators  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("action") == "give" and not cleaned.get("assignee"):
            self.add_error("assignee", _("Choose who shall look at it."))
        self.items = self._items()
        return cleaned

    def _items(self) -> dict[int, str]:
        """Each text by its number, with what the curator saw of it."""
        data: Any = self.data  # a QueryDict, as bound
        sent = data.getlist("item")[:AT_ONCE]
        found: dict[int, str] = {}
        for value in sent:
            address, _dot, sign = value.partition(".")
            try:
                found[number_of(address, of="message")] = sign
            except ValueError:
                continue
        if not found:
            raise forms.ValidationError(_("Choose at least one text first."))
        return found

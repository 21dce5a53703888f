"""What curators and whoever flags a text send: flags, and known items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from curation.addresses import number_of
from curation.forms.base import PLAIN
from curation.models import Flag


class FlagForm(forms.Form):
    """Asks a moderator to look at one of the texts on a page."""

    message = forms.CharField(widget=forms.HiddenInput)
    reason = forms.ChoiceField(
        label=_("What is wrong?"),
        choices=Flag.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a reason, so that a curator knows what to look for.")
        },
    )
    note = forms.CharField(
        label=_("Note to the curators"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, **PLAIN}),
    )

    def clean_message(self) -> int:
        """The number behind the address that the page named."""
        try:
            return number_of(self.cleaned_data["message"], of="message")
        except ValueError as error:
            raise forms.ValidationError(_("There is no such text.")) from error


class GoldRankingForm(forms.Form):
    """How the answers to a prompt stand to each other, and why."""

    why = forms.CharField(
        label=_("Why?"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, **PLAIN}),
        help_text=_("Who orders them otherwise reads this."),
    )

    def __init__(
        self, answers: Sequence[tuple[int, str]], *args: Any, **kwargs: Any
    ) -> None:
        """`answers`: their numbers, and what the page calls them by."""
        super().__init__(*args, **kwargs)
        self.answers = [pk for pk, _name in answers]
        places = [(str(n), str(n)) for n in range(1, len(answers) + 1)]
        for pk, name in answers:
            self.fields[f"place_{pk}"] = forms.TypedChoiceField(
                label=name, choices=places, coerce=int
            )

    @property
    def places(self) -> list[forms.BoundField]:
        return [self[f"place_{pk}"] for pk in self.answers]

    @property
    def placed(self) -> dict[int, int]:
        return {pk: self.cleaned_data[f"place_{pk}"] for pk in self.answers}


class GoldForm(forms.Form):
    """The known verdict on a text, and why it is right."""

    verdict = forms.ChoiceField(
        label=_("The right verdict"),
        choices=[("accept", _("Accept")), ("reject", _("Reject"))],
        widget=forms.RadioSelect,
    )
    why = forms.CharField(
        label=_("Why?"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, **PLAIN}),
        help_text=_("A reviewer who decides otherwise reads this."),
    )

"""A new key for a program."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.widgets import CheckboxSelectMultiple
from django.utils.translation import gettext_lazy as _

from curation.models import AccessToken, Contributor

Scope = AccessToken.Scope


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("What it is for"),
        max_length=80,
        help_text=_("For example “nightly export”. Only you read it."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=Scope.choices,
        widget=CheckboxSelectMultiple,
        help_text=_("Never more than you may do yourself."),
    )
    days = forms.TypedChoiceField(
        label=_("How long"),
        coerce=int,
        choices=[
            (7, _("a week")),
            (30, _("a month")),
            (90, _("three months")),
            (366, _("a year")),
        ],  # fmt: skip
        initial=90,
    )

    def __init__(self, *args: Any, person: Contributor, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"scopes": [Scope.READ]})
        super().__init__(*args, **kwargs)
        if not person.is_staff:
            scopes = self.fields["scopes"]
            assert isinstance(scopes, forms.MultipleChoiceField)
            scopes.choices = [one for one in Scope.choices if one[0] != Scope.ADMIN]

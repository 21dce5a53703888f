"""Whom somebody invites, and what the invited say of themselves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.widgets import CheckboxSelectMultiple
from django.utils.translation import gettext_lazy as _

from curation.actions.invitations import USES_AT_MOST
from curation.forms.within import WithinForm
from curation.models import Dataset, Invitation, Membership


class InvitationForm(WithinForm):
    """Of a dataset: for its curators. Without one: for site admins."""

    without_optional = True  # its hints say what may be left out

    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        help_text=_("Empty: you get a link to pass on."),
    )
    dataset = forms.ModelChoiceField(
        label=_("Dataset"),
        queryset=Dataset.objects.filter(archived_at=None).order_by("title", "pk"),
        to_field_name="slug",
        required=False,
        empty_label=_("None: an account alone"),
    )
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=Membership.Role.choices,
        widget=CheckboxSelectMultiple,
        required=False,
        help_text=_("In the dataset: at least one."),
    )
    days = forms.TypedChoiceField(
        label=_("How long"),
        coerce=int,
        choices=[
            (1, _("a day")),
            (7, _("a week")),
            (14, _("two weeks")),
            (30, _("a month")),
            (90, _("three months")),
        ],
        initial=14,
    )
    uses = forms.IntegerField(
        label=_("For how many people"),
        min_value=1,
        max_value=USES_AT_MOST,
        initial=1,
        help_text=_("A link alone can be for several."),
    )

    def facts(self) -> dict[str, Any]:
        return {"dataset": self.only, **self.cleaned_data}


class ArrivalForm(forms.Form):
    """Somebody who has no account yet."""

    email = forms.EmailField(label=_("E-mail address"))
    name = forms.CharField(label=_("Name"), max_length=80)
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least ten characters."),
    )

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if invitation.email:
            del self.fields["email"]

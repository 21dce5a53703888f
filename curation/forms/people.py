"""What the pages of people and accounts send."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from curation.forms.base import PLAIN
from curation.models import (
    Contributor,
    Membership,
)


class MemberForm(forms.Form):
    email = forms.EmailField(label=_("E-mail address"))
    role = forms.ChoiceField(label=_("Role"), choices=Membership.Role.choices)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        people = Contributor.objects.filter(email__iexact=email, is_active=True)
        self.person = people.first()
        if self.person is None:
            raise forms.ValidationError(
                _(
                    "Nobody here has this address. Let them sign up first, or ask a site "
                    "admin to add an account under Settings."
                )
            )
        return email


class RegistrationForm(forms.Form):
    is_open = forms.BooleanField(
        label=_("People may sign up by themselves"),
        required=False,
        help_text=_("Off: only accounts that an admin made can sign in."),
    )


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none at run time
    class Meta:
        model = Contributor
        fields = ("email", "name")
        labels: ClassVar = {"email": _("E-mail address"), "name": _("Name")}

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if Contributor.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("There is an account with this address already."))
        return email.lower()


class SuspensionForm(forms.Form):
    reason = forms.CharField(
        label=_("Why?"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, **PLAIN}),
        help_text=_(
            "The person reads this. Be kind: say what happened, and what would help."
        ),
    )

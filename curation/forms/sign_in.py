"""What the pages of signing in send."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, ClassVar

from allauth.account.adapter import get_adapter
from allauth.account.forms import ResetPasswordForm
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from curation import afterwards
from curation.models import Dataset, GroupRole, IdentityProvider, Instance, Membership

PLAIN = {"spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"}
KEPT = {"new_secret", "new_metadata"}  # never shown again
TAKEN = {"saml", "openid_connect"}  # allauth's own names


class ResetForm(ResetPasswordForm):  # type: ignore[misc]  # allauth is untyped
    """A letter goes out to whatever address it is: with a link for who has an account, else
    with a word that there is none. Nobody sees by the clock which it is."""

    def clean_email(self) -> str:
        return str(get_adapter().clean_email(self.cleaned_data["email"].lower()))

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        afterwards.do(partial(self._find_and_write, request, **kwargs))
        return str(self.cleaned_data["email"])

    def _find_and_write(self, request: HttpRequest, **kwargs: Any) -> None:
        super().clean_email()
        super().save(request, **kwargs)


class SecondStepForm(forms.Form):
    of = forms.ChoiceField(
        label=_("A second step is wanted of"),
        choices=Instance.SecondStep.choices,
        widget=forms.RadioSelect,
        help_text=_(
            "An app on the telephone, a passkey or a security key. Who has none sets one "
            "up with the next page they open; keys for programs go on working."
        ),
    )


class PasswordsForm(forms.Form):
    of = forms.ChoiceField(
        label=_("With a password may sign in"),
        choices=Instance.Passwords.choices,
        widget=forms.RadioSelect,
        help_text=_("It counts while a provider is on. Passkeys go on working."),
    )


class ProviderForm(forms.ModelForm):  # type: ignore[type-arg]  # none at run time
    # What the provider tells us first, what people need last.
    field_order = (
        "name", "slug", "server", "client_id", "new_secret", "scopes", "new_metadata",
        "name_from", "email_from", "groups_from", "domains",
        "makes_accounts", "links_by_email", "asks_second_step",
    )  # fmt: skip
    domains = forms.CharField(
        label=_("Only addresses of these domains"),
        required=False,
        max_length=500,
        help_text=_("With commas: example.org, example.com. Empty: of any."),
    )

    class Meta:
        model = IdentityProvider
        fields: ClassVar = [
            "name", "slug", "name_from", "email_from", "groups_from", "makes_accounts",
            "links_by_email", "asks_second_step",
        ]  # fmt: skip
        labels: ClassVar = {
            "name": _("Name"),
            "slug": _("Short name"),
            "name_from": _("Claim or attribute with the name"),
            "email_from": _("Claim or attribute with the e-mail address"),
            "groups_from": _("Claim or attribute with the groups"),
            "makes_accounts": _("Who comes for the first time gets an account"),
            "links_by_email": _("It checks the e-mail addresses of its people"),
            "asks_second_step": _("It asks for a second step itself"),
        }
        help_texts: ClassVar = {
            "name": _("On the sign-in page: Sign in with …"),
            "slug": _("In addresses; it cannot be changed later."),
            "groups_from": _("Usually: groups"),
            "links_by_email": _(
                "Then an account here with the same address is theirs. Without it they "
                "connect it themselves, after signing in as before. Never tick this where "
                "people can type an address of their choice."
            ),
            "asks_second_step": _("Then Winnow wants none of those who come from it."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["slug"]
            self.initial["domains"] = ", ".join(self.instance.domains)
            for name in self.fields.keys() & KEPT:
                field = self.fields[name]
                said = field.help_text, _("Empty: it stays as it is.")
                field.help_text = " ".join(map(str, said))

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"].lower()
        if slug in TAKEN:
            raise forms.ValidationError(_("Choose another short name."))
        return slug

    def clean_domains(self) -> list[str]:
        typed = re.split(r"[\s,;]+", self.cleaned_data["domains"].lower())
        return [domain.lstrip("@")[:100] for domain in typed if domain]

    def save(self, commit: bool = True) -> IdentityProvider:  # noqa: FBT001, FBT002
        """Nothing is written: actions/identities.py does that."""
        self.instance.domains = self.cleaned_data["domains"]
        provider: IdentityProvider = self.instance
        return provider


class OidcForm(ProviderForm):
    new_secret = forms.CharField(
        label=_("Secret"),
        required=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs=PLAIN),
        help_text=_("Kept encrypted, and never shown."),
    )

    class Meta(ProviderForm.Meta):
        fields: ClassVar = ["server", "client_id", "scopes", *ProviderForm.Meta.fields]
        labels: ClassVar = {
            **ProviderForm.Meta.labels,
            "server": _("Address of the server"),
            "client_id": _("Client ID"),
            "scopes": _("Scopes"),
        }
        help_texts: ClassVar = {
            **ProviderForm.Meta.help_texts,
            "server": _("The issuer, as in https://login.example.org/realms/ours"),
            "scopes": _("Empty: openid profile email"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["email_from"]  # OpenID Connect has one name for it
        for name in ("server", "client_id"):
            self.fields[name].required = True


class SamlForm(ProviderForm):
    new_metadata = forms.CharField(
        label=_("Its metadata"),
        required=False,
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 5, **PLAIN}),
        help_text=_(
            "XML, or the https address where it stands, which is asked again each day."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_metadata"].required = self.instance.pk is None


FORMS: dict[str, type[ProviderForm]] = {"oidc": OidcForm, "saml": SamlForm}


class GroupForm(forms.Form):
    group = forms.CharField(label=_("Group"), max_length=200)
    dataset = forms.ModelChoiceField(
        label=_("Dataset"), queryset=Dataset.objects.filter(archived_at=None)
    )
    role = forms.ChoiceField(label=_("Role"), choices=Membership.Role.choices)


def rules_of(provider: IdentityProvider) -> list[GroupRole]:
    return list(provider.groups.select_related("dataset").order_by("group", "pk"))

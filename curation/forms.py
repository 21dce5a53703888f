"""What curation's pages send. Forms check shape; the rules are in the actions."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.core.validators import MinValueValidator
from django.forms.widgets import CheckboxSelectMultiple

from curation.models import Category, Contributor, Dataset, Guideline, Membership, Policy

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # BCP 47, as far as we need it
PLAIN = {"class": "textarea--plain textarea--short"}


class DatasetForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none at run time
    guideline = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 12, "class": "textarea--tall"}),
        help_text="What is good here, in Markdown. You can publish it later, too.",
    )

    class Meta:
        model = Dataset
        fields = ("title", "slug", "description", "shape", "languages", "licence")
        labels: ClassVar = {"slug": "Short name"}
        help_texts: ClassVar = {
            "slug": "For addresses and files, like “support-answers”. It stays for good.",
            "description": "What it is for, in a few sentences. People decide by it.",
            "shape": "Pairs are written in one go, conversations by several people.",
            "languages": "Codes with commas between them, like “en, de”.",
        }
        error_messages: ClassVar = {
            "slug": {"unique": "Another dataset has this short name."}
        }
        widgets: ClassVar = {"description": forms.Textarea(attrs={"rows": 4, **PLAIN})}

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug == "new":
            raise forms.ValidationError("“new” is taken by this page: choose another.")
        return slug

    def clean_languages(self) -> list[str]:
        codes = [str(code).strip() for code in self.cleaned_data["languages"]]
        if wrong := [code for code in codes if not LANGUAGE.fullmatch(code)]:
            raise forms.ValidationError(f"“{wrong[0]}” is not a language code like “en”.")
        return codes


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none at run time
    class Meta:
        model = Policy
        fields = (
            "reviews_wanted", "approvals_needed", "rankings_wanted", "replies_wanted",
            "max_depth", "open_conversations", "lease_minutes", "held_out_percent",
        )  # fmt: skip
        labels: ClassVar = {
            "reviews_wanted": "Reviews wanted per text",
            "approvals_needed": "Approvals needed to accept",
            "rankings_wanted": "Rankings wanted per prompt",
            "replies_wanted": "Answers wanted per prompt",
            "max_depth": "Depth of a conversation",
            "open_conversations": "Conversations under way at once",
            "lease_minutes": "Minutes for a task",
            "held_out_percent": "Percent held out",
        }
        help_texts: ClassVar = {
            "reviews_wanted": "How many people give a verdict. 1 suits a small team.",
            "approvals_needed": "So many of them must accept. A text is rejected once that "
            "cannot be reached any more.",
            "rankings_wanted": "How many people order the answers to one prompt.",
            "replies_wanted": "Answers per prompt in a conversation, to have a choice.",
            "lease_minutes": "How long a task is kept for the person who took it.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["min"] = 1
            field.validators.append(MinValueValidator(1))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        approvals, reviews = cleaned.get("approvals_needed"), cleaned.get("reviews_wanted")
        if approvals and reviews and approvals > reviews:
            self.add_error(
                "approvals_needed", "There cannot be more of these than reviews."
            )
        return cleaned


class CategoryForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none at run time
    class Meta:
        model = Category
        fields = ("name", "slug", "brief", "target", "needs_context")
        labels: ClassVar = {
            "slug": "Short name",
            "needs_context": "A passage must be given",
        }
        help_texts: ClassVar = {
            "slug": "For files and recipes, such as “open-questions”. It stays for good."
        }
        widgets: ClassVar = {"brief": forms.Textarea(attrs={"rows": 3, **PLAIN})}

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        self.dataset = dataset
        super().__init__(*args, **kwargs)

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if self.dataset.categories.filter(slug=slug).exists():
            raise forms.ValidationError("A category of this dataset has this short name.")
        return slug


class CategoryChangeForm(CategoryForm):
    class Meta(CategoryForm.Meta):
        fields = ("name", "brief", "target", "needs_context")  # type: ignore[assignment]


class GuidelineForm(forms.Form):
    text = forms.CharField(
        label="Text",
        widget=forms.Textarea(attrs={"rows": 18, "class": "textarea--tall"}),
        help_text="Markdown. Publishing makes a new version; what was judged before keeps "
        "the version it was judged under.",
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, newest: Guideline | None, **kwargs: Any) -> None:
        self.newest = newest
        if newest is not None:
            kwargs["initial"] = {"text": newest.text, "based_on": newest.number}
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        number = self.newest.number if self.newest else None
        if cleaned.get("based_on") != number:
            raise forms.ValidationError(
                f"Version {number} was published while you were writing. Compare your text "
                "with it, then publish once more."
            )
        return cleaned


class MemberForm(forms.Form):
    email = forms.EmailField(label="E-mail address")
    role = forms.ChoiceField(choices=Membership.Role.choices)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        people = Contributor.objects.filter(email__iexact=email, is_active=True)
        self.person = people.first()
        if self.person is None:
            raise forms.ValidationError(
                "Nobody here has this address. Let them sign up first, or ask a site admin "
                "to add an account under Settings."
            )
        return email


class ReleaseForm(forms.Form):
    """A curator's decision on a held message."""

    decision = forms.ChoiceField(choices=[("accept", "Accept"), ("reject", "Reject")])
    why = forms.CharField(
        label="Why?",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, **PLAIN}),
        help_text="Its author reads this.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("decision") == "reject" and not cleaned.get("why"):
            self.add_error("why", "Say why, so that the author knows.")
        return cleaned


class HoldForm(forms.Form):
    why = forms.CharField(
        label="Why?",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, **PLAIN}),
        help_text="Nothing is learned from it until you decide. Its author reads this.",
    )


class FreezeForm(forms.Form):
    """A recipe: which accepted answers go into a version."""

    categories = forms.MultipleChoiceField(
        required=False, widget=CheckboxSelectMultiple, help_text="None chosen takes all."
    )
    languages = forms.MultipleChoiceField(
        required=False, widget=CheckboxSelectMultiple, help_text="None chosen takes all."
    )
    best_replies = forms.IntegerField(
        label="Best answers per prompt",
        required=False,
        min_value=0,
        max_value=1000,
        help_text="At most so many, by rank. Empty takes every accepted answer.",
    )
    with_models = forms.BooleanField(
        label="With answers that a model wrote and a person accepted",
        required=False,
        initial=True,
    )

    def __init__(self, dataset: Dataset, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = dataset.categories.order_by("name").values_list("slug", "name")
        choices: dict[str, list[tuple[str, str]]] = {
            "categories": list(named),
            "languages": [(code, code) for code in dataset.languages],
        }
        for name, known in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = known

    @property
    def recipe(self) -> dict[str, Any]:
        return {**self.cleaned_data, "best_replies": self.cleaned_data["best_replies"] or 0}


class RegistrationForm(forms.Form):
    is_open = forms.BooleanField(
        label="People may sign up by themselves",
        required=False,
        help_text="Off: only accounts that an admin made can sign in.",
    )


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none at run time
    class Meta:
        model = Contributor
        fields = ("email", "name")
        labels: ClassVar = {"email": "E-mail address"}

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if Contributor.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError("There is an account with this address already.")
        return email.lower()

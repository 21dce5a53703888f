"""What people tell of themselves: at sign-up their name, later how they want to work."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from django.conf import settings
from django.forms.widgets import CheckboxSelectMultiple
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from curation.actions import profiles
from curation.languages import name_of
from curation.models import Category, Contributor, Dataset, Profile


class SignupForm(forms.Form):
    """Beside allauth's own fields, which come before it."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        required=False,
        help_text=_("What colleagues call you. You can change it later."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    def signup(self, request: HttpRequest, user: Contributor) -> None:
        profiles.introduce(by=user, name=self.cleaned_data["name"].strip())


class ProfileForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        required=False,
        help_text=_("What colleagues call you. Without one, the part before the @."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages that you read and write well"),
        required=False,
        widget=CheckboxSelectMultiple,
        help_text=_("Work in other languages is not offered to you. None chosen: all."),
    )
    topics = forms.MultipleChoiceField(
        label=_("Topics that you like"),
        required=False,
        widget=CheckboxSelectMultiple,
        help_text=_("Work on these comes first."),
    )
    categories = forms.ModelMultipleChoiceField(
        label=_("Categories that you like"),
        required=False,
        queryset=Category.objects.none(),
        widget=CheckboxSelectMultiple,
        help_text=_("Work in these comes first."),
    )
    expertise = forms.CharField(
        label=_("What you know a lot about"),
        max_length=300,
        required=False,
        help_text=_("In your own words. Curators read it when they give out work."),
        widget=forms.Textarea(
            attrs={"rows": 2, "class": "textarea--plain textarea--short"}
        ),
    )
    interface_language = forms.ChoiceField(label=_("Language of Winnow"), required=False)
    digest = forms.ChoiceField(
        label=_("News by e-mail"),
        choices=Profile.Digest.choices,
        help_text=_("One mail with what is new for you. Nothing new, no mail."),
    )
    on_leaderboard = forms.BooleanField(
        label=_("Show me on leaderboards"),
        required=False,
        help_text=_("Without it, only you see your points."),
    )

    def __init__(self, *args: Any, person: Contributor, **kwargs: Any) -> None:
        profile = Profile.of(person)
        kwargs.setdefault("initial", _as_stored(person, profile))
        super().__init__(*args, **kwargs)
        seen = Dataset.objects.visible_to(person).filter(archived_at=None)
        self.known = list(
            Category.objects.filter(dataset__in=seen)
            .select_related("dataset")
            .order_by("dataset__title", "dataset_id", "name")
        )
        spoken = {
            code for codes in seen.values_list("languages", flat=True) for code in codes
        }
        topics = {topic for category in self.known for topic in category.topics}
        self._offer("languages", [(c, name_of(c)) for c in {*spoken, *profile.languages}])
        self._offer("topics", [(t, t) for t in {*topics, *profile.topics}])
        as_the_browser = ("", str(_("As my browser asks")))
        self._choices("interface_language", [as_the_browser, *settings.LANGUAGES])
        categories = self.fields["categories"]
        assert isinstance(categories, forms.ModelMultipleChoiceField)
        categories.queryset = Category.objects.filter(dataset__in=seen)

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        self._choices(name, sorted(choices, key=lambda choice: choice[1].casefold()))

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def categories_by_dataset(self) -> list[tuple[Dataset, list[Category]]]:
        groups = groupby(self.known, key=lambda category: category.dataset)
        return [(dataset, list(theirs)) for dataset, theirs in groups]

    def chosen_categories(self) -> set[str]:
        """What is ticked, as the page sends it."""
        return {str(getattr(one, "pk", one)) for one in self["categories"].value() or ()}

    def clean_name(self) -> str:
        return str(self.cleaned_data["name"]).strip()


def _as_stored(person: Contributor, profile: Profile) -> dict[str, Any]:
    chosen = profile.categories.all() if not profile._state.adding else []
    stored = {name: getattr(profile, name) for name in profiles.FIELDS}
    return {**stored, "name": person.name, "categories": [one.pk for one in chosen]}

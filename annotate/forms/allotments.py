"""What a curator sends to give somebody work."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from annotate.allotments import AT_MOST, kinds_in, numbers_in
from curation.models import TAKING_PART, Category, Contributor, Dataset

DASH = re.compile(r"\s*[-–]\s*")
NUMBERS = re.compile(r"(\d{1,18})(?:-(\d{1,18}))?")


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]  # none at run time
    """People with what they say of themselves, so that work goes to who knows of it."""

    def label_from_instance(self, person: Contributor) -> str:
        profile = getattr(person, "profile", None)
        told = [*profile.languages, profile.expertise] if profile else []
        return " · ".join([str(person), *filter(None, told)])


class AllotmentForm(forms.Form):
    person = PersonField(
        label=_("Person"), queryset=Contributor.objects.none(), empty_label=_("Choose …")
    )
    kind = forms.ChoiceField(label=_("Work"))
    wanted = forms.IntegerField(
        label=_("How many"), min_value=1, max_value=AT_MOST, initial=20
    )
    category = forms.ModelChoiceField(
        label=_("Category"),
        queryset=Category.objects.none(),
        required=False,
        empty_label=_("Any"),
    )
    due_on = forms.DateField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("After this day, what is still open goes to everybody again."),
    )
    conversations = forms.CharField(
        label=_("Only these conversations"),
        required=False,
        max_length=2_000,
        help_text=_(
            "Their numbers, such as 12, 15, 20-40. All such work in them is given then."
        ),
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=300)

    def __init__(self, dataset: Dataset, *args: Any, **kwargs: Any) -> None:
        self.dataset = dataset
        super().__init__(*args, **kwargs)
        members = Contributor.objects.filter(
            memberships__dataset=dataset,
            memberships__role__in=TAKING_PART,
            is_active=True,
        ).distinct()
        person, category = self.fields["person"], self.fields["category"]
        assert isinstance(person, forms.ModelChoiceField)
        assert isinstance(category, forms.ModelChoiceField)
        person.queryset = members.select_related("profile").order_by("name", "email")
        category.queryset = dataset.categories.order_by("name")
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [(one.value, one.label) for one in kinds_in(dataset)]
        self.fields["due_on"].widget.attrs["min"] = localdate().isoformat()

    def clean_conversations(self) -> set[int]:
        """Numbers and ranges, as conversations of this dataset."""
        typed: str = self.cleaned_data["conversations"]
        wanted: set[int] = set()
        for part in re.findall(r"[^,;\s]+", DASH.sub("-", typed)):
            found = NUMBERS.fullmatch(part)
            if found is None:
                raise forms.ValidationError(
                    _("“%(part)s” is neither a number nor a range like 20-40."),
                    params={"part": part},
                )
            first, last = int(found[1]), int(found[2] or found[1])
            if not 0 <= last - first < AT_MOST:
                raise forms.ValidationError(
                    _("A range holds at most %(most)d conversations."),
                    params={"most": AT_MOST},
                )
            wanted.update(range(first, last + 1))
        there = numbers_in(self.dataset, wanted)
        if wanted and not there:
            raise forms.ValidationError(_("This dataset has none of these conversations."))
        return there

"""What freezing sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.widgets import CheckboxSelectMultiple
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from curation.errors import CurationError
from curation.formats.recipe import Recipe
from curation.models import Conversation, Dataset, Settlement

State = Conversation.State
STATES = [
    (state.value, state.label)
    for state in (State.REVIEW, State.GROWING, State.RANKING, State.COMPLETE)
]
STATUSES = [*Settlement.Status.choices, ("unranked", _("Not ranked"))]
MAIN = ("categories", "languages", "best_replies", "with_models")


def _several(label: Any, choices: Any = (), hint: Any = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=choices,
        required=False,
        widget=CheckboxSelectMultiple,
        help_text=hint or _("None chosen takes all."),
    )


def _number(label: Any, hint: Any, least: int, most: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, min_value=least, max_value=most, help_text=hint
    )


class FreezeForm(forms.Form):
    """A recipe: which accepted answers go into a version."""

    categories = _several(_("Categories"))
    languages = _several(_("Languages"))
    best_replies = _number(
        _("Best answers per prompt"),
        _("At most so many, by rank. Empty takes every accepted answer."),
        0,
        1000,
    )
    with_models = forms.BooleanField(
        label=_("With answers that a model wrote and a person accepted"),
        required=False,
        initial=True,
    )
    states = _several(_("State of the conversation"), STATES)
    statuses = _several(_("What the ballots say"), STATUSES)
    contested = forms.ChoiceField(
        label=_("Where people disagree on the order"),
        required=False,
        choices=[
            ("in", _("Take the order as it stands")),
            ("out", _("Leave these answers out")),
            ("soft", _("Take the answers, and shares in place of an order")),
            ("groups", _("Take the answers, and an order for each group of people")),
        ],
    )
    groups_by = forms.ChoiceField(
        label=_("Groups of people"),
        required=False,
        choices=[
            ("", _("By the languages of their profile")),
            ("topic", _("By the topics of their profile")),
        ],
        help_text=_(
            "Where people disagree. A group of fewer than three says too much of one "
            "person; with no larger one, shares take the place of an order."
        ),
    )
    agreement_from = _number(
        _("Agreement of ballots from"),
        _("In hundredths, from -100 to 100. Empty asks for none."),
        -100,
        100,
    )
    reviews_from = _number(
        _("Accepted by so many people"), _("Empty asks for none."), 0, 1000
    )
    rating_from = forms.DecimalField(
        label=_("Mean rating from"),
        required=False,
        min_value=1,
        max_value=7,
        decimal_places=1,
        help_text=_("From 1 to 7. Empty takes answers without a rating, too."),
    )
    duplicates = forms.BooleanField(
        label=_("Without prompts that were merged as duplicates"), required=False
    )
    cap_per_author = _number(
        _("At most so many answers by one author"),
        _("A person, or a model. Empty sets no limit."),
        0,
        1_000_000,
    )
    pairs = forms.ChoiceField(
        label=_("Preference pairs from rankings"),
        required=False,
        choices=[
            ("", _("None")),
            ("best_worst", _("The best against the worst")),
            ("adjacent", _("Each against the next")),
            ("all", _("Each against every later one")),
        ],
    )
    edits = forms.BooleanField(
        label=_("With the words that a reviewer’s edit replaced, as the worse answer"),
        required=False,
    )
    weights = forms.CharField(
        label=_("Weights of categories"),
        required=False,
        max_length=2000,
        help_text=_("In hundredths, such as: closed_qa 50, poems 200. Others weigh 100."),
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

    def clean_weights(self) -> dict[str, int]:
        known = {slug for slug, _name in self.fields["categories"].choices}  # type: ignore[attr-defined]
        found = {}
        for part in self.cleaned_data["weights"].replace("\n", ",").split(","):
            if not part.strip():
                continue
            slug, _space, number = part.strip().rpartition(" ")
            if slug not in known or not number.isdecimal():
                said = gettext("“%(part)s” is no category and its weight.")
                raise forms.ValidationError(said % {"part": part.strip()[:60]})
            found[slug] = int(number)
        return found

    def clean(self) -> dict[str, Any] | None:
        """What the fields alone do not see, such as a weight that is too large."""
        if not self.errors:
            try:
                Recipe.parse(self.recipe)
            except CurationError as refusal:
                raise forms.ValidationError(str(refusal)) from refusal
        return None

    @property
    def recipe(self) -> dict[str, Any]:
        """Only what was said: a field left empty asks for nothing."""
        sent = {
            name: value
            for name, value in self.cleaned_data.items()
            if value not in (None, "", [], {})
        }
        sent["duplicates"] = "out" if sent["duplicates"] else "in"
        if "rating_from" in sent:
            sent["rating_from"] = int(sent["rating_from"] * 10)
        return sent

    @property
    def main(self) -> list[forms.BoundField]:
        return [self[name] for name in MAIN]

    @property
    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in MAIN]

    @property
    def says_more(self) -> bool:
        """Whether anything of `more` was sent, or is wrong: then it is shown open."""
        return self.is_bound and any(
            field.errors or field.data not in (None, "", [], "in", False)
            for field in self.more
        )


def recipe_lines(recipe: Mapping[str, Any]) -> list[tuple[Any, str]]:
    """What a frozen recipe says besides the fields of MAIN, in the words of the form."""
    lines = []
    for name, field in FreezeForm.base_fields.items():
        if name not in MAIN and name in recipe:
            lines.append((field.label, _said(field, recipe[name])))
    return lines


def recipe_changes(
    old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[tuple[Any, str, str]]:
    """What two recipes say otherwise: of what, and each in the words of the form."""
    return [
        (
            field.label,
            _said_or_not(field, old.get(name)),
            _said_or_not(field, new.get(name)),
        )
        for name, field in FreezeForm.base_fields.items()
        if (old.get(name) or None) != (new.get(name) or None)
    ]


def _said_or_not(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.BooleanField) and not value:
        return gettext("no")
    return _said(field, value) if value else "–"


def _said(field: forms.Field, value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    if isinstance(field, forms.BooleanField):
        return gettext("yes")
    if isinstance(field, forms.DecimalField):
        return str(value / 10)
    names = dict(getattr(field, "choices", ()))
    chosen = value if isinstance(value, list) else [value]
    return ", ".join(str(names.get(one, one)) for one in chosen)

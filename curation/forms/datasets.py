"""What the pages of a dataset, its rules and its guideline send."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.core.validators import MaxLengthValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from curation.aggregate.demand import BALLOTS_AT_MOST
from curation.forms.base import PLAIN
from curation.models import (
    Category,
    Dataset,
    Guideline,
    Policy,
)

# Rendered for each reader. No max_length: browsers cut what is pasted to that.
GUIDELINE_AT_MOST = MaxLengthValidator(100_000)
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # BCP 47, as far as we need it


class DatasetForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none at run time
    guideline = forms.CharField(
        label=_("Guideline"),
        required=False,
        validators=[GUIDELINE_AT_MOST],
        widget=forms.Textarea(attrs={"rows": 12, "class": "textarea--tall"}),
        help_text=_("What is good here, in Markdown. You can publish it later, too."),
    )

    class Meta:
        model = Dataset
        fields = ("title", "slug", "description", "shape", "languages", "licence")
        labels: ClassVar = {
            "title": _("Title"),
            "slug": _("Short name"),
            "description": _("Description"),
            "shape": _("Shape"),
            "languages": _("Languages"),
            "licence": _("Licence"),
        }
        help_texts: ClassVar = {
            "slug": _(
                "For addresses and files, like “support-answers”. It stays for good."
            ),
            "description": _("What it is for, in a few sentences. People decide by it."),
            "shape": _("Pairs are written in one go, conversations by several people."),
            "languages": _("Codes with commas between them, like “en, de”."),
            "licence": _("An SPDX identifier, such as CC-BY-4.0."),
        }
        error_messages: ClassVar = {
            "slug": {"unique": _("Another dataset has this short name.")}
        }
        widgets: ClassVar = {"description": forms.Textarea(attrs={"rows": 4, **PLAIN})}

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug == "new":
            raise forms.ValidationError(_("“new” is taken by this page: choose another."))
        return slug

    def clean_languages(self) -> list[str]:
        codes = [str(code).strip() for code in self.cleaned_data["languages"]]
        if wrong := [code for code in codes if not LANGUAGE.fullmatch(code)]:
            raise forms.ValidationError(
                _("“%(code)s” is not a language code like “en”."), params={"code": wrong[0]}
            )
        return codes


class DatasetChangeForm(DatasetForm):
    """What can be changed later: slug, shape and licence stand in what went out."""

    guideline = None  # type: ignore[assignment]  # it has versions of its own

    class Meta(DatasetForm.Meta):
        fields = ("title", "description", "languages")  # type: ignore[assignment]


# Of these, 0 or nothing means that there is none.


MAY_BE_NONE = ("adjudicates", "gold_every", "improve_below", "weekly_goal")


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none at run time
    class Meta:
        model = Policy
        fields = (
            "reviews_wanted", "approvals_needed", "adjudicates", "gold_every",
            "rankings_wanted", "rankings_at_most", "replies_wanted", "improve_below",
            "max_depth", "open_conversations", "lease_minutes", "weekly_goal",
            "held_out_percent",
        )  # fmt: skip
        labels: ClassVar = {
            "reviews_wanted": _("Reviews wanted per text"),
            "approvals_needed": _("Approvals needed to accept"),
            "adjudicates": _("A curator decides where reviewers disagree"),
            "gold_every": _("One known item in so many reviews or rankings"),
            "rankings_wanted": _("Rankings wanted per prompt"),
            "rankings_at_most": _("Rankings at most"),
            "replies_wanted": _("Answers wanted per prompt"),
            "improve_below": _("Ask for a better answer below"),
            "weekly_goal": _("Team goal for a week"),
            "max_depth": _("Depth of a conversation"),
            "open_conversations": _("Conversations under way at once"),
            "lease_minutes": _("Minutes for a task"),
            "held_out_percent": _("Percent held out"),
        }
        help_texts: ClassVar = {
            "reviews_wanted": _("How many people give a verdict. 1 suits a small team."),
            "approvals_needed": _(
                "So many of them must accept. A text is rejected once that cannot be "
                "reached any more."
            ),
            "adjudicates": _("Off: the majority decides."),
            "gold_every": _(
                "What stands under “Known items” is mixed in unseen, and shows how people "
                "judge. 20: every twentieth review, and ranking, of whoever is known well. "
                "Newcomers meet one in 4 at first, then one in 10, until enough is known "
                "of them. 0: none."
            ),
            "rankings_wanted": _("How many people order the answers to one prompt."),
            "rankings_at_most": _(
                "While these people disagree, more are asked, up to so many. 9 is the "
                "most: more would tell little."
            ),
            "improve_below": _(
                "Where the quality label is at most this on average, 1 to 5, or where most "
                "say that none is good, somebody is asked to write it anew. 0: never."
            ),
            "weekly_goal": _("Tasks that all do together, shown at home. 0: no goal."),
            "replies_wanted": _("Answers per prompt in a conversation, to have a choice."),
            "max_depth": _("Messages from the first prompt down, itself included."),
            "open_conversations": _(
                "While so many are unfinished, no new prompts are asked for."
            ),
            "lease_minutes": _("How long a task is kept for the person who took it."),
            "held_out_percent": _(
                "Share of new conversations kept for evaluation. Older ones do not move."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            least = 0 if name in MAY_BE_NONE else 1
            field.widget.attrs["min"] = least
            field.validators.append(MinValueValidator(least))
            field.required = name not in (*MAY_BE_NONE, "rankings_at_most")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in MAY_BE_NONE:
            if name not in self.errors:
                cleaned[name] = cleaned.get(name) or 0
        self._clean_rankings(cleaned)
        approvals, reviews = cleaned.get("approvals_needed"), cleaned.get("reviews_wanted")
        if approvals and reviews and approvals > reviews:
            self.add_error(
                "approvals_needed", _("There cannot be more of these than reviews.")
            )
        return cleaned

    def _clean_rankings(self, cleaned: dict[str, Any]) -> None:
        """Left empty, as many as usual."""
        wanted = cleaned.get("rankings_wanted") or 1
        if "rankings_at_most" in self.errors:
            return
        usual = Policy._meta.get_field("rankings_at_most").default
        at_most = cleaned.get("rankings_at_most") or max(usual, wanted)
        cleaned["rankings_at_most"] = at_most
        if at_most < wanted:
            said = _("There cannot be fewer of these than rankings wanted.")
            self.add_error("rankings_at_most", said)
        elif at_most > max(wanted, BALLOTS_AT_MOST):
            most = {"most": BALLOTS_AT_MOST}
            self.add_error("rankings_at_most", _("%(most)d is the most.") % most)


class CategoryForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none at run time
    topics = forms.CharField(
        label=_("Topics"),
        required=False,
        max_length=400,
        help_text=_(
            "Who chose one of these in their profile is asked first. Separate with commas."
        ),
    )

    class Meta:
        model = Category
        fields = ("name", "slug", "brief", "target", "needs_context", "topics")
        labels: ClassVar = {
            "name": _("Name"),
            "slug": _("Short name"),
            "brief": _("What writers are told"),
            "target": _("Target"),
            "needs_context": _("A passage must be given"),
        }
        help_texts: ClassVar = {
            "slug": _(
                "For files and recipes, such as “open-questions”. It stays for good."
            ),
            "brief": _("What a writer should know, in a sentence or three."),
            "target": _("Accepted conversations wanted."),
            "needs_context": _("The prompt stands on a passage that must be given."),
        }
        widgets: ClassVar = {"brief": forms.Textarea(attrs={"rows": 3, **PLAIN})}

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        self.dataset = dataset
        super().__init__(*args, **kwargs)
        self.initial["topics"] = ", ".join(self.instance.topics)

    def clean_topics(self) -> list[str]:
        given = [topic.strip() for topic in self.cleaned_data["topics"].split(",")]
        if any(len(topic) > 40 for topic in given):
            raise forms.ValidationError(_("A topic has at most 40 characters."))
        return list(dict.fromkeys(topic for topic in given if topic))

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if self.dataset.categories.filter(slug=slug).exists():
            raise forms.ValidationError(
                _("A category of this dataset has this short name.")
            )
        return slug


class CategoryChangeForm(CategoryForm):
    class Meta(CategoryForm.Meta):
        fields = ("name", "brief", "target", "needs_context", "topics")  # type: ignore[assignment]


class GuidelineForm(forms.Form):
    text = forms.CharField(
        label=_("Text"),
        validators=[GUIDELINE_AT_MOST],
        widget=forms.Textarea(attrs={"rows": 18, "class": "textarea--tall"}),
        help_text=_(
            "Markdown. Publishing makes a new version; what was judged before keeps the "
            "version it was judged under."
        ),
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
                _(
                    "Version %(number)s was published while you were writing. Compare your "
                    "text with it, then publish once more."
                ),
                params={"number": number},
            )
        return cleaned

"""What a curator fills in to ask people about models, and to decide on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from curation import handoff
from trainer import judges
from trainer.jobs import generate
from trainer.models import PromotionPolicy, Run


def judge_choices(dataset_id: int) -> list[tuple[int, str]]:
    """The dataset's reward models, each with what is known of it."""
    return [(one.pk, str(judges.named(one).label)) for one in judges.to_choose(dataset_id)]


class AskForm(forms.Form):
    """How many prompts a model answers for people to rank, and how."""

    prompts = forms.IntegerField(
        label=_("Prompts"),
        min_value=1,
        max_value=generate.PROMPTS_AT_MOST,
        initial=10,
        help_text=_("At most as many as people have room for; see above."),
    )
    kept = forms.IntegerField(
        label=_("Answers to each"),
        min_value=1,
        max_value=generate.KEPT_AT_MOST,
        initial=1,
        help_text=_("Of several that are made, those that differ most."),
    )
    choice = forms.ChoiceField(
        label=_("Which prompts"), choices=handoff.Choice.choices, initial="held_out"
    )
    judge = forms.TypedChoiceField(
        label=_("The best by the marks of"),
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_("A reward model that chooses among answers that differ."),
    )
    temperature = forms.FloatField(
        label=_("Temperature"),
        min_value=0.1,
        max_value=2,
        initial=0.9,
        help_text=_("Higher is more varied."),
    )
    max_new_tokens = forms.IntegerField(
        label=_("Tokens per answer"), min_value=1, max_value=2048, initial=64
    )

    def __init__(
        self, *args: Any, room: handoff.Room, dataset_id: int, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["prompts"].initial = min(10, room.prompts) or 1
        nobody = ("", _("Nobody: those that differ most"))
        judging = self.fields["judge"]
        judging.choices = [nobody, *judge_choices(dataset_id)]  # type: ignore[attr-defined]
        usual = judges.of_dataset(dataset_id)
        if usual and not judges.named(usual).is_at_chance:
            judging.initial = usual.pk

    def settings(self) -> dict[str, Any]:
        """As a job of the kind “generate” takes them."""
        given = self.cleaned_data
        return given | {"made": 4 * given["kept"]}


class ContestForm(forms.Form):
    """Whom a model meets in the arena, and until when."""

    rival = forms.TypedChoiceField(label=_("Against"), coerce=int)
    choice = forms.ChoiceField(
        label=_("Which prompts"), choices=handoff.Choice.choices, initial="held_out"
    )
    budget = forms.IntegerField(
        label=_("Prompts at most"), min_value=1, max_value=1000, initial=60
    )
    confidence = forms.FloatField(
        label=_("Confidence"), min_value=0.5, max_value=0.999, initial=0.95
    )

    def __init__(self, *args: Any, run: Run, rivals: Sequence[Run], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = [(one.pk, one.signature) for one in rivals]
        base = _("%(base)s, its base") % {"base": run.base.slug}
        self.fields["rival"].choices = [(0, base), *others]  # type: ignore[attr-defined]

    def settings(self) -> dict[str, Any]:
        given = {**self.cleaned_data}
        return given | {"rival": given["rival"] or None}


class PromoteForm(forms.Form):
    """The reason is asked for where conditions are unmet."""

    reason = forms.CharField(
        label=_("Why all the same"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(
            attrs={"rows": 3, "class": "textarea--short textarea--plain"}
        ),
        help_text=_("It is kept with the decision."),
        error_messages={"required": _("Say why, or wait until all is met.")},
    )

    def __init__(self, *args: Any, is_needed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = is_needed


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = PromotionPolicy
        fields = (
            "least_gain", "holds_categories", "most_forgotten", "asks_people",
            "least_ballots", "confidence", "is_automatic",
        )  # fmt: skip

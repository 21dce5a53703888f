"""What a curator fills in to have small trainings compared, with what they would take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from curation.handoff import By, Portion
from trainer import estimates, trials
from trainer.jobs import effect, forecast
from trainer.models import Run
from trainer.prospects import PARTS


class SeedsForm(forms.Form):
    """How often each training is repeated."""

    share = 1.0  # of the run's time, that a training takes on average

    def __init__(self, *args: Any, run: Run, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seconds = trials.seconds(run)
        counts = range(trials.SEEDS_LEAST, trials.SEEDS_MOST + 1)
        self.fields["seeds"] = forms.TypedChoiceField(
            label=_("Seeds"),
            coerce=int,
            choices=[
                (n, _budget(n, self.trainings(n), self.share * seconds)) for n in counts
            ],
            initial=trials.SEEDS,
            widget=forms.RadioSelect,
            help_text=_(
                "Each training is repeated with so many. More of them tell smaller changes "
                "from chance."
            ),
        )

    def trainings(self, seeds: int) -> int:
        """At most."""
        raise NotImplementedError


class EffectForm(SeedsForm):
    """What is left out."""

    field_order = ("what", "seeds")

    def __init__(self, *args: Any, portions: Iterable[Portion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = list(portions)
        groups = [
            (by.label, [(_key(one), _counted(one)) for one in every if one.by == by])
            for by in By
        ]
        self.fields["what"] = forms.ChoiceField(
            label=_("What is left out"),
            choices=[("", _("Choose")), *(group for group in groups if group[1])],
        )
        self.order_fields(self.field_order)

    def trainings(self, seeds: int) -> int:
        return seeds * len(effect.ARMS)

    def settings(self) -> dict[str, Any]:
        """As a job of the kind “effect” takes them."""
        by, _colon, value = self.cleaned_data["what"].partition(":")
        return {"by": by, "value": value, "seeds": self.cleaned_data["seeds"]}


class ForecastForm(SeedsForm):
    share = sum(PARTS) / len(PARTS)

    def trainings(self, seeds: int) -> int:
        return forecast.trainings(seeds)

    def settings(self) -> dict[str, Any]:
        return {"seeds": self.cleaned_data["seeds"]}


def _key(portion: Portion) -> str:
    return f"{portion.by.value}:{portion.value}"


def _counted(portion: Portion) -> str:
    said = ngettext(
        "%(label)s: %(count)d example", "%(label)s: %(count)d examples", portion.examples
    )
    return said % {"label": portion.label, "count": portion.examples}


def _budget(seeds: int, trainings: int, seconds: float) -> str:
    told = {"seeds": seeds, "count": trainings, "time": estimates.told(trainings * seconds)}
    if not seconds:
        return _("%(seeds)d: %(count)d trainings") % told
    return _("%(seeds)d: %(count)d trainings, about %(time)s") % told

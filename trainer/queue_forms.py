"""What an admin fills in to rule the queue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext_lazy as _

from curation.renewal import Curated
from trainer.actions.queue import PRIORITIES
from trainer.schedule_forms import QuietForm

MOST_HOURS = 100_000


class RulesForm(QuietForm):
    """The site's quiet hours, and the place whose clock they follow."""

    field_order = ("time_zone", "quiet_from", "quiet_to", "quiet_days")


class PriorityForm(forms.Form):
    priority = forms.IntegerField(min_value=PRIORITIES[0], max_value=PRIORITIES[-1])


class BudgetLine(NamedTuple):
    dataset: Curated
    field: forms.BoundField
    spent: float  # hours


class BudgetsForm(forms.Form):
    """A field a dataset: hours a month, or none for as many as it likes."""

    def __init__(
        self,
        *args: Any,
        datasets: Sequence[Curated],
        hours: Mapping[int, float],
        spent: Mapping[int, float],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.datasets, self.hours, self.spent = datasets, hours, spent
        for dataset in datasets:
            self.fields[self._name(dataset)] = forms.FloatField(
                label=_("Hours a month"), min_value=0, max_value=MOST_HOURS,
                required=False, initial=hours.get(dataset.id),
            )  # fmt: skip

    def lines(self) -> list[BudgetLine]:
        return [
            BudgetLine(one, self[self._name(one)], self.spent.get(one.id, 0.0) / 3600)
            for one in self.datasets
        ]

    def changed(self) -> Iterator[tuple[int, float | None]]:
        """What is to be written: a dataset, and its hours or None."""
        for dataset in self.datasets:
            given = self.cleaned_data[self._name(dataset)]
            if given != self.hours.get(dataset.id):
                yield dataset.id, given

    def _name(self, dataset: Curated) -> str:
        return f"hours-{dataset.id}"

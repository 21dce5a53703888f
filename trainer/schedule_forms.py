"""What a person fills in to have runs asked for by the clock, or to rule the queue."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _

from curation.renewal import Curated
from trainer import methods
from trainer.actions.schedules import Facts
from trainer.hours import DAILY, WORKING_DAYS
from trainer.models import BaseModel, QueueRules, Run, Schedule
from trainer.zones import zones

HOURS: list[tuple[int | str, str]] = [(hour, f"{hour:02}:00") for hour in range(24)]
NO_HOUR: list[tuple[int | str, str]] = [("", "–")]
# What a schedule may fix; all else fits the version that there is by then.
FIXED = ("steps", "samples", "offer")
MOST_WAITING = 1_000_000


def _hour(value: str) -> int | None:
    return int(value) if value != "" else None


def _offer(form: forms.Form, name: str, choices: list[tuple[Any, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


class QuietForm(forms.Form):
    """Hours in which no run begins."""

    quiet_from = forms.TypedChoiceField(
        label=_("Quiet from"), choices=NO_HOUR + HOURS, required=False, coerce=_hour,
        empty_value=None,
    )  # fmt: skip
    quiet_to = forms.TypedChoiceField(
        label=_("Quiet until"), choices=NO_HOUR + HOURS, required=False, coerce=_hour,
        empty_value=None,
    )  # fmt: skip
    quiet_days = forms.ChoiceField(
        label=_("Quiet on"),
        choices=[("weekdays", _("Monday to Friday")), ("daily", _("Every day"))],
        required=False,
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), help_text=_("All hours here are hours of this place.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "time_zone", [(zone, zone) for zone in zones()])

    def clean(self) -> dict[str, Any]:
        given = {**(super().clean() or {})}
        begins, ends = given.get("quiet_from"), given.get("quiet_to")
        if (begins is None) != (ends is None):
            missing = "quiet_to" if ends is None else "quiet_from"
            self.add_error(missing, say("Quiet hours have a beginning and an end."))
        return given

    def quiet_fields(self) -> list[forms.BoundField]:
        return [self["quiet_from"], self["quiet_to"], self["quiet_days"]]

    def is_quiet(self) -> bool:
        """Whether there is something to see, or to mend."""
        fields = self.quiet_fields()
        return any(f.errors for f in fields) or self["quiet_from"].value() not in (None, "")

    def quiet(self) -> dict[str, Any]:
        given = self.cleaned_data
        every = given["quiet_days"] == "daily"
        is_quiet = given["quiet_from"] is not None
        return {
            "time_zone": given["time_zone"],
            "quiet_from": given["quiet_from"],
            "quiet_to": given["quiet_to"],
            "quiet_days": list(DAILY if every else WORKING_DAYS) if is_quiet else [],
        }


def quiet_initial(ruled: Schedule | QueueRules) -> dict[str, Any]:
    is_daily = list(ruled.quiet_days) == list(DAILY)
    return {
        "time_zone": ruled.time_zone,
        "quiet_from": ruled.quiet_from,
        "quiet_to": ruled.quiet_to,
        "quiet_days": "daily" if is_daily else "weekdays",
    }


class ScheduleForm(QuietForm):
    """`like` is the run whose settings the schedule's runs get, if any."""

    name = forms.CharField(label=_("Name"), max_length=80)
    dataset = forms.TypedChoiceField(label=_("Dataset"), coerce=int)
    when = forms.ChoiceField(
        label=_("When"), choices=Schedule.When.choices, widget=forms.RadioSelect
    )
    hour = forms.TypedChoiceField(
        label=_("At"), choices=HOURS, coerce=int, required=False,
        help_text=_("Of each night, or of the day."),
    )  # fmt: skip
    weekday = forms.TypedChoiceField(
        label=_("On"), choices=Schedule.Weekday.choices, coerce=int, required=False,
        help_text=_("Of each week."),
    )  # fmt: skip
    wanted_messages = forms.IntegerField(
        label=_("Newly accepted messages"), min_value=1, max_value=MOST_WAITING,
        required=False, help_text=_("Since the newest version, or since it last fired."),
    )  # fmt: skip
    wanted_ballots = forms.IntegerField(
        label=_("New ballots"), min_value=1, max_value=MOST_WAITING, required=False,
        help_text=_("Whichever of the two comes first."),
    )  # fmt: skip
    base = forms.TypedChoiceField(label=_("Base model"), coerce=int)
    steps = forms.IntegerField(required=False)
    samples = forms.IntegerField(required=False)
    offer = forms.BooleanField(required=False, initial=True)

    def __init__(
        self,
        *args: Any,
        datasets: Sequence[Curated],
        bases: Sequence[BaseModel],
        like: Run | None = None,
        schedule: Schedule | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.bases = {base.pk: base for base in bases}
        self.datasets = datasets
        self.kept = schedule.config if schedule else like.config if like else {}
        self.method = schedule.method if schedule else like.method if like else ""
        _offer(self, "dataset", [(one.id, one.title) for one in datasets])
        _offer(self, "base", [(base.pk, str(base)) for base in bases])
        if schedule is not None:
            del self.fields["dataset"]
        how = methods.named(self.method or Run.Method.SFT).config
        known = {field.name: field.metadata for field in dataclasses.fields(how)}
        self.fixed = [name for name in FIXED if name in known]
        for name in set(FIXED) - known.keys():
            del self.fields[name]
        for name in self.fixed:
            field = self.fields[name]
            field.label = known[name]["label"]
            if isinstance(field, forms.IntegerField):
                field.help_text = say("Empty: as many as fit the version.")
                field.widget.attrs |= {
                    "min": known[name]["least"], "max": known[name]["most"],
                }  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        waits = given.get("wanted_messages") or given.get("wanted_ballots")
        if given.get("when") == Schedule.When.WAITING and not waits and not self.errors:
            said = say("Say how many messages or ballots it waits for.")
            self.add_error("wanted_messages", said)
        return given

    def what(self) -> list[forms.BoundField]:
        return self._fields("name", "dataset")

    def clock(self) -> list[forms.BoundField]:
        return self._fields("hour", "weekday")

    def waits(self) -> list[forms.BoundField]:
        return self._fields("wanted_messages", "wanted_ballots")

    def run(self) -> list[forms.BoundField]:
        return self._fields("base", *self.fixed)

    def _fields(self, *names: str) -> list[forms.BoundField]:
        return [self[name] for name in names if name in self.fields]

    def facts(self) -> Facts:
        given = self.cleaned_data
        fixed = {name: given[name] for name in self.fixed if given[name] is not None}
        others = {name: value for name, value in self.kept.items() if name not in FIXED}
        facts: dict[str, Any] = {
            **{name: given[name] for name in ("name", "when")},
            "hour": given["hour"] if given["hour"] != "" else 2,
            "weekday": given["weekday"] if given["weekday"] != "" else 5,
            "wanted_messages": given["wanted_messages"],
            "wanted_ballots": given["wanted_ballots"],
            "base": self.bases[given["base"]],
            "config": others | fixed,
            **self.quiet(),
        }
        if self.method:
            facts["method"] = self.method
        return cast("Facts", facts)


def initial(schedule: Schedule) -> dict[str, Any]:
    names = ("name", "when", "hour", "weekday", "wanted_messages", "wanted_ballots")
    return {
        **{name: getattr(schedule, name) for name in names},
        "base": schedule.base_id,
        **{name: schedule.config.get(name) for name in FIXED},
        **quiet_initial(schedule),
    }

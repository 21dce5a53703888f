"""What a person fills in to have runs asked for by the clock, or to rule the queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _

from curation import renewal
from curation.http import SignedInRequest
from curation.renewal import Curated
from trainer import access
from trainer.actions.schedules import Facts
from trainer.forms import MethodForm, as_parent
from trainer.hours import DAILY, WORKING_DAYS
from trainer.methods import Method
from trainer.models import BaseModel, QueueRules, Run, Schedule
from trainer.text import is_number
from trainer.zones import zones

HOURS: list[tuple[int | str, str]] = [(hour, f"{hour:02}:00") for hour in range(24)]
NO_HOUR: list[tuple[int | str, str]] = [("", "–")]
MOST_WAITING = 1_000_000


def _hour(value: str) -> int | None:
    return int(value) if value != "" else None


def _offer(form: forms.Form, name: str, choices: Sequence[tuple[Any, Any]]) -> None:
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


class ScheduleForm(QuietForm, MethodForm):
    """Of one method. Settings left empty are chosen each time, for the version and the
    base. `parents` are runs that it may go on from."""

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
    after = forms.TypedChoiceField(
        label=_("After which schedule"), coerce=int, required=False, empty_value=None,
        help_text=_("So a reward model, or DPO on the fresh fine-tune, follows by itself."),
    )  # fmt: skip
    base = forms.TypedChoiceField(label=_("Base model"), coerce=int)
    start = forms.ChoiceField(
        label=_("Goes on from"),
        help_text=_("A fine-tuned model of the same base; what it learned is kept."),
    )

    def __init__(
        self,
        *args: Any,
        method: Method,
        datasets: Sequence[Curated],
        bases: Sequence[BaseModel],
        parents: Sequence[Run] = (),
        others: Sequence[Schedule] = (),
        schedule: Schedule | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.method, self.datasets = method, datasets
        self.bases = {base.pk: base for base in bases}
        self.parents = {run.pk: run for run in parents if run.base_id in self.bases}
        self.others = {one.pk: one for one in others}
        self._offer_others()
        _offer(self, "dataset", [(one.id, one.title) for one in datasets])
        _offer(self, "base", [(base.pk, str(base)) for base in bases])
        _offer(self, "start", self._starts())
        if schedule is not None:
            del self.fields["dataset"]
        self.add_settings(None)

    def _offer_others(self) -> None:
        """What it may come after, where there is anything."""
        when = Schedule.When.choices
        named = [(pk, f"{one.dataset}: {one}") for pk, one in self.others.items()]
        _offer(self, "when", [one for one in when if named or one[0] != "after"])
        if named:
            _offer(self, "after", [("", "–"), *named])
        else:
            del self.fields["after"]

    def _starts(self) -> list[tuple[Any, Any]]:
        by_then = [one for one in Schedule.Start.choices if one[0] != Schedule.Start.RUN]
        return [*by_then, *map(as_parent, self.parents.values())]

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        when, odd = given.get("when"), self.errors
        waits = given.get("wanted_messages") or given.get("wanted_ballots")
        is_odd = "wanted_messages" in odd or "wanted_ballots" in odd
        if when == Schedule.When.WAITING and not waits and not is_odd:
            said = say("Say how many messages or ballots it waits for.")
            self.add_error("wanted_messages", said)
        if when == Schedule.When.AFTER and not given.get("after") and "after" not in odd:
            self.add_error("after", say("Say after which schedule it comes."))
        return given

    def what(self) -> list[forms.BoundField]:
        return self._fields("name", "dataset")

    def clock(self) -> list[forms.BoundField]:
        return self._fields("hour", "weekday")

    def waits(self) -> list[forms.BoundField]:
        return self._fields("wanted_messages", "wanted_ballots")

    def follows(self) -> list[forms.BoundField]:
        return self._fields("after")

    def run(self) -> list[forms.BoundField]:
        return [*self._fields("base", "start"), *self.shown_settings()]

    def _fields(self, *names: str) -> list[forms.BoundField]:
        return [self[name] for name in names if name in self.fields]

    def facts(self) -> Facts:
        given = self.cleaned_data
        is_after = given["when"] == Schedule.When.AFTER
        parent = (
            self.parents.get(int(given["start"])) if is_number(given["start"]) else None
        )
        facts: dict[str, Any] = {
            **{name: given[name] for name in ("name", "when")},
            "hour": given["hour"] if given["hour"] != "" else 2,
            "weekday": given["weekday"] if given["weekday"] != "" else 5,
            "wanted_messages": given["wanted_messages"],
            "wanted_ballots": given["wanted_ballots"],
            "after": self.others[given["after"]] if is_after else None,
            "method": self.method.name.value,
            "base": self.bases[given["base"]],
            "start": Schedule.Start.RUN if parent else given["start"],
            "parent": parent,
            "config": self.chosen_settings(),
            **self.quiet(),
        }
        return cast("Facts", facts)


def new_form(
    request: SignedInRequest, method: Method, begins: dict[str, Any], data: Any = None
) -> ScheduleForm:
    """For one that is not there yet; it `begins` with these values."""
    return ScheduleForm(
        data,
        method=method,
        datasets=renewal.curated_by(request.user),
        bases=list(BaseModel.objects.ready().for_listing()),
        parents=access.parents(request),
        others=list(access.schedules(request).for_listing()),
        initial=begins,
    )


def change_form(
    request: SignedInRequest, found: Schedule, method: Method, data: Any = None
) -> ScheduleForm:
    """With what it is now; what it uses is offered, even where nothing new may use it."""
    ready = {base.pk: base for base in BaseModel.objects.ready().for_listing()}
    others = access.schedules(request).for_listing().filter(dataset=found.dataset_id)
    parents = access.parents(request)
    if found.parent and found.parent not in parents:
        parents.append(found.parent)
    return ScheduleForm(
        data,
        method=method,
        datasets=renewal.curated_by(request.user),
        bases=[*ready.values(), *([] if found.base_id in ready else [found.base])],
        parents=parents,
        others=list(others.exclude(pk=found.pk)),
        schedule=found,
        initial=initial(found, method),
    )


def usual(method: Method) -> dict[str, Any]:
    """What a new one begins with."""
    return {
        "time_zone": "UTC", "hour": 2, "weekday": 5, "when": Schedule.When.NIGHTLY,
        "quiet_days": "weekdays", "start": "newest" if method.goes_on else "base",
    }  # fmt: skip


def initial(schedule: Schedule, method: Method) -> dict[str, Any]:
    """Its settings are those of its own method, and mean nothing to another."""
    names = ("name", "when", "hour", "weekday", "wanted_messages", "wanted_ballots")
    is_its_own = schedule.method == method.name
    return {
        **{name: getattr(schedule, name) for name in names},
        "after": schedule.after_id,
        "base": schedule.base_id,
        "start": schedule.parent_id or schedule.start,
        **(schedule.config if is_its_own else {}),
        **quiet_initial(schedule),
    }

"""What comes in: shapes only. Rules stand in the forms and the actions."""

from __future__ import annotations

from typing import cast

from django import forms
from rest_framework import serializers

from curation.rest.strict import Strict
from trainer import methods
from trainer.forms import TEXTS_AT_MOST
from trainer.jobs.kinds import KINDS
from trainer.judging import PromoteForm
from trainer.models import BaseModel, Job, Metric, Run, Schedule

NUMBERS = 10**18 - 1  # of rows, as the database holds them
DIGEST = r"^[0-9a-f]{64}$"
METHODS = [(one.name.value, one.label) for one in methods.EVERY]
# A talk begins in the playground.
ASKED_FOR = [name for name in KINDS if name != Job.TALK]
STARTS = [one for one in Schedule.Start.choices if one[0] != Schedule.Start.RUN]
REASON = cast(forms.CharField, PromoteForm.base_fields["reason"])
NEWEST, OLDEST = "newest", "oldest"


def _number(*, is_needed: bool = False, **more: object) -> serializers.IntegerField:
    limits = {"min_value": 1, "max_value": NUMBERS, "required": is_needed}
    return serializers.IntegerField(**(limits | more))  # type: ignore[arg-type]


class BaseQuery(Strict):
    state = serializers.ChoiceField(choices=BaseModel.State.choices, required=False)


class BaseWish(Strict):
    name = serializers.CharField(max_length=80)
    location = serializers.CharField(
        max_length=400, help_text="A folder, from / on; or a hub id such as owner/name."
    )
    revision = serializers.CharField(
        required=False, allow_blank=True, max_length=40,
        help_text="Of a hub model: the 40 hex digits of one commit.",
    )  # fmt: skip
    licence = serializers.CharField(
        required=False, allow_blank=True, max_length=60, help_text="An SPDX identifier."
    )


class WorkQuery(Strict):
    """What lists of runs and of jobs have in common."""

    state = serializers.ChoiceField(choices=Run.State.choices, required=False)
    dataset = serializers.SlugField(required=False)
    base = serializers.SlugField(required=False)
    order = serializers.ChoiceField(choices=[NEWEST, OLDEST], required=False)


class RunQuery(WorkQuery):
    method = serializers.ChoiceField(choices=Run.Method.choices, required=False)
    version = serializers.RegexField(DIGEST, required=False)


class RunWish(Strict):
    """A setting left out is chosen for the version and the base."""

    version = serializers.RegexField(DIGEST, help_text="The digest of a frozen version.")
    base = serializers.SlugRelatedField(slug_field="slug", queryset=BaseModel.objects.all())
    method = serializers.ChoiceField(choices=METHODS, default=Run.Method.SFT)
    parent = _number(  # type: ignore[assignment]
        allow_null=True, help_text="The run that it goes on from."
    )
    recalled = serializers.IntegerField(
        min_value=0, max_value=TEXTS_AT_MOST, default=0,
        help_text="How many taken-back texts of the version you know of.",
    )  # fmt: skip
    config = serializers.DictField(required=False)


class MetricQuery(Strict):
    name = serializers.ChoiceField(choices=Metric.Name.choices, required=False)
    since_step = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, required=False, help_text="From this step on."
    )
    cursor = serializers.CharField(required=False)


class SampleQuery(Strict):
    cursor = serializers.CharField(required=False)


class JobQuery(WorkQuery):
    kind = serializers.ChoiceField(choices=list(KINDS), required=False)
    run = _number()


class JobWish(Strict):
    kind = serializers.ChoiceField(choices=ASKED_FOR)
    run = _number(is_needed=True, help_text="A finished run, whose model is at work.")
    config = serializers.DictField(required=False)


class WinsWish(Strict):
    judge = _number(is_needed=True, help_text="A reward model's run.")


class ScheduleQuery(Strict):
    dataset = serializers.SlugField(required=False)
    state = serializers.ChoiceField(choices=Schedule.State.choices, required=False)


class ScheduleChange(Strict):
    """What is left out stays as it is, or is what the page proposes."""

    name = serializers.CharField(required=False)
    when = serializers.ChoiceField(choices=Schedule.When.choices, required=False)
    hour = serializers.IntegerField(required=False)
    weekday = serializers.IntegerField(required=False)
    time_zone = serializers.CharField(required=False)
    wanted_messages = serializers.IntegerField(required=False, allow_null=True)
    wanted_ballots = serializers.IntegerField(required=False, allow_null=True)
    after = _number(allow_null=True, help_text="A schedule.")
    base = serializers.SlugRelatedField(
        slug_field="slug", queryset=BaseModel.objects.all(), required=False
    )
    start = serializers.ChoiceField(
        choices=STARTS,
        required=False,
    )
    parent = _number(  # type: ignore[assignment]
        help_text="One run that it goes on from, in place of `start`."
    )
    config = serializers.DictField(required=False)
    quiet_from = serializers.IntegerField(required=False, allow_null=True)
    quiet_to = serializers.IntegerField(required=False, allow_null=True)
    quiet_days = serializers.ChoiceField(choices=["weekdays", "daily"], required=False)


class ScheduleWish(ScheduleChange):
    dataset = serializers.SlugField()
    base = serializers.SlugRelatedField(slug_field="slug", queryset=BaseModel.objects.all())
    name = serializers.CharField()
    method = serializers.ChoiceField(choices=METHODS, default=Run.Method.SFT)


class OfDatasetQuery(Strict):
    dataset = serializers.SlugField(required=False)


class RollbackWish(Strict):
    """The champion as it was seen: nothing is done where it is another by now."""

    dataset = serializers.SlugField()
    method = serializers.ChoiceField(choices=Run.Method.choices)
    run = _number(is_needed=True)


class PromotionWish(Strict):
    run = _number(is_needed=True)
    reason = serializers.CharField(
        required=False, allow_blank=True, default="",
        max_length=REASON.max_length,
        help_text="Why all the same, where the policy's conditions are not met.",
    )  # fmt: skip

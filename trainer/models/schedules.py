"""Runs that are asked for by the clock, or by what waits; and what came of each time."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from trainer.hours import Quiet
from trainer.models.bases import BaseModel
from trainer.models.runs import Run


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def for_listing(self) -> ScheduleQuerySet:
        joined = self.select_related(
            "dataset", "base", "owner", "after", "parent__version__dataset", "parent__base"
        )
        return joined.order_by("name", "pk")

    def active(self) -> ScheduleQuerySet:
        return self.filter(state=Schedule.State.ACTIVE)


class Schedule(models.Model):
    """Freeze, train, evaluate, ask people. Only `actions/schedules.py` writes it."""

    class When(models.TextChoices):
        NIGHTLY = "nightly", _("Every night")
        WEEKLY = "weekly", _("Every week")
        WAITING = "waiting", _("When enough is new")
        AFTER = "after", _("After another schedule, on its version")

    class Start(models.TextChoices):
        BASE = "base", _("The base itself")
        NEWEST = "newest", _("The newest fine-tuned run by then")
        CHAMPION = "champion", _("The champion by then")
        RUN = "run", _("One run")

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        PARKED = "parked", _("Parked")

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    name = models.CharField(max_length=80)
    dataset = models.ForeignKey(
        "curation.Dataset", on_delete=models.PROTECT, related_name="schedules"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(max_length=6, choices=State, default=State.ACTIVE)
    why = models.TextField(blank=True, help_text="Why it is parked.")
    when = models.CharField(max_length=7, choices=When, default=When.NIGHTLY)
    hour = models.PositiveSmallIntegerField(default=2)
    weekday = models.PositiveSmallIntegerField(choices=Weekday, default=Weekday.SATURDAY)
    time_zone = models.CharField(max_length=64, default="UTC")
    wanted_messages = models.PositiveIntegerField(
        null=True, blank=True, help_text="So many newly accepted; none: they do not count."
    )
    wanted_ballots = models.PositiveIntegerField(
        null=True, blank=True, help_text="The same of ballots."
    )
    counted_from = models.DateTimeField(
        null=True, blank=True, help_text="What was there before counts no more."
    )
    after = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="followers",
        help_text="It fires when a run of that one has finished.",
    )
    # The one field that decides: whoever moves it on has called this firing.
    due_at = models.DateTimeField(null=True, blank=True)
    method = models.CharField(max_length=8, choices=Run.Method, default=Run.Method.SFT)
    base = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="schedules")
    start = models.CharField(
        max_length=8,
        choices=Start,
        default=Start.BASE,
        help_text="What its runs go on from.",
    )
    parent = models.ForeignKey(
        Run, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    config = models.JSONField(
        default=dict, blank=True, help_text="What is not in it is chosen each time."
    )
    quiet_from = models.PositiveSmallIntegerField(null=True, blank=True)
    quiet_to = models.PositiveSmallIntegerField(null=True, blank=True)
    quiet_days = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    made_at = models.DateTimeField(default=now)

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="schedule_state_known",
                condition=Q(state__in=["active", "paused", "parked"]),
            ),
            models.CheckConstraint(
                name="schedule_why_exactly_when_parked",
                condition=Q(Q(state="parked"), ~Q(why="")) | Q(~Q(state="parked"), why=""),
            ),
            models.CheckConstraint(
                name="schedule_due_exactly_when_active_by_the_clock",
                condition=Q(
                    state="active", when__in=["nightly", "weekly"], due_at__isnull=False
                )
                | Q(~Q(state="active") | Q(when__in=["waiting", "after"]), due_at=None),
            ),
            models.CheckConstraint(
                name="schedule_after_another_exactly_when_so",
                condition=Q(Q(when="after", after__isnull=False), ~Q(after=models.F("id")))
                | Q(~Q(when="after"), after=None),
            ),
            models.CheckConstraint(
                name="schedule_parent_exactly_when_one_run",
                condition=Q(start="run", parent__isnull=False)
                | Q(start__in=["base", "newest", "champion"], parent=None),
            ),
            models.CheckConstraint(
                name="schedule_waits_for_something",
                condition=~Q(when="waiting")
                | Q(wanted_messages__gte=1)
                | Q(wanted_ballots__gte=1),
            ),
            models.CheckConstraint(
                name="schedule_hours_of_a_day",
                condition=Q(hour__lte=23)
                & Q(weekday__lte=6)
                & (
                    Q(quiet_from=None, quiet_to=None)
                    | Q(quiet_from__lte=23, quiet_to__lte=23)
                ),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "name", "dataset", "owner", "state", "why", "when", "hour", "weekday",
            "time_zone", "wanted_messages", "wanted_ballots", "counted_from", "due_at",
            "method", "base", "start", "parent", "after", "config", "quiet_from",
            "quiet_to", "quiet_days", "made_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def goes_by_the_clock(self) -> bool:
        return self.when in (self.When.NIGHTLY, self.When.WEEKLY)

    @property
    def quiet(self) -> Quiet | None:
        if self.quiet_from is None or self.quiet_to is None or not self.quiet_days:
            return None
        return Quiet(self.quiet_days, self.quiet_from, self.quiet_to, self.time_zone)


class FiringQuerySet(models.QuerySet["Firing"]):
    def open(self) -> FiringQuerySet:
        """Their run is not there yet, or not over."""
        return self.filter(state__in=["due", "started"])

    def for_listing(self) -> FiringQuerySet:
        return self.select_related("version__dataset", "run", "asked_by").order_by("-pk")


class Firing(models.Model):
    """One time that a schedule was due. Only `actions/firings.py` writes it."""

    class State(models.TextChoices):
        DUE = "due", _("Freezing")
        STARTED = "started", _("Run asked for")
        DONE = "done", _("Done")
        SKIPPED = "skipped", _("Skipped")
        FAILED = "failed", _("Failed")

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="firings")
    state = models.CharField(max_length=7, choices=State, default=State.DUE)
    why = models.TextField(blank=True, help_text="A sentence; %-names are in `facts`.")
    facts = models.JSONField(default=dict, blank=True)
    due_at = models.DateTimeField(
        null=True, blank=True, help_text="By the clock; none where something else called."
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who did not wait for the clock.",
    )
    attempt = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    freezing = models.ForeignKey(
        "curation.Freezing", null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    version = models.ForeignKey(
        "curation.DatasetVersion", null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    run = models.OneToOneField(
        Run, null=True, blank=True, on_delete=models.PROTECT, related_name="firing"
    )
    called_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = FiringQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "due_at"], name="firing_once_each_time"
            ),
            models.UniqueConstraint(
                fields=["schedule"],
                condition=Q(state__in=["due", "started"]),
                name="firing_one_at_a_time",
            ),
            models.CheckConstraint(
                name="firing_ended_at_exactly_when_ended",
                condition=Q(state__in=["due", "started"], ended_at=None)
                | Q(~Q(state__in=["due", "started"]), ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="firing_says_why_it_did_nothing",
                condition=Q(state__in=["due", "started", "done"]) | ~Q(why=""),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "schedule", "state", "why", "facts", "due_at", "asked_by", "attempt",
            "lease_until", "freezing", "version", "run", "called_at", "ended_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"firing {self.pk} of schedule {self.schedule_id}"

    def said(self) -> str:
        """Why, in the reader's language."""
        said: Any = _(self.why) if self.why else ""
        return str(said) % self.facts if self.facts else str(said)

"""What keeps rows waiting, and what was spent: rules of the queue, budgets, attempts."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from trainer.hours import Quiet


class QueueRules(models.Model):
    """What an admin decides for all of the queue. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    time_zone = models.CharField(max_length=64, default="UTC")
    quiet_from = models.PositiveSmallIntegerField(null=True, blank=True)
    quiet_to = models.PositiveSmallIntegerField(null=True, blank=True)
    quiet_days = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="queuerules_is_one_row", condition=Q(id=1)),
            models.CheckConstraint(
                name="queuerules_hours_of_a_day",
                condition=Q(quiet_from=None, quiet_to=None)
                | Q(quiet_from__lte=23, quiet_to__lte=23),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "time_zone", "quiet_from", "quiet_to", "quiet_days"}

    def __str__(self) -> str:
        return "rules of the queue"

    @property
    def quiet(self) -> Quiet | None:
        if self.quiet_from is None or self.quiet_to is None or not self.quiet_days:
            return None
        return Quiet(self.quiet_days, self.quiet_from, self.quiet_to, self.time_zone)


class Budget(models.Model):
    """How many hours of devices a dataset's runs and jobs may take in a month."""

    dataset = models.OneToOneField(
        "curation.Dataset", on_delete=models.CASCADE, related_name="budget"
    )
    hours = models.FloatField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="budget_is_not_negative", condition=Q(hours__gte=0)
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "dataset", "hours"}

    def __str__(self) -> str:
        return f"{self.hours:g} hours a month"


class Attempt(models.Model):
    """How long one worker was at one row. Only `actions/fence.py` has it written.

    Begun by the claim and closed by whatever ends it, in the same transactions.
    """

    kind = models.CharField(max_length=3, help_text="run or job.")
    subject = models.PositiveBigIntegerField(help_text="Its id.")
    number = models.PositiveIntegerField(help_text="The row's attempt.")
    dataset = models.ForeignKey(
        "curation.Dataset", on_delete=models.CASCADE, related_name="+"
    )
    worker = models.CharField(max_length=120, blank=True)
    devices = models.PositiveSmallIntegerField(default=1)
    began_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(
        null=True, blank=True, help_text="Wall seconds times devices."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject", "number"], name="attempt_once"
            ),
            models.CheckConstraint(
                name="attempt_seconds_exactly_when_ended",
                condition=Q(ended_at=None, seconds=None)
                | Q(ended_at__isnull=False, seconds__gte=0),
            ),
        ]
        indexes = [
            # For what a dataset spent in a month.
            models.Index(fields=["dataset", "began_at"], name="attempt_by_month"),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {"kind", "subject", "number", "seconds"}
        withheld = {"id", "dataset", "worker", "devices", "began_at", "ended_at"}

    def __str__(self) -> str:
        return f"attempt {self.number} at {self.kind} {self.subject}"

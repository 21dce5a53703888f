"""What curators decide about texts that wait for them, and people who pause."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from curation.models.conversations import Message
from curation.models.datasets import Dataset

if TYPE_CHECKING:
    from curation.models.people import Contributor


class Case(models.Model):
    """Who looks after a text that waits. Without a row: whoever comes first."""

    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, primary_key=True, related_name="case"
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="cases"
    )
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    assigned_at = models.DateTimeField(default=now)

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"message", "assignee", "assigned_by", "assigned_at"}

    def __str__(self) -> str:
        return f"message {self.message_id} with {self.assignee_id}"


class DecisionQuerySet(models.QuerySet["Decision"]):
    def standing(self) -> DecisionQuerySet:
        return self.filter(undone_at=None)

    def for_listing(self) -> DecisionQuerySet:
        people = ("by", "undone_by")
        return self.select_related(
            *people, "message__conversation", "dataset"
        ).prefetch_related("flags__by")


class Decision(models.Model):
    """What a curator did about a text that waited. Undone, it stays as a line."""

    class Action(models.TextChoices):
        KEEP = "keep", _("Nothing to do")
        HOLD = "hold", _("Held")
        RELEASE = "release", _("Accepted")
        REJECT = "reject", _("Rejected")
        WITHDRAW = "withdraw", _("Taken back")

    UNDO_WITHIN = timedelta(minutes=30)

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="+")
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="decisions")
    action = models.CharField(max_length=8, choices=Action)
    note = models.CharField(max_length=300, blank=True)
    checks = ArrayField(
        models.CharField(max_length=40),
        default=list,
        help_text="Whose findings it answers, also when they look again.",
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(default=now)
    # Lines of history that it wrote: after the one, up to the other.
    after = models.BigIntegerField(default=0)
    until = models.BigIntegerField(default=0)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = DecisionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="decision_undone_all_or_nothing",
                condition=Q(undone_at=None, undone_by=None)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
            ),
            models.CheckConstraint(
                name="decision_action_known",
                condition=Q(action__in=["keep", "hold", "release", "reject", "withdraw"]),
            ),
        ]
        indexes = [
            # For what was decided in a dataset, newest first.
            models.Index(fields=["dataset", "-id"], name="decision_by_dataset"),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "dataset", "message", "action", "note", "checks", "by", "at", "after",
            "until", "undone_at", "undone_by",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"{self.action} of message {self.message_id}"

    @property
    def can_be_undone(self) -> bool:
        """What was taken back stays so: versions and models were marked by it."""
        if self.undone_at is not None or self.action == self.Action.WITHDRAW:
            return False
        return now() - self.at < self.UNDO_WITHIN


class SuspensionQuerySet(models.QuerySet["Suspension"]):
    def in_force(self) -> SuspensionQuerySet:
        return self.filter(lifted_at=None)

    def for_listing(self) -> SuspensionQuerySet:
        return self.select_related("person", "dataset", "by", "lifted_by").order_by("-pk")

    def of(self, person: Contributor, dataset: Dataset) -> SuspensionQuerySet:
        """Those of a person that reach into a dataset."""
        return self.filter(Q(dataset=dataset) | Q(dataset=None), person=person)


class Suspension(models.Model):
    """Somebody neither writes nor judges for now: in one dataset, or in all of them."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="suspensions"
    )
    dataset = models.ForeignKey(
        Dataset,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="suspensions",
        help_text="Empty: in all of them.",
    )
    reason = models.CharField(max_length=300, help_text="The person reads it.")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    since = models.DateTimeField(default=now)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = SuspensionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "dataset"],
                condition=Q(lifted_at=None),
                nulls_distinct=False,
                name="suspension_one_in_force",
            ),
            models.CheckConstraint(name="suspension_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="suspension_lifted_all_or_nothing",
                condition=Q(lifted_at=None, lifted_by=None)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "person", "dataset", "reason", "by", "since", "lifted_at", "lifted_by",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"{self.person_id} in {self.dataset_id or 'all datasets'}"

"""Addresses of other programs that are told what happens here, and what they were sent."""

from __future__ import annotations

import uuid
from typing import ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Now
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from curation import happenings, wording
from curation.models.datasets import Dataset
from curation.models.events import Event
from curation.models.people import Membership


class HookQuerySet(models.QuerySet["Hook"]):
    def of(self, dataset: Dataset | None) -> HookQuerySet:
        """Those of a dataset, or of the whole site, newest first."""
        return self.filter(dataset=dataset, removed_at=None).order_by("-pk")

    def with_due(self) -> HookQuerySet:
        """That something can be sent to now, whoever has waited longest first."""
        awake = Q(rests_until=None) | Q(rests_until__lte=Now())
        # One row of the index for each hook, however much waits for it.
        due = Delivery.objects.due().filter(hook=OuterRef("pk")).order_by("due_at")
        first = Subquery(due.values("due_at")[:1])
        waiting = self.filter(awake, is_on=True).annotate(oldest=first)
        return waiting.filter(oldest__isnull=False).order_by("oldest", "pk")

    def orphaned(self) -> HookQuerySet:
        """That go on though who answers for them may not have one there any more."""
        curates = Membership.objects.filter(
            contributor=OuterRef("made_by"),
            dataset=OuterRef("dataset"),
            role=Membership.Role.CURATOR,
            suspended_at=None,
        )
        may = Q(made_by__is_staff=True) | Exists(curates)
        return self.filter(is_on=True).exclude(may, made_by__is_active=True)


class Hook(models.Model):
    """The trigger on events reads `is_on`, `wants` and `dataset`; a removed one stays."""

    dataset = models.ForeignKey(
        Dataset,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="hooks",
        help_text="None: whatever happens on the site.",
    )
    name = models.CharField(max_length=80)
    url = models.CharField(max_length=600)  # it is in an index
    wants = ArrayField(models.CharField(max_length=60))
    with_texts = models.BooleanField(default=False)
    is_on = models.BooleanField(default=True)
    off_why = models.CharField(max_length=300, blank=True)
    # Of its secret, see curation/signing.py; and of the one before, while both are good.
    salt = models.CharField(max_length=43)
    salt_before = models.CharField(max_length=43, blank=True)
    salted_at = models.DateTimeField(default=now)
    # In a row. After each, nothing is sent for a while; one that is taken ends it.
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    rests_until = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    # Who answers for it: added it, or was the last to change it or to switch it on.
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=now)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = HookQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="hook_wants_something", condition=Q(wants__len__gte=1)
            ),
            models.CheckConstraint(
                name="hook_is_off_once_removed",
                condition=Q(removed_at=None) | Q(is_on=False),
            ),
            models.UniqueConstraint(
                fields=["dataset", "url"],
                condition=Q(removed_at=None),
                nulls_distinct=False,
                name="hook_one_per_address",
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "dataset", "name", "url", "wants", "with_texts", "is_on", "off_why",
            "salt", "salt_before", "salted_at", "failures", "failing_since", "rests_until",
            "delivered_at", "made_by", "created_at", "removed_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def labels(self) -> list[str]:
        """What it is told of, in words."""
        return [happenings.label(kind) for kind in self.wants]

    @property
    def host(self) -> str:
        """Its address without what may be secret in it."""
        return urlsplit(self.url).netloc


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self) -> DeliveryQuerySet:
        """That wait for their next attempt, or whose worker was lost in one."""
        lost = Q(state="sending", lease_until__lt=Now())
        return self.filter(Q(state="waiting") | lost, due_at__lte=Now())

    def for_listing(self) -> DeliveryQuerySet:
        return self.prefetch_related("tries").order_by("-pk")


class Delivery(models.Model):
    """One event for one hook. A trigger writes it with the event, so none is missed."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Being sent")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Not delivered")

    # What the receiver knows it by, however often it is sent.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    hook = models.ForeignKey(Hook, on_delete=models.PROTECT, related_name="deliveries")
    event = models.ForeignKey(
        Event, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(max_length=60)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    # Raised by each claim: a worker that was taken for dead writes nothing any more.
    attempt = models.PositiveIntegerField(default=0)
    # Of these, since somebody last asked for it to be sent.
    tried = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=now)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="delivery_leased_exactly_while_sending",
                condition=Q(state="sending", lease_until__isnull=False)
                | Q(~Q(state="sending"), lease_until=None),
            ),
            models.CheckConstraint(
                name="delivery_ended_at_exactly_when_ended",
                condition=Q(state__in=["waiting", "sending"], ended_at=None)
                | Q(~Q(state__in=["waiting", "sending"]), ended_at__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["hook", "event"], name="delivery_once_per_hook_and_event"
            ),
        ]
        indexes = [
            # For due(), of one hook, oldest first.
            models.Index(
                fields=["hook", "due_at"],
                name="delivery_due",
                condition=Q(state__in=["waiting", "sending"]),
            ),
            # For the log.
            models.Index(fields=["hook", "-id"], name="delivery_log"),
            # For deliveries.forget().
            models.Index(fields=["created_at"], name="delivery_by_time"),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "uid", "hook", "event", "kind", "state", "attempt", "tried", "due_at",
            "lease_until", "created_at", "ended_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"

    @property
    def label(self) -> str:
        return happenings.label(self.kind)

    @property
    def last_try(self) -> DeliveryTry | None:
        """Needs for_listing()."""
        return next(reversed(self.tries.all()), None)


class DeliveryTry(models.Model):
    """What came of one attempt."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    attempt = models.PositiveIntegerField()
    at = models.DateTimeField(default=now)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True, help_text="Its beginning.")
    milliseconds = models.PositiveIntegerField()
    problem = models.CharField(
        max_length=300, blank=True, help_text="A sentence; %-names are in `facts`."
    )
    facts = models.JSONField(default=dict, blank=True, db_default={})

    class Meta:
        ordering: ClassVar[list[str]] = ["attempt"]
        constraints = [
            models.UniqueConstraint(
                fields=["delivery", "attempt"], name="delivery_try_once_per_attempt"
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "delivery", "attempt", "at", "status", "answer", "milliseconds",
            "problem", "facts",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"attempt {self.attempt} of {self.delivery_id}"

    @property
    def said(self) -> str:
        """The problem in the reader's language."""
        return wording.told(self.problem, self.facts)

"""What every row has that one worker at a time works on. The row is the queue."""

from __future__ import annotations

from typing import ClassVar, Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

ENDED = Q(state__in=["finished", "failed", "cancelled"])

M = TypeVar("M", bound=models.Model, covariant=True)


class FencedQuerySet(models.QuerySet[M]):
    def silent(self) -> Self:
        """Their worker has not been heard of for too long."""
        return self.filter(state=Fenced.State.RUNNING, lease_until__lt=Now())

    def unended(self) -> Self:
        return self.exclude(ENDED)

    def waiting(self) -> Self:
        """The most urgent first, then the oldest."""
        return self.filter(state=Fenced.State.QUEUED).order_by("-priority", "queued_at")


class Fenced(models.Model):
    """Only `actions/fence.py`, and the verbs that stand on it, write these fields."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        FINISHED = "finished", _("Finished")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    # Running goes back to queued when its worker was lost; ended ones when a person asks.
    MOVES: ClassVar[dict[str, set[str]]] = {
        State.QUEUED: {State.RUNNING, State.PAUSED, State.CANCELLED},
        State.RUNNING: {
            State.FINISHED, State.FAILED, State.CANCELLED, State.PAUSED, State.QUEUED,
        },
        State.PAUSED: {State.QUEUED, State.CANCELLED},
        State.FAILED: {State.QUEUED},
        State.CANCELLED: {State.QUEUED},
        State.FINISHED: set(),
    }  # fmt: skip

    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    priority = models.SmallIntegerField(
        default=0, help_text="The highest is taken first; 0 is usual."
    )
    # The fence: every claim raises it, and every later write of a worker names it.
    attempt = models.PositiveIntegerField(default=0)
    lost = models.PositiveSmallIntegerField(
        default=0, help_text="Workers lost in a row, with no new checkpoint between."
    )
    is_halved = models.BooleanField(
        default=False,
        help_text="Memory ran out once: since then it takes fewer examples at once.",
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(
        max_length=120, blank=True, help_text="host:pid of the last one."
    )
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    pause_requested_at = models.DateTimeField(null=True, blank=True)
    step = models.PositiveIntegerField(default=0)
    of = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    queued_at = models.DateTimeField(default=now)
    rung_at = models.DateTimeField(
        null=True, blank=True, help_text="When a worker was last called."
    )
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="%(class)s_state_known",
                condition=Q(state__in=["queued", "running", "paused"]) | ENDED,
            ),
            models.CheckConstraint(
                name="%(class)s_lease_exactly_while_running",
                condition=Q(state="running", lease_until__isnull=False)
                | Q(~Q(state="running"), lease_until=None),
            ),
            models.CheckConstraint(
                name="%(class)s_finished_at_exactly_when_ended",
                condition=Q(ENDED, finished_at__isnull=False) | Q(~ENDED, finished_at=None),
            ),
            models.CheckConstraint(
                name="%(class)s_problem_exactly_when_failed",
                condition=Q(Q(state="failed"), ~Q(problem=""))
                | Q(~Q(state="failed"), problem=""),
            ),
            models.CheckConstraint(
                name="%(class)s_cancel_asked_only_while_running",
                condition=Q(cancel_requested_at=None)
                | Q(state__in=["running", "cancelled"]),
            ),
            models.CheckConstraint(
                name="%(class)s_pause_asked_only_while_running",
                condition=Q(pause_requested_at=None) | Q(state="running"),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            # For silent() and waiting(), each few seconds. Partial, as most have ended.
            models.Index(
                fields=["state", "-priority", "queued_at"],
                name="%(class)s_unfinished",
                condition=Q(state__in=["queued", "running"]),
            ),
        ]

    @property
    def dataset_id(self) -> int:
        """Whose curators may steer it."""
        raise NotImplementedError

    @property
    def is_active(self) -> bool:
        return self.state in {self.State.QUEUED, self.State.RUNNING}

    @property
    def is_cancelling(self) -> bool:
        return self.state == self.State.RUNNING and self.cancel_requested_at is not None

    @property
    def is_pausing(self) -> bool:
        return self.state == self.State.RUNNING and self.pause_requested_at is not None

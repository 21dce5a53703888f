"""Runs and their curves. The row is the queue; Celery is only its doorbell."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from trainer.models.bases import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterable

ENDED = Q(state__in=["finished", "failed", "cancelled"])


class RunQuerySet(models.QuerySet["Run"]):
    def of_versions(self, version_ids: Iterable[int]) -> RunQuerySet:
        return self.filter(version__in=version_ids)

    def silent(self) -> RunQuerySet:
        """Their worker has not been heard of for too long."""
        return self.filter(state=Run.State.RUNNING, lease_until__lt=Now())

    def waiting(self) -> RunQuerySet:
        return self.filter(state=Run.State.QUEUED).order_by("queued_at")

    def for_listing(self) -> RunQuerySet:
        """A line each, in one query."""
        joined = self.select_related(
            "version__dataset", "base", "requested_by", "evaluation"
        )
        return joined.order_by("-queued_at", "-pk")

    def for_watching(self) -> RunQuerySet:
        """What the moving part of the run's page reads, each two seconds."""
        return self.select_related("evaluation")

    def for_page(self) -> RunQuerySet:
        """All that the run's page reads of the row and those it points to."""
        return self.select_related(
            "version__dataset", "base", "requested_by", "evaluation"
        ).prefetch_related("samples", "checkpoints")


class Run(models.Model):
    """One fine-tune of one base on one frozen version. Only `actions/runs.py` writes it."""

    class Method(models.TextChoices):
        SFT = "sft", _("Supervised fine-tuning")

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        FINISHED = "finished", _("Finished")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    class Phase(models.TextChoices):
        PREPARING = "preparing", _("Preparing the data")
        TRAINING = "training", _("Training")
        EVALUATING = "evaluating", _("Scoring held-out examples")
        SAMPLING = "sampling", _("Answering held-out prompts")
        OFFERING = "offering", _("Offering the answers")

    # Running goes back to queued when its worker was lost; ended ones when a person asks.
    MOVES: ClassVar[dict[str, set[str]]] = {
        State.QUEUED: {State.RUNNING, State.CANCELLED},
        State.RUNNING: {State.FINISHED, State.FAILED, State.CANCELLED, State.QUEUED},
        State.FAILED: {State.QUEUED},
        State.CANCELLED: {State.QUEUED},
        State.FINISHED: set(),
    }

    method = models.CharField(max_length=6, choices=Method, default=Method.SFT)
    base = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="runs")
    version = models.ForeignKey(
        "curation.DatasetVersion", on_delete=models.PROTECT, related_name="runs"
    )
    # Copied: what was trained on can be told even from this table alone.
    version_digest = models.CharField(max_length=64)
    config = models.JSONField()
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    phase = models.CharField(max_length=10, choices=Phase, blank=True)
    # The fence: every claim raises it, and every later write of a worker names it.
    attempt = models.PositiveIntegerField(default=0)
    lost = models.PositiveSmallIntegerField(
        default=0, help_text="Workers lost in a row, with no new checkpoint between."
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(
        max_length=120, blank=True, help_text="host:pid of the last one."
    )
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    step = models.PositiveIntegerField(default=0)
    of = models.PositiveIntegerField(default=0)
    tokens = models.PositiveBigIntegerField(default=0)
    seconds_per_step = models.FloatField(null=True, blank=True)
    made_with = models.JSONField(
        default=dict,
        blank=True,
        help_text="Device and library versions, said by the recipe.",
    )
    adapter_sha256 = models.CharField(max_length=64, blank=True)
    offered = models.PositiveIntegerField(
        null=True, blank=True, help_text="Answers given back to people; none before that."
    )
    offer_refused = models.PositiveIntegerField(default=0)
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

    objects = RunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="run_method_known", condition=Q(method__in=["sft"])
            ),
            models.CheckConstraint(
                name="run_state_known",
                condition=Q(state__in=["queued", "running"]) | ENDED,
            ),
            models.CheckConstraint(
                name="run_phase_known",
                condition=Q(
                    phase__in=[
                        "",
                        "preparing",
                        "training",
                        "evaluating",
                        "sampling",
                        "offering",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="run_lease_exactly_while_running",
                condition=Q(state="running", lease_until__isnull=False)
                | Q(~Q(state="running"), lease_until=None),
            ),
            models.CheckConstraint(
                name="run_finished_at_exactly_when_ended",
                condition=Q(ENDED, finished_at__isnull=False) | Q(~ENDED, finished_at=None),
            ),
            models.CheckConstraint(
                name="run_problem_exactly_when_failed",
                condition=Q(Q(state="failed"), ~Q(problem=""))
                | Q(~Q(state="failed"), problem=""),
            ),
            models.CheckConstraint(
                name="run_adapter_when_finished",
                condition=~Q(state="finished") | Q(adapter_sha256__regex=r"^[0-9a-f]{64}$"),
            ),
            models.CheckConstraint(
                name="run_cancel_asked_only_while_running",
                condition=Q(cancel_requested_at=None)
                | Q(state__in=["running", "cancelled"]),
            ),
            models.CheckConstraint(
                name="run_version_digest_is_sha256",
                condition=Q(version_digest__regex=r"^[0-9a-f]{64}$"),
            ),
        ]
        indexes = [
            # For silent() and waiting(), each few seconds. Partial, as most have ended.
            models.Index(
                fields=["state", "queued_at"],
                name="run_unfinished",
                condition=Q(state__in=["queued", "running"]),
            ),
            # For the list, newest first.
            models.Index(fields=["-queued_at", "-id"], name="run_newest"),
        ]

    class Privacy:
        published = {
            "id", "method", "base", "version", "version_digest", "config", "state", "step",
            "of", "tokens", "made_with", "adapter_sha256", "finished_at",
        }  # fmt: skip
        withheld = {
            "phase", "attempt", "lost", "lease_until", "worker", "cancel_requested_at",
            "seconds_per_step", "offered", "offer_refused", "problem", "requested_by",
            "queued_at", "rung_at", "started_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def is_active(self) -> bool:
        return self.state in {self.State.QUEUED, self.State.RUNNING}

    @property
    def is_cancelling(self) -> bool:
        return self.state == self.State.RUNNING and self.cancel_requested_at is not None


class Metric(models.Model):
    """One point of a curve. Inserted once: a run that goes on repeats steps, not rows."""

    class Name(models.TextChoices):
        LOSS = "loss"
        HELD_OUT_LOSS = "held_out_loss"
        LEARNING_RATE = "learning_rate"
        GRAD_NORM = "grad_norm"
        TOKENS_PER_S = "tokens_per_s"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="metrics")
    name = models.CharField(max_length=13, choices=Name)
    step = models.PositiveIntegerField()
    value = models.FloatField()

    class Meta:
        constraints = [
            # Also the index for the run page's curves.
            models.UniqueConstraint(
                fields=["run", "name", "step"], name="metric_once_per_run_name_and_step"
            ),
        ]

    class Privacy:
        published = {"run", "name", "step", "value"}
        withheld = {"id"}

    def __str__(self) -> str:
        return f"{self.name} {self.value} at step {self.step}"

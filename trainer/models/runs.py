"""Runs and their curves. The row is the queue; Celery is only its doorbell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from trainer import out_of_memory
from trainer.models import ancestry
from trainer.models.bases import BaseModel
from trainer.models.fenced import Fenced, FencedQuerySet

if TYPE_CHECKING:
    from collections.abc import Iterable


class RunQuerySet(FencedQuerySet["Run"]):
    def of_versions(self, version_ids: Iterable[int]) -> RunQuerySet:
        return self.filter(version__in=version_ids)

    def for_listing(self) -> RunQuerySet:
        """A line each, in one query."""
        joined = self.select_related(
            "version__dataset", "base", "requested_by", "evaluation"
        )
        return joined.order_by("-queued_at", "-pk")

    def usable(self) -> RunQuerySet:
        """Those with a model that nothing speaks against using."""
        return self.filter(state=Run.State.FINISHED, retired_at=None)

    def newest_first(self) -> RunQuerySet:
        """Of the newest version first. One that was trained again in place of another
        counts once it stands there: until then the other does."""
        settled = self.filter(Q(removal=None) | Q(removal__state="done"))
        return settled.order_by("-version__number", "-pk")

    def parents(self) -> RunQuerySet:
        """Those whose adapter another run can go on from, newest first."""
        fine_tuned = self.usable().filter(method=Run.Method.SFT)
        with_adapter = fine_tuned.exclude(config__tuning="full")
        return with_adapter.select_related("version__dataset", "base").order_by("-pk")

    def for_watching(self) -> RunQuerySet:
        """What the moving part of the run's page reads, each two seconds."""
        return self.select_related("evaluation")

    def for_page(self) -> RunQuerySet:
        """All that the run's page reads of the row and those it points to."""
        return self.select_related(
            "version__dataset", "base", "requested_by", "evaluation", "estimate",
            "parent__version__dataset", "parent__evaluation", "replaces",
        ).prefetch_related(
            "samples", "checkpoints", "children", "wholes", "parts__run__version__dataset"
        )  # fmt: skip


class Run(Fenced):
    """One training of one base on one frozen version. Only `actions/runs.py` writes it."""

    class Method(models.TextChoices):
        SFT = "sft", _("Supervised fine-tuning")
        REWARD = "reward", _("Reward model")
        DPO = "dpo", _("Direct preference optimisation")
        UNPAIRED = "unpaired", _("Single good and bad answers")
        MERGE = "merge", _("Merge of adapters")

    class Phase(models.TextChoices):
        PREPARING = "preparing", _("Preparing the data")
        TRAINING = "training", _("Training")
        EVALUATING = "evaluating", _("Scoring held-out examples")
        SAMPLING = "sampling", _("Answering held-out prompts")
        OFFERING = "offering", _("Offering the answers")

    method = models.CharField(max_length=8, choices=Method, default=Method.SFT)
    base = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="runs")
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
        help_text="The run whose adapter this one goes on from.",
    )
    replaces = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The run that it repeats, without texts that were taken back.",
    )
    version = models.ForeignKey(
        "curation.DatasetVersion", on_delete=models.PROTECT, related_name="runs"
    )
    # Copied: what was trained on can be told even from this table alone.
    version_digest = models.CharField(max_length=64)
    config = models.JSONField()
    phase = models.CharField(max_length=10, choices=Phase, blank=True)
    tokens = models.PositiveBigIntegerField(default=0)
    seconds_per_step = models.FloatField(null=True, blank=True)
    made_with = models.JSONField(
        default=dict,
        blank=True,
        help_text="Device and library versions, said by the recipe.",
    )
    adapter_sha256 = models.CharField(
        max_length=64,
        blank=True,
        help_text="Of the adapter's weights, or of the whole model's.",
    )
    offered = models.PositiveIntegerField(
        null=True, blank=True, help_text="Answers given back to people; none before that."
    )
    offer_refused = models.PositiveIntegerField(default=0)
    retired_at = models.DateTimeField(
        null=True, blank=True, help_text="When another took its place for good."
    )
    weights_deleted_at = models.DateTimeField(null=True, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta(Fenced.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            *Fenced.Meta.constraints,
            models.CheckConstraint(
                name="run_method_known",
                condition=Q(method__in=["sft", "reward", "dpo", "unpaired", "merge"]),
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
                name="run_adapter_when_finished",
                condition=~Q(state="finished") | Q(adapter_sha256__regex=r"^[0-9a-f]{64}$"),
            ),
            models.CheckConstraint(
                name="run_version_digest_is_sha256",
                condition=Q(version_digest__regex=r"^[0-9a-f]{64}$"),
            ),
            models.CheckConstraint(
                name="run_retired_only_when_finished",
                condition=Q(retired_at=None) | Q(state="finished"),
            ),
            models.CheckConstraint(
                name="run_weights_deleted_only_when_retired",
                condition=Q(weights_deleted_at=None) | Q(retired_at__isnull=False),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            *Fenced.Meta.indexes,
            # For the list, newest first.
            models.Index(fields=["-queued_at", "-id"], name="run_newest"),
        ]

    class Privacy:
        published = {
            "id", "method", "base", "parent", "replaces", "version", "version_digest",
            "config", "state", "step", "of", "tokens", "made_with", "adapter_sha256",
            "finished_at", "retired_at", "weights_deleted_at",
        }  # fmt: skip
        withheld = {
            "phase", "attempt", "lost", "is_halved", "lease_until", "worker",
            "cancel_requested_at",
            "seconds_per_step", "offered", "offer_refused", "problem", "requested_by",
            "queued_at", "rung_at", "started_at", "priority", "pause_requested_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def dataset_id(self) -> int:
        """Causes a query where the version was not loaded with it."""
        return self.version.dataset_id

    @property
    def signature(self) -> str:
        """What its answers are signed with. A query where the base was not loaded."""
        return f"{self.base.slug}, run {self.pk}"

    def ancestors(self) -> list[Run]:
        """The runs whose weights went into its own, the nearest first. Two queries, none
        where it began with the base. Of many runs at once: see ancestry.py."""
        if self.parent_id is None and not self.is_merged:
            return []
        numbers = ancestry.above([self.pk])[self.pk]
        found = Run.objects.select_related("version", "base").in_bulk(numbers)
        return [found[number] for number in numbers]

    def made_of(self) -> list[Run]:
        """What its weights began with: the run that it goes on from, or a merge's parts. A
        query at most."""
        if self.is_merged:
            return [part.run for part in self.parts.select_related("run__version")]
        return [self.parent] if self.parent else []

    def learned_from(self) -> list[int]:
        """The versions whose texts are in its weights: its own, and its ancestors'."""
        versions = [one.version_id for one in (self, *self.ancestors())]
        return list(dict.fromkeys(versions))

    def settings(self, *names: str) -> dict[str, Any]:
        """Those of these that it has: older runs and other methods know fewer."""
        return {name: self.config[name] for name in names if name in self.config}

    @property
    def at_once(self) -> tuple[int, int, int]:
        """Where memory ran out: examples a step, then so many at once, so many times."""
        batch = int(self.config["batch_size"])
        return batch, out_of_memory.at_once(batch), batch // out_of_memory.at_once(batch)

    @property
    def gives_marks(self) -> bool:
        """Whether it is a reward model: it marks answers and writes none."""
        return self.method == self.Method.REWARD

    @property
    def is_merged(self) -> bool:
        """Whether it learned nothing itself: its adapter is made of others, its `parts`."""
        return self.method == self.Method.MERGE

    @property
    def is_whole(self) -> bool:
        """Whether it made a model of its own, and no adapter beside the base."""
        return bool(self.config.get("tuning") == "full")


class Metric(models.Model):
    """One point of a curve. Inserted once: a run that goes on repeats steps, not rows."""

    class Name(models.TextChoices):
        LOSS = "loss"
        HELD_OUT_LOSS = "held_out_loss"
        LEARNING_RATE = "learning_rate"
        GRAD_NORM = "grad_norm"
        TOKENS_PER_S = "tokens_per_s"
        GPU_MEMORY = "gpu_memory"  # GiB
        # Of pairs of answers: the share in people's order, and by how much.
        ACCURACY = "accuracy"
        MARGIN = "margin"
        HELD_OUT_ACCURACY = "held_out_accuracy"
        HELD_OUT_MARGIN = "held_out_margin"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="metrics")
    name = models.CharField(max_length=20, choices=Name)
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

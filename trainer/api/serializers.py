"""What goes out. Fields are listed: a new column must not publish itself."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from trainer.models import (
    BaseModel,
    Champion,
    Evaluation,
    Job,
    Metric,
    Promotion,
    Run,
    Sample,
    Schedule,
)
from trainer.models.fenced import Fenced

AMONG_FENCED = (
    "state", "step", "of", "stopping", "problem", "queued_at", "started_at", "finished_at",
)  # fmt: skip


class BaseSerializer(serializers.ModelSerializer[BaseModel]):
    problem = serializers.SerializerMethodField()

    class Meta:
        model = BaseModel
        fields = (
            "slug", "name", "kind", "revision", "licence", "content_key", "state",
            "progress", "problem", "added_at",
        )  # fmt: skip

    def get_problem(self, base: BaseModel) -> str:
        return _(base.problem) if base.problem else ""


class FencedSerializer(serializers.ModelSerializer[Any]):
    """What a worker works on."""

    dataset = serializers.SlugField(source="version.dataset.slug", read_only=True)
    base = serializers.SlugField(source="base.slug", read_only=True)
    stopping = serializers.SerializerMethodField(
        help_text="“cancel” or “pause” while its worker is asked to, else empty."
    )
    problem = serializers.SerializerMethodField(help_text="Why it failed.")

    def get_stopping(self, row: Fenced) -> str:
        if row.is_cancelling:
            return "cancel"
        return "pause" if row.is_pausing else ""

    def get_problem(self, row: Fenced) -> str:
        return _(row.problem) if row.problem else ""


class HeldOutSerializer(serializers.ModelSerializer[Evaluation]):
    class Meta:
        model = Evaluation
        fields = (
            "loss_before", "loss_after", "tokens", "examples", "pairs", "accuracy",
            "accuracy_low", "accuracy_high", "margin",
        )  # fmt: skip


class EvaluationSerializer(HeldOutSerializer):
    class Meta(HeldOutSerializer.Meta):
        fields = (  # type: ignore[assignment]
            *HeldOutSerializer.Meta.fields, "by_category", "report", "created_at",
        )  # fmt: skip


class RunSerializer(FencedSerializer):
    version = serializers.CharField(source="version_digest", read_only=True)
    version_number = serializers.IntegerField(source="version.number", read_only=True)
    held_out = HeldOutSerializer(source="evaluation", read_only=True, allow_null=True)

    class Meta:
        model = Run
        fields: tuple[str, ...] = (
            "id", "method", "dataset", "version", "version_number", "base", "parent",
            "phase", *AMONG_FENCED, "retired_at", "held_out",
        )  # fmt: skip


class RunDetailSerializer(RunSerializer):
    waits_for = serializers.SerializerMethodField(help_text="Why it is still queued.")
    made_of = serializers.SerializerMethodField(help_text="Runs that a merge is made of.")

    class Meta(RunSerializer.Meta):
        fields = (
            *RunSerializer.Meta.fields, "config", "tokens", "made_with", "adapter_sha256",
            "replaces", "weights_deleted_at", "waits_for", "made_of",
        )  # fmt: skip

    def get_waits_for(self, run: Run) -> str:
        """`why_it_waits` is the view's: it costs queries."""
        found: str = self.context["why_it_waits"](run)
        return found

    def get_made_of(self, run: Run) -> list[int]:
        return [part.run_id for part in run.parts.all()]


class EstimateSerializer(serializers.Serializer[Any]):
    """What is null is not known: without an earlier run there is no time."""

    seconds = serializers.FloatField(allow_null=True)
    least = serializers.FloatField(allow_null=True)
    most = serializers.FloatField(allow_null=True)
    memory = serializers.IntegerField(allow_null=True, help_text="Bytes.")
    of_runs = serializers.IntegerField(help_text="Earlier ones that it is judged by.")
    refused = serializers.CharField(help_text="Why no worker could do it; else empty.")


class MetricSerializer(serializers.ModelSerializer[Metric]):
    class Meta:
        model = Metric
        fields = ("name", "step", "value")


class SampleSerializer(serializers.ModelSerializer[Sample]):
    class Meta:
        model = Sample
        fields = (
            "position", "prompt_uid", "prompt_text", "base_text", "tuned_text",
            "base_ended", "tuned_ended",
        )  # fmt: skip


class ModelFileSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    bytes = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="In the ETag, too.")


class ModelFilesSerializer(serializers.Serializer[Any]):
    results = ModelFileSerializer(many=True)


class JobSerializer(FencedSerializer):
    """`config` and `result` are null for who does not curate the dataset."""

    version = serializers.CharField(source="version.digest", read_only=True)
    config = serializers.SerializerMethodField()
    result = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields: tuple[str, ...] = (
            "id", "kind", "run", "dataset", "version", "base", *AMONG_FENCED, "config",
            "result",
        )  # fmt: skip

    def get_config(self, job: Job) -> dict[str, Any] | None:
        return job.config if self._is_told(job) else None

    def get_result(self, job: Job) -> dict[str, Any] | None:
        return job.result if self._is_told(job) else None

    def _is_told(self, job: Job) -> bool:
        told: bool = job.version_id in self.context["steered"]
        return told


class ScheduleSerializer(serializers.ModelSerializer[Schedule]):
    dataset = serializers.SlugField(source="dataset.slug", read_only=True)
    base = serializers.SlugField(source="base.slug", read_only=True)

    class Meta:
        model = Schedule
        fields = (
            "id", "name", "dataset", "state", "why", "when", "hour", "weekday", "time_zone",
            "wanted_messages", "wanted_ballots", "after", "due_at", "method", "base",
            "start", "parent", "config", "quiet_from", "quiet_to", "quiet_days", "made_at",
        )  # fmt: skip


class ChampionSerializer(serializers.ModelSerializer[Champion]):
    dataset = serializers.SlugField(source="dataset.slug", read_only=True)
    decision = serializers.IntegerField(source="decision_id", read_only=True)
    decided_at = serializers.DateTimeField(source="decision.decided_at", read_only=True)

    class Meta:
        model = Champion
        fields = ("dataset", "method", "run", "decision", "decided_at")


class PromotionSerializer(serializers.ModelSerializer[Promotion]):
    dataset = serializers.SlugField(source="dataset.slug", read_only=True)
    evidence = serializers.SerializerMethodField(help_text="As it was when it was decided.")

    class Meta:
        model = Promotion
        fields = (
            "id", "what", "dataset", "method", "run", "replaced", "reason", "unmet",
            "evidence", "decided_at",
        )  # fmt: skip

    def get_evidence(self, decision: Promotion) -> dict[str, Any]:
        """`told` is the view's: who still votes reads less."""
        found: dict[str, Any] = self.context["told"](decision)
        return found

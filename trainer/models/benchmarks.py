"""Questions with known answers that models are measured with, and how they did."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from trainer.models.bases import BaseModel
from trainer.models.jobs import Job
from trainer.models.runs import Run

IS_SHA256 = r"^[0-9a-f]{64}$"


class BenchmarkQuerySet(models.QuerySet["Benchmark"]):
    def for_listing(self) -> BenchmarkQuerySet:
        """Without the questions themselves."""
        return self.defer("packed").select_related("added_by").order_by("name", "pk")


class Benchmark(models.Model):
    """A set of one dataset, never changed. Only `actions/benchmarks.py` writes it."""

    dataset = models.ForeignKey(
        "curation.Dataset", on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=80)
    questions = models.PositiveIntegerField()
    with_options = models.PositiveIntegerField(help_text="Of the questions.")
    packed = models.BinaryField(help_text="Its lines, compressed: benchmark_files.py.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of its lines.")
    added_at = models.DateTimeField(default=now)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    objects = BenchmarkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "name"], name="benchmark_name_once_in_a_dataset"
            ),
            models.UniqueConstraint(
                fields=["dataset", "digest"], name="benchmark_once_in_a_dataset"
            ),
            models.CheckConstraint(
                name="benchmark_has_questions",
                condition=Q(questions__gte=1, with_options__lte=models.F("questions")),
            ),
            models.CheckConstraint(
                name="benchmark_digest_is_sha256", condition=Q(digest__regex=IS_SHA256)
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {
            "dataset", "name", "questions", "with_options", "digest",
        }  # fmt: skip
        withheld = {"id", "packed", "added_at", "added_by"}

    def __str__(self) -> str:
        return self.name


class BenchmarkScoreQuerySet(models.QuerySet["BenchmarkScore"]):
    def for_listing(self) -> BenchmarkScoreQuerySet:
        """A line each; bases first, then their runs, the newest last."""
        joined = self.select_related(
            "run__version", "run__base", "base", "benchmark"
        ).defer("benchmark__packed")
        return joined.order_by(
            "benchmark__name", models.F("run").asc(nulls_first=True), "pk"
        )


class BenchmarkScore(models.Model):
    """The newest answers of one model to one set."""

    benchmark = models.ForeignKey(
        Benchmark, on_delete=models.CASCADE, related_name="scores"
    )
    digest = models.CharField(max_length=64, help_text="Of the set, copied.")
    base = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="+")
    run = models.ForeignKey(
        Run,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="benchmark_scores",
        help_text="None where it is the base alone.",
    )
    job = models.ForeignKey(
        Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked = models.PositiveIntegerField()
    contaminated = models.PositiveIntegerField(
        help_text="Questions that the model has learned from."
    )
    figures = models.JSONField(help_text="Under clean and all: trainer/benchmarking.py.")
    scored_at = models.DateTimeField(default=now)

    objects = BenchmarkScoreQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["benchmark", "base", "run"],
                nulls_distinct=False,
                name="benchmarkscore_once_per_model",
            ),
            models.CheckConstraint(
                name="benchmarkscore_contaminated_are_asked",
                condition=Q(asked__gte=1, contaminated__lte=models.F("asked")),
            ),
            models.CheckConstraint(
                name="benchmarkscore_digest_is_sha256",
                condition=Q(digest__regex=IS_SHA256),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {
            "benchmark", "digest", "base", "run", "asked", "contaminated", "figures",
            "scored_at",
        }  # fmt: skip
        withheld = {"id", "job"}

    def __str__(self) -> str:
        who = self.run.signature if self.run else self.base.slug
        return f"{who} on {self.benchmark}"

"""Work on a model other than training it: scoring, answering, merging, and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

from trainer.models.bases import BaseModel
from trainer.models.fenced import Fenced, FencedQuerySet
from trainer.models.runs import Run

if TYPE_CHECKING:
    from curation.handoff import Person


class JobQuerySet(FencedQuerySet["Job"]):
    def for_listing(self) -> JobQuerySet:
        """A line each, in one query."""
        joined = self.select_related("version__dataset", "run", "base", "requested_by")
        return joined.order_by("-queued_at", "-pk")

    def visible_to(self, person: Person) -> JobQuerySet:
        """All but other people's talks: when they talk, and to whom, is theirs."""
        if person.is_staff:
            return self
        return self.filter(~Q(kind=Job.TALK) | Q(requested_by=person))


class Job(Fenced):
    """One piece of it, of a kind of `trainer/jobs/`. Only `actions/jobs.py` writes it."""

    TALK = "talk"  # the kind that is its asker's alone

    kind = models.SlugField(max_length=20, help_text="A name of trainer/jobs/kinds.py.")
    run = models.ForeignKey(
        Run,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="jobs",
        help_text="The model at work; none where it is the base alone.",
    )
    base = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="jobs")
    version = models.ForeignKey(
        "curation.DatasetVersion", on_delete=models.PROTECT, related_name="jobs"
    )
    config = models.JSONField(default=dict)
    key = models.CharField(
        max_length=64, help_text="Of all that decides its result: asked twice is once."
    )
    result = models.JSONField(default=dict, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta(Fenced.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            *Fenced.Meta.constraints,
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(state__in=["queued", "running", "paused"]),
                name="job_asked_once_at_a_time",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            *Fenced.Meta.indexes,
            # For a model's page: what was done with it.
            models.Index(fields=["run", "kind", "-queued_at"], name="job_of_run"),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {
            "id", "kind", "run", "base", "version", "config", "state", "finished_at",
        }  # fmt: skip
        withheld = {
            "key", "result", "step", "of", "attempt", "lost", "is_halved", "lease_until",
            "worker",
            "cancel_requested_at", "pause_requested_at", "problem", "priority",
            "requested_by", "queued_at", "rung_at", "started_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"job {self.pk}"

    @property
    def dataset_id(self) -> int:
        """Causes a query where the version was not loaded with it."""
        return self.version.dataset_id

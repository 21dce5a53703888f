"""The models that a run may start from."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _


class BaseModelQuerySet(models.QuerySet["BaseModel"]):
    def ready(self) -> BaseModelQuerySet:
        return self.filter(state=BaseModel.State.READY)

    def for_listing(self) -> BaseModelQuerySet:
        return self.select_related("added_by").order_by("-added_at")

    def unattended(self) -> BaseModelQuerySet:
        """Wanted, and no worker is at it."""
        nobody = Q(lease_until=None) | Q(lease_until__lt=Now())
        return self.filter(nobody, state=BaseModel.State.BUILDING)


class BaseModel(models.Model):
    """A model to fine-tune. Only `actions/bases.py` writes it."""

    class Kind(models.TextChoices):
        STARTER = "starter", _("Starter")
        LOCAL = "local", _("Folder")
        HUB = "hub", _("Hub")

    class State(models.TextChoices):
        BUILDING = "building", _("Getting ready")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    # A ready one is built anew when its files were deleted.
    MOVES: ClassVar[dict[str, set[str]]] = {
        State.BUILDING: {State.READY, State.FAILED},
        State.READY: {State.BUILDING},
        State.FAILED: {State.BUILDING},
    }

    name = models.CharField(max_length=80)
    slug = models.SlugField(unique=True)
    kind = models.CharField(max_length=7, choices=Kind)
    location = models.CharField(
        max_length=400, blank=True, help_text="A folder on the trainer's disk, or a hub id."
    )
    revision = models.CharField(
        max_length=40, blank=True, help_text="The commit of a hub model, 40 hex digits."
    )
    licence = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.BUILDING)
    problem = models.TextField(blank=True)
    progress = models.PositiveSmallIntegerField(default=0, help_text="Percent.")
    # What decides the bytes of a starter (recipes/starter_key.py), and its settings.
    content_key = models.CharField(max_length=64, blank=True)
    built_with = models.JSONField(default=dict, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    lost = models.PositiveSmallIntegerField(
        default=0, help_text="Workers lost since it was last wanted."
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    added_at = models.DateTimeField(default=now)

    objects = BaseModelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="basemodel_kind_known",
                condition=Q(kind__in=["starter", "local", "hub"]),
            ),
            models.CheckConstraint(
                name="basemodel_state_known",
                condition=Q(state__in=["building", "ready", "failed"]),
            ),
            # A branch name would be another model tomorrow.
            models.CheckConstraint(
                name="basemodel_revision_pinned_exactly_on_the_hub",
                condition=Q(kind="hub", revision__regex=r"^[0-9a-f]{40}$")
                | Q(~Q(kind="hub"), revision=""),
            ),
            models.CheckConstraint(
                name="basemodel_problem_exactly_when_failed",
                condition=Q(Q(state="failed"), ~Q(problem=""))
                | Q(~Q(state="failed"), problem=""),
            ),
            models.CheckConstraint(
                name="basemodel_location_when_ready",
                condition=~Q(state="ready") | ~Q(location=""),
            ),
            models.CheckConstraint(
                name="basemodel_lease_only_while_building",
                condition=Q(lease_until=None) | Q(state="building"),
            ),
            models.CheckConstraint(
                name="basemodel_progress_in_percent", condition=Q(progress__lte=100)
            ),
            models.UniqueConstraint(
                fields=["content_key"],
                condition=Q(kind="starter"),
                name="basemodel_starter_once_per_key",
            ),
            models.UniqueConstraint(
                fields=["location", "revision"],
                condition=~Q(kind="starter"),
                name="basemodel_place_once",
            ),
        ]

    class Privacy:
        published = {
            "name", "slug", "kind", "revision", "licence", "content_key", "built_with",
        }  # fmt: skip
        withheld = {
            "id", "location", "state", "problem", "progress", "attempt", "lost",
            "lease_until", "added_by", "added_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY

    @property
    def is_starter(self) -> bool:
        return self.kind == self.Kind.STARTER

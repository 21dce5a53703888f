"""Groups of first prompts in nearly the same words, for a curator to merge or dismiss."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from curation.models.conversations import Message
from curation.models.datasets import Dataset


class ClusterQuerySet(models.QuerySet["Cluster"]):
    def undecided(self) -> ClusterQuerySet:
        """With a member that nobody has merged or dismissed; the newest finds first."""
        is_open = ClusterMember.objects.filter(
            cluster=models.OuterRef("pk"), state=ClusterMember.State.OPEN
        )
        return self.filter(models.Exists(is_open)).order_by("-found_at", "-pk")


class Cluster(models.Model):
    """The prompt that the others resemble. What they are to it stands with each."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="clusters")
    head = models.OneToOneField(
        Message, on_delete=models.CASCADE, related_name="headed_cluster"
    )
    found_at = models.DateTimeField(default=now)

    objects = ClusterQuerySet.as_manager()

    class Privacy:
        published: ClassVar[set[str]] = {"dataset", "head"}
        withheld = {"id", "found_at"}

    def __str__(self) -> str:
        return f"cluster of message {self.head_id}"


class ClusterMember(models.Model):
    """A prompt that was compared with the head and found alike."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        MERGED = "merged", _("A duplicate")
        DISMISSED = "dismissed", _("Not a duplicate")

    class Source(models.TextChoices):
        SEARCH = "search", _("Found here")
        IMPORT = "import", _("Found elsewhere")

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="members")
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="cluster_memberships"
    )
    likeness = models.FloatField(help_text="0 to 1: the share of runs that both have.")
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    # The next search forgets what an earlier one put up, and nothing else.
    source = models.CharField(max_length=6, choices=Source, default=Source.SEARCH)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "message"], name="clustermember_once_per_cluster"
            ),
            models.CheckConstraint(
                name="clustermember_likeness_in_range",
                condition=Q(likeness__gte=0, likeness__lte=1),
            ),
            models.CheckConstraint(
                name="clustermember_decided_all_or_nothing",
                condition=Q(state="open", decided_at=None, decided_by=None)
                | Q(~Q(state="open"), decided_at__isnull=False, decided_by__isnull=False),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {
            "cluster",
            "message",
            "likeness",
            "state",
            "source",
        }
        withheld = {"id", "decided_by", "decided_at"}

    def __str__(self) -> str:
        return f"message {self.message_id} in cluster {self.cluster_id} ({self.state})"


class DuplicateSearch(models.Model):
    """The last time that somebody asked for the near-duplicates of a dataset."""

    dataset = models.OneToOneField(
        Dataset, on_delete=models.CASCADE, primary_key=True, related_name="duplicate_search"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(default=now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    found = models.PositiveIntegerField(
        null=True, blank=True, help_text="How many prompts waited for a decision then."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="duplicatesearch_finished_all_or_nothing",
                condition=Q(finished_at=None, found=None)
                | Q(
                    started_at__isnull=False,
                    finished_at__isnull=False,
                    found__isnull=False,
                ),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "dataset", "asked_by", "asked_at", "started_at", "finished_at", "found",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"search for duplicates in dataset {self.dataset_id}"

"""Narrow tables beside the messages: by them, people browse and search a dataset.

Triggers keep entries and words (migrations 0012 and later): whatever writes a message, a
category, a finding, a ballot or a settlement need not know of them, and they are right when
its transaction ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from curation.models.conversations import Conversation, Message
from curation.models.datasets import Category, Dataset, Guideline

if TYPE_CHECKING:
    from curation.models.people import Contributor


class Entry(models.Model):
    """All that a message is filtered and counted by, in a tenth of its size."""

    message = models.OneToOneField(
        Message,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="entry",
        db_constraint=False,
    )
    dataset = models.ForeignKey(
        Dataset,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    conversation = models.ForeignKey(
        Conversation,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    category = models.ForeignKey(
        Category,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    guideline = models.ForeignKey(
        Guideline,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    language = models.CharField(max_length=12)
    state = models.CharField(max_length=9, choices=Message.State)
    role = models.CharField(max_length=9, choices=Message.Role)
    origin = models.CharField(max_length=6, choices=Message.Origin)
    # Of a prompt: what the ballots on its answers add up to; empty where none were cast.
    status = models.CharField(max_length=12, blank=True, default="")
    checks = ArrayField(models.CharField(max_length=40), default=list)
    # Of an answer. Neither is in an index, so that a ballot rewrites no index.
    score = models.SmallIntegerField(
        null=True,
        help_text="Percent of the answers beside it that it stands above, as settled.",
    )
    rating = models.SmallIntegerField(
        null=True, help_text="Mean of what ballots gave it, 1 to 7, in tenths."
    )
    # For dashboards, which count by day.
    created_at = models.DateTimeField(default=now)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "entries"
        indexes = [
            # For every page in its order: newest first, from the last one shown.
            models.Index(fields=["dataset", "-message"], name="entry_by_dataset"),
            # The rare ones, which a walk through all would be long in finding.
            models.Index(fields=["dataset", "state", "-message"], name="entry_by_state"),
            models.Index(fields=["dataset", "author", "-message"], name="entry_by_author"),
            models.Index(
                fields=["dataset", "-message"],
                name="entry_with_findings",
                condition=~Q(checks=[]),
            ),
            models.Index(
                fields=["dataset", "status", "-message"],
                name="entry_by_status",
                condition=~Q(status=""),
            ),
            # For conversations in a rare state, and when one changes its category.
            models.Index(fields=["conversation"], name="entry_by_conversation"),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()  # a copy: the message itself is published
        withheld = {
            "message", "dataset", "conversation", "category", "author", "guideline",
            "language", "state", "role", "origin", "status", "checks", "score", "rating",
            "created_at", "decided_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"entry of message {self.message_id}"


class Words(models.Model):
    """The words of a message, apart from what changes: a new state costs no new words."""

    message = models.OneToOneField(
        Message,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="words",
        db_constraint=False,
    )
    # Also the dataset, as the word "d:7": a search then reads no other dataset's matches.
    words = SearchVectorField()

    class Meta:
        verbose_name_plural = "words"
        indexes = [GinIndex(fields=["words"], name="words_of_messages")]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"message", "words"}  # the text can be guessed back from it

    def __str__(self) -> str:
        return f"words of message {self.message_id}"


class Tally(models.Model):
    """How many of which messages a large dataset has: see actions/tallies.py."""

    dataset = models.OneToOneField(
        Dataset, primary_key=True, on_delete=models.CASCADE, related_name="tally"
    )
    messages = models.PositiveBigIntegerField()
    table = models.BinaryField(help_text="aggregate.tally.Table, packed.")
    counted_at = models.DateTimeField(default=now)

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"dataset", "messages", "table", "counted_at"}

    def __str__(self) -> str:
        return f"tally of dataset {self.dataset_id}"


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def shown_to(self, person: Contributor, dataset: Dataset) -> SavedViewQuerySet:
        """Their own, and what others share, by name."""
        shown = self.filter(Q(owner=person) | Q(is_shared=True), dataset=dataset)
        return shown.select_related("owner").order_by("name", "pk")


class SavedView(models.Model):
    """A search that somebody keeps, for themselves or for everybody in the dataset."""

    dataset = models.ForeignKey(
        Dataset, on_delete=models.CASCADE, related_name="saved_views"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=60)
    query = models.CharField(
        max_length=1000, blank=True, help_text="As in the address of the page."
    )
    is_shared = models.BooleanField(default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "owner", "name"], name="savedview_name_once_per_person"
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "dataset", "owner", "name", "query", "is_shared"}

    def __str__(self) -> str:
        return self.name

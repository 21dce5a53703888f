"""Frozen datasets. Inserted once, never changed: the database refuses it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.models.conversations import Conversation, Message
from curation.models.datasets import Dataset


class DatasetVersionQuerySet(models.QuerySet["DatasetVersion"]):
    def for_listing(self) -> DatasetVersionQuerySet:
        return self.select_related("dataset", "frozen_by").order_by("-frozen_at")


class DatasetVersion(models.Model):
    """A recipe and what it chose, known by the digest of its manifest."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    recipe = models.JSONField()
    manifest = models.JSONField()
    digest = models.CharField(max_length=64)
    train_count = models.PositiveIntegerField()
    held_out_count = models.PositiveIntegerField()
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    frozen_at = models.DateTimeField(default=now)

    objects = DatasetVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "number"], name="version_numbers_count_up"
            ),
            models.UniqueConstraint(
                fields=["dataset", "digest"], name="version_digest_once"
            ),
            models.CheckConstraint(
                name="version_digest_is_sha256",
                condition=Q(digest__regex=r"^[0-9a-f]{64}$"),
            ),
        ]

    class Privacy:
        published = {
            "dataset", "number", "recipe", "manifest", "digest", "train_count",
            "held_out_count", "frozen_at",
        }  # fmt: skip
        withheld = {"id", "frozen_by"}

    def __str__(self) -> str:
        named = {"dataset": self.dataset.slug, "number": self.number}
        return _("%(dataset)s version %(number)s") % named

    @property
    def item_count(self) -> int:
        return self.train_count + self.held_out_count


class VersionItemQuerySet(models.QuerySet["VersionItem"]):
    def for_listing(self) -> VersionItemQuerySet:
        """In order, each with its answer and what that answers."""
        return self.select_related("reply__parent").order_by("position")


class VersionItem(models.Model):
    """One training example of a version: a reply, with what was true of it at the time.

    The text stays in the message; `digest` is the leaf, the hash of its salts and of the
    whole canonical record, so that a text changed behind Winnow's back is noticed. (In
    the first format of versions it is the hash of the record alone.)
    """

    version = models.ForeignKey(
        DatasetVersion,
        on_delete=models.PROTECT,
        related_name="items",
        db_index=False,  # versionitem_positions_count_up has it
    )
    position = models.PositiveIntegerField()
    reply = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="frozen_in")
    # What a reviewer's edit stands in place of: worse words for the same, frozen with it.
    instead_of = models.ForeignKey(
        Message,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="frozen_as_worse_in",
    )
    split = models.CharField(max_length=8, choices=Conversation.Split)
    group = models.UUIDField(null=True, blank=True, help_text="What it was split with.")
    category = models.SlugField(blank=True)
    rank = models.PositiveSmallIntegerField(null=True, blank=True, help_text="0 is best.")
    digest = models.CharField(max_length=64)

    objects = VersionItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "position"], name="versionitem_positions_count_up"
            ),
            models.UniqueConstraint(
                fields=["version", "reply"], name="versionitem_reply_once_per_version"
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {
            "version", "position", "reply", "instead_of", "split", "group", "category",
            "rank", "digest",
        }  # fmt: skip
        withheld = {"id"}

    def __str__(self) -> str:
        return f"item {self.position} of version {self.version_id}"


class VersionRanking(models.Model):
    """What people had said of the answers to one prompt when the version was frozen.

    `facts` has opaque ids and counts only: see formats/preferences.py.
    """

    version = models.ForeignKey(
        DatasetVersion,
        on_delete=models.PROTECT,
        related_name="rankings",
        db_index=False,  # versionranking_positions_count_up has it
    )
    position = models.PositiveIntegerField()
    prompt = models.ForeignKey(
        Message, on_delete=models.PROTECT, related_name="frozen_rankings"
    )
    split = models.CharField(max_length=8, choices=Conversation.Split)
    facts = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "position"], name="versionranking_positions_count_up"
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {
            "version", "position", "prompt", "split", "facts",
        }  # fmt: skip
        withheld = {"id"}

    def __str__(self) -> str:
        return f"ranking {self.position} of version {self.version_id}"

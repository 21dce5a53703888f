"""A narrow table beside the messages: by it, texts in nearly the same words are found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import connection, models

from curation.models.conversations import Message
from curation.models.datasets import Dataset


class Candidate(NamedTuple):
    message_id: int
    signature: bytes  # empty where the words are the same


class SketchQuerySet(models.QuerySet["Sketch"]):
    def worth_reading(
        self,
        dataset: Dataset,
        *,
        prompt_key: str,
        bands: Sequence[int],
        alive: Sequence[str],
    ) -> list[Candidate]:
        """First prompts of the same words, then up to a hundred that share a band, those
        that share most first. One query.

        The function of the database keeps the planner from reading the whole table:
        see migration 0006.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT message_id, signature FROM curation_lookalikes(%s, %s, %s, %s)",
                [list(bands), dataset.pk, prompt_key, list(alive)],
            )
            return [Candidate(pk, bytes(signature or b"")) for pk, signature in cursor]


class Sketch(models.Model):
    """What clean/sketches.py made of a first prompt's words."""

    message = models.OneToOneField(
        Message, primary_key=True, on_delete=models.CASCADE, related_name="sketch"
    )
    # No index: with one, the planner would walk it and read every sketch of a dataset.
    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # None of a short text, which is only ever the same as another.
    bands = ArrayField(models.IntegerField())
    signature = models.BinaryField(max_length=512)
    version = models.PositiveSmallIntegerField()

    objects = SketchQuerySet.as_manager()

    class Meta:
        indexes = [
            # Written at once: a list of pending entries would be read by every search.
            GinIndex(fields=["bands"], name="sketch_by_band", fastupdate=False),
            # For outdated().
            models.Index(fields=["version"], name="sketch_by_version"),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        # The words can be guessed back from it.
        withheld = {"message", "dataset", "bands", "signature", "version"}

    def __str__(self) -> str:
        return f"sketch of message {self.message_id}"

"""What a text means, as a model sees it: for neighbours that say it in other words.

Only where an embedder is configured. The numbers lie in plain arrays, so that any
PostgreSQL holds them; the index over them needs pgvector and is made by the worker that
makes the first vector: see actions/vectors.py.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from curation.models.conversations import Message
from curation.models.datasets import Dataset


class RealField(models.FloatField):  # type: ignore[type-arg]
    """Four bytes: nobody's vectors are more exact."""

    def db_type(self, connection: object) -> str:
        return "real"


class EmbeddingModel(models.Model):
    """A model that makes vectors, known since its first answer."""

    name = models.CharField(max_length=200, unique=True)
    dimensions = models.PositiveSmallIntegerField(help_text="Numbers in a vector.")
    # One worker at a time asks it; after a failure nobody does until then.
    busy_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="embeddingmodel_has_dimensions", condition=models.Q(dimensions__gte=1)
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "name", "dimensions", "busy_until"}

    def __str__(self) -> str:
        return self.name


class Vector(models.Model):
    """A trigger removes it with the words that it was made of: see migration 0020."""

    message = models.OneToOneField(
        Message, primary_key=True, on_delete=models.CASCADE, related_name="vector"
    )
    dataset = models.ForeignKey(
        Dataset, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    model = models.ForeignKey(
        EmbeddingModel, on_delete=models.CASCADE, related_name="vectors", db_index=False
    )
    is_first = models.BooleanField(help_text="Whether it is a conversation's first prompt.")
    # None: the model refuses this text, and is not asked again.
    numbers = ArrayField(RealField(), null=True)
    # False from its writing until its neighbours were looked at for the same meaning.
    is_compared = models.BooleanField(default=True)

    class Meta:
        indexes = [
            # Of a small dataset each is compared; and to know that it is a small one.
            models.Index(fields=["model", "dataset", "is_first"], name="vector_by_dataset"),
            # What a worker left that was stopped in between.
            models.Index(
                fields=["model", "message"],
                name="vector_to_compare",
                condition=models.Q(is_compared=False),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        # The words can be guessed back from it.
        withheld = {"message", "dataset", "model", "is_first", "numbers", "is_compared"}

    def __str__(self) -> str:
        return f"vector of message {self.message_id}"

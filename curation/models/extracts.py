"""Files of a dataset in a format of others, made to be fetched."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from curation.models.errands import Errand
from curation.models.exports import new_key
from curation.models.versions import DatasetVersion


class Extract(Errand):
    """What is written, and how. See actions/extracting.py."""

    version = models.ForeignKey(
        DatasetVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="extracts",
        help_text="Empty: the record as it is.",
    )
    kind = models.CharField(max_length=7)
    pairs = models.CharField(max_length=12, help_text="Which answers are compared.")
    is_undecided = models.BooleanField(
        default=False, help_text="What waits, or was rejected."
    )
    is_renamed = models.BooleanField(default=True, help_text="Names are drawn anew.")
    key = models.BinaryField(default=new_key, editable=False)
    rows = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the file.")

    class Meta(Errand.Meta):
        constraints = [
            *Errand.Meta.constraints,
            models.CheckConstraint(
                name="extract_has_its_digest_exactly_when_done",
                condition=Q(Q(state="done"), ~Q(digest=""))
                | Q(~Q(state="done"), digest=""),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = Errand.Privacy.withheld | {
            "version", "kind", "pairs", "is_undecided", "is_renamed", "key", "rows",
            "size", "digest",
        }  # fmt: skip

"""Files of a dataset in a format of others, made to be fetched."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from curation.models.errands import Written
from curation.models.exports import new_key
from curation.models.versions import DatasetVersion


class Extract(Written):
    """What is written, and how. See actions/extracting.py."""

    FOLDER, FILE = "extract", "file"

    version = models.ForeignKey(
        DatasetVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="extracts",
        help_text="Empty: the record as it is.",
    )
    format = models.CharField(max_length=30, blank=True)
    kind = models.CharField(max_length=7)
    pairs = models.CharField(max_length=12, help_text="Which answers are compared.")
    is_undecided = models.BooleanField(
        default=False, help_text="What waits, or was rejected."
    )
    is_renamed = models.BooleanField(default=True, help_text="Names are drawn anew.")
    key = models.BinaryField(default=new_key, editable=False)
    rows = models.PositiveIntegerField(default=0)

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = Written.Privacy.withheld | {
            "version", "format", "kind", "pairs", "is_undecided", "is_renamed", "key",
            "rows",
        }  # fmt: skip

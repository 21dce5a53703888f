"""Files with names of their own for people and trees, made for one recipient."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.timezone import now

from curation.models.versions import DatasetVersion


def new_key() -> bytes:
    return secrets.token_bytes(32)


class Export(models.Model):
    """The key from which the pseudonyms of one export are made. Two exports share none."""

    version = models.ForeignKey(
        DatasetVersion, on_delete=models.PROTECT, related_name="exports"
    )
    made_for = models.CharField(max_length=200, help_text="Who gets it, and for what.")
    key = models.BinaryField(default=new_key, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(default=now)

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "version", "made_for", "key", "made_by", "made_at"}

    def __str__(self) -> str:
        return f"export {self.pk} of version {self.version_id}"

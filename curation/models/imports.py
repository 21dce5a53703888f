"""Files from outside on their way into the record, and what of them was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from curation import wording
from curation.models.conversations import Message
from curation.models.errands import ACTIVE, Errand

REASON_AT_MOST = 300  # characters, in English with its facts
ARRIVING = [
    (Message.State.ACCEPTED.value, _("Accepted as they are")),
    (Message.State.SUBMITTED.value, _("Reviewed by people first")),
]


class Import(Errand):
    """A file, how to read it, and how far that is. See actions/importing.py."""

    FOLDER = "import"

    file_name = models.CharField(max_length=120)
    size = models.BigIntegerField(help_text="Bytes, as it came.")
    format = models.CharField(max_length=30, blank=True)
    kind = models.CharField(max_length=7)
    encoding = models.CharField(
        max_length=10, blank=True, help_text="Where it was guessed."
    )
    mapping = models.JSONField(default=dict, help_text="The column of each field.")
    as_state = models.CharField(
        max_length=9,
        choices=ARRIVING,
        default=Message.State.ACCEPTED,
    )
    # How far the file is in the record: written with each part of it, so that whoever goes
    # on begins there. `misread` counts the refusals of the reader among `refused`.
    trees = models.PositiveIntegerField(default=0)
    misread = models.PositiveIntegerField(default=0)
    conversations = models.PositiveIntegerField(default=0)
    messages = models.PositiveIntegerField(default=0)
    rankings = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)

    class Meta(Errand.Meta):
        constraints = [
            *Errand.Meta.constraints,
            models.UniqueConstraint(
                fields=["dataset"],
                condition=Q(state__in=[*ACTIVE]),
                name="import_one_at_a_time",
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = Errand.Privacy.withheld | {
            "file_name", "size", "format", "kind", "encoding", "mapping", "as_state",
            "trees", "misread", "conversations", "messages", "rankings", "unchanged",
            "refused",
        }  # fmt: skip

    @property
    def has_taken(self) -> bool:
        """Whether there is anything to count."""
        counted = (self.conversations, self.messages, self.rankings, self.unchanged)
        return any((*counted, self.refused))

    @property
    def reasons(self) -> Iterable[Mapping[str, Any]]:
        """The most frequent reasons of refusals, each with how many. A query."""
        rows = self.refusals.values("reason", "facts").annotate(count=models.Count("pk"))
        found = rows.order_by("-count", "reason", "facts")[:5]
        return [
            {"said": wording.told(one["reason"], one["facts"]), "count": one["count"]}
            for one in found
        ]


class Refusal(models.Model):
    """A row of a file that was not taken. They go with the file."""

    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="refusals")
    line = models.PositiveIntegerField()
    reason = models.CharField(
        max_length=REASON_AT_MOST, help_text="A sentence; %-names are in `facts`."
    )
    facts = models.JSONField(default=dict, blank=True, db_default={})

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "of", "line", "reason", "facts"}

    def __str__(self) -> str:
        return f"line {self.line}: {self.said}"

    @property
    def said(self) -> str:
        """The reason in the reader's language."""
        return wording.told(self.reason, self.facts)

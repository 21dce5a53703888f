"""What automatic checks saw. Advice to writer and reviewer, never a verdict."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, Q
from django.utils.timezone import now

from curation.clean.sighting import BESIDE, SERIOUS_FROM
from curation.models.conversations import Message
from curation.models.moderation import Decision

LIKELY_FROM = 0.6  # the least that counts as serious in any check


class FindingQuerySet(models.QuerySet["Finding"]):
    def for_curators(self) -> FindingQuerySet:
        """What somebody should look at. Near-duplicates wait on a screen of their own."""
        found = Q()
        for family, least in SERIOUS_FROM.items():
            if family == "near_duplicate":
                continue
            for name in (family, BESIDE + family):
                of_it = Q(check_name=name) | Q(check_name__startswith=f"{name}.")
                found |= of_it & Q(score__gte=least)
        return self.filter(found, score__gte=LIKELY_FROM)

    def unanswered(self) -> FindingQuerySet:
        """Not decided on yet. What a newer version of a check says again is no news."""
        answered = Decision.objects.standing().filter(
            message=models.OuterRef("message"),
            checks__contains=_alone("check_name"),
        )
        return self.exclude(models.Exists(answered))


class Finding(models.Model):
    message = models.ForeignKey(
        Message,
        on_delete=models.CASCADE,
        related_name="findings",
        db_index=False,  # finding_once_per_check has it
    )
    check_name = models.CharField(max_length=40)
    check_version = models.PositiveSmallIntegerField()
    score = models.FloatField(help_text="0 to 1: how sure the check is.")
    spans = models.JSONField(default=list, help_text="Pairs of offsets into the text.")
    advice = models.CharField(max_length=300)
    # Of a near-duplicate: the message that was there.
    other = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=now)

    objects = FindingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "check_name", "check_version"],
                name="finding_once_per_check",
            ),
            models.CheckConstraint(
                name="finding_score_in_range", condition=Q(score__gte=0, score__lte=1)
            ),
        ]
        indexes = [
            # For for_curators(), among all that is only mentioned.
            models.Index(
                fields=["message"],
                name="finding_likely",
                condition=Q(score__gte=LIKELY_FROM),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {"message", "check_name", "check_version", "score"}
        withheld = {"id", "spans", "advice", "other", "created_at"}

    def __str__(self) -> str:
        return f"{self.check_name} in message {self.message_id}"


def _alone(field: str) -> Func:
    """The field of the outer row as an array of one."""
    strings: ArrayField[list[str], list[str]] = ArrayField(models.CharField(max_length=40))
    return Func(
        models.OuterRef(field),
        function="ARRAY",
        template="%(function)s[%(expressions)s]",
        output_field=strings,
    )

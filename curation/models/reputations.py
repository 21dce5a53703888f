"""How far each person's judgement can be relied on, as last computed from the record."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _


class Reputation(models.Model):
    """What known items, and prompts on which nearly all agree, say of one person's care.

    Never agreement with peers as such: see aggregate/evidence.py. Nobody is without one;
    who has no row is a newcomer. Only actions/reputations.py writes it.
    """

    class Kind(models.TextChoices):
        REVIEWING = "reviewing", _("Reviewing texts")
        RANKING = "ranking", _("Ranking answers")

    dataset = models.ForeignKey(
        "curation.Dataset", on_delete=models.CASCADE, related_name="reputations"
    )
    # It goes with the person: it is computed, and nothing stands on it.
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reputations"
    )
    kind = models.CharField(max_length=9, choices=Kind)
    gold = models.PositiveIntegerField(help_text="Known items answered.")
    gold_right = models.FloatField(help_text="How many of them as expected.")
    consensus = models.PositiveIntegerField(
        default=0, help_text="Prompts ranked on which nearly all agree."
    )
    consensus_right = models.FloatField(
        default=0.0, help_text="How much of them as the others did."
    )
    expected = models.FloatField(help_text="The share that they should get right, 0 to 1.")
    lower_bound = models.FloatField(help_text="19 times in 20 the share is above this.")
    weight = models.FloatField(help_text="Of one ballot, in newcomers' ballots.")
    settled_weight = models.FloatField(
        default=1.0, help_text="The weight with which what they ranked was last settled."
    )
    gold_share = models.FloatField(help_text="Part of their reviews to be known items.")
    computed_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            # In this order also for the weights of all who ranked one prompt.
            models.UniqueConstraint(
                fields=["dataset", "kind", "person"], name="reputation_once_per_kind"
            ),
            models.CheckConstraint(
                name="reputation_kind_known",
                condition=Q(kind__in=["reviewing", "ranking"]),
            ),
            models.CheckConstraint(
                name="reputation_right_within_counts",
                condition=Q(
                    gold_right__gte=0,
                    gold_right__lte=F("gold"),
                    consensus_right__gte=0,
                    consensus_right__lte=F("consensus"),
                ),
            ),
            models.CheckConstraint(
                name="reputation_shares_in_range",
                condition=Q(
                    expected__gte=0,
                    expected__lte=1,
                    lower_bound__gte=0,
                    lower_bound__lte=F("expected"),
                    gold_share__gte=0,
                    gold_share__lte=1,
                    weight__gt=0,
                ),
            ),
        ]

    class Privacy:
        # Told to the person and to curators, and published nowhere.
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "dataset", "person", "kind", "gold", "gold_right", "consensus",
            "consensus_right", "expected", "lower_bound", "weight",
            "settled_weight", "gold_share", "computed_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} of person {self.person_id} in dataset {self.dataset_id}"

"""Which model a dataset stands on, who decided so, and on what evidence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from trainer.models.runs import Run

METHODS = ["sft", "reward", "dpo", "unpaired", "merge"]


class PromotionPolicy(models.Model):
    """What a model must show before it becomes a dataset's champion.

    The row is also the lock under which champions change.
    """

    dataset = models.OneToOneField(
        "curation.Dataset", on_delete=models.CASCADE, related_name="+"
    )
    least_gain = models.FloatField(
        _("Held-out gain"),
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text=_("Percent by which the held-out loss must fall, with its interval."),
    )
    holds_categories = models.BooleanField(
        _("No category may get worse"),
        default=True,
        help_text=_("Worse is what lies beyond the category's own interval."),
    )
    most_forgotten = models.FloatField(
        _("Forgetting at most"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text=_(
            "Nats a token by which the loss on the base’s own tasks may rise, with its "
            "interval. Empty: any."
        ),
    )
    asks_people = models.BooleanField(
        _("People must prefer it"),
        default=True,
        help_text=_("In blind comparisons, more often than chance would have it."),
    )
    least_ballots = models.PositiveSmallIntegerField(
        _("Ballots at least"),
        default=20,
        validators=[MinValueValidator(1), MaxValueValidator(10_000)],
    )
    confidence = models.FloatField(
        _("Confidence"),
        default=0.95,
        validators=[MinValueValidator(0.5), MaxValueValidator(0.999)],
        help_text=_("Of all intervals: 0.95 is wrong once in twenty times."),
    )
    is_automatic = models.BooleanField(
        _("Promote by itself"),
        default=False,
        help_text=_("As soon as a model meets all of this."),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="promotionpolicy_confidence_is_a_share",
                condition=Q(confidence__gte=0.5, confidence__lt=1),
            ),
            models.CheckConstraint(
                name="promotionpolicy_gain_in_percent",
                condition=Q(least_gain__gte=0, least_gain__lte=100),
            ),
        ]

    class Privacy:
        published = {
            "dataset", "least_gain", "holds_categories", "asks_people", "least_ballots",
            "confidence", "is_automatic", "most_forgotten",
        }  # fmt: skip
        withheld: ClassVar[set[str]] = {"id"}

    def __str__(self) -> str:
        return f"promotion policy of dataset {self.dataset_id}"


class PromotionQuerySet(models.QuerySet["Promotion"]):
    def for_listing(self) -> PromotionQuerySet:
        """Newest first, with all that a line of the history shows."""
        joined = self.select_related("run__base", "replaced__base", "by")
        return joined.order_by("-decided_at", "-pk")


class Promotion(models.Model):
    """One decision on a champion. Inserted, never changed."""

    class What(models.TextChoices):
        PROMOTED = "promoted", _("Promoted")
        ROLLED_BACK = "rolled_back", _("Rolled back")

    what = models.CharField(max_length=11, choices=What)
    dataset = models.ForeignKey(
        "curation.Dataset", on_delete=models.PROTECT, related_name="+"
    )
    method = models.CharField(max_length=8, choices=Run.Method)
    run = models.ForeignKey(
        Run, on_delete=models.PROTECT, related_name="promotions", help_text="The champion."
    )
    replaced = models.ForeignKey(
        Run, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # The decision in force before: what a rollback goes back to.
    before = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Nobody where the policy decided.",
    )
    reason = models.TextField(blank=True)
    unmet = models.JSONField(
        default=list, blank=True, help_text="Names of conditions that were overridden."
    )
    evidence = models.JSONField(help_text="As it stood when it was decided.")
    decided_at = models.DateTimeField(default=now)

    objects = PromotionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="promotion_what_known",
                condition=Q(what__in=["promoted", "rolled_back"]),
            ),
            models.CheckConstraint(
                name="promotion_method_known", condition=Q(method__in=METHODS)
            ),
            models.CheckConstraint(
                name="promotion_overridden_with_a_reason_and_by_somebody",
                condition=Q(unmet=[]) | Q(~Q(reason=""), by__isnull=False),
            ),
            models.CheckConstraint(
                name="promotion_replaces_another",
                condition=Q(replaced=None) | ~Q(replaced=F("run")),
            ),
        ]
        indexes = [
            # For the history of a dataset's champions, newest first.
            models.Index(fields=["dataset", "-decided_at"], name="promotion_of_dataset"),
        ]

    class Privacy:
        published = {
            "id", "what", "dataset", "method", "run", "replaced", "before", "unmet",
            "evidence", "decided_at",
        }  # fmt: skip
        withheld: ClassVar[set[str]] = {"by", "reason"}

    def __str__(self) -> str:
        return f"{self.what}: run {self.run_id}"


class ChampionQuerySet(models.QuerySet["Champion"]):
    def for_listing(self) -> ChampionQuerySet:
        joined = self.select_related(
            "run__base", "run__version", "decision__by", "decision__before__run"
        )
        return joined.order_by("method")

    def among(self, runs: Iterable[Run]) -> set[int]:
        """Which of these runs are champions. A query."""
        return set(self.filter(run__in=list(runs)).values_list("run", flat=True))


class Champion(models.Model):
    """The one model of a dataset and a method. Only `actions/promotions.py` writes it."""

    dataset = models.ForeignKey(
        "curation.Dataset", on_delete=models.CASCADE, related_name="+"
    )
    method = models.CharField(max_length=8, choices=Run.Method)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="championships")
    decision = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="+")

    objects = ChampionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "method"], name="champion_one_per_dataset_and_method"
            ),
            models.CheckConstraint(
                name="champion_method_known", condition=Q(method__in=METHODS)
            ),
        ]

    class Privacy:
        published = {"dataset", "method", "run", "decision"}
        withheld: ClassVar[set[str]] = {"id"}

    def __str__(self) -> str:
        return f"champion run {self.run_id}"

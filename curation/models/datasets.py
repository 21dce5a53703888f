"""A dataset is a campaign: its shape, rules, guideline and categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from curation.clean.check import Treatment
from curation.models.people import TAKING_PART
from curation.prepared import Prepared

if TYPE_CHECKING:
    from curation.models.people import Contributor


def english() -> list[str]:
    return ["en"]


class DatasetQuerySet(models.QuerySet["Dataset"]):
    def visible_to(self, person: Contributor) -> DatasetQuerySet:
        """Site admins see all; others what they are a member of."""
        if person.is_staff:
            return self
        return self.filter(memberships__contributor=person).distinct()

    def taken_part_in_by(self, person: Contributor) -> DatasetQuerySet:
        """Where the person does more than look on, or did until their roles were paused."""
        if person.is_staff:
            return self
        return self.filter(
            memberships__contributor=person,
            memberships__role__in=TAKING_PART,
        ).distinct()

    def worked_on_by(self, person: Contributor, roles: list[str]) -> DatasetQuerySet:
        """Where the person holds one of these roles; curators may do every kind of work."""
        open_ones = self.filter(archived_at=None)
        if person.is_staff:
            return open_ones
        return open_ones.filter(
            memberships__contributor=person,
            memberships__role__in=[*roles, "curator"],
            memberships__suspended_at=None,
        ).distinct()

    def for_listing(self) -> DatasetQuerySet:
        """All that the dataset list shows, in one query."""
        return self.annotate(
            conversation_count=_alone(Count("conversations")),
            complete_count=_alone(
                Count("conversations", filter=Q(conversations__state="complete"))
            ),
            version_count=_alone(Count("versions")),
            target=_alone(Coalesce(Sum("categories__target"), 0)),
        ).order_by("title", "pk")


def _alone(total: Any) -> Subquery:
    """A sum of its own: joined in one query, conversations and versions would multiply."""
    this = Dataset.objects.filter(pk=OuterRef("pk")).values("pk")
    return Subquery(this.annotate(total=total).values("total"))


class Dataset(models.Model):
    class Shape(models.TextChoices):
        PAIRS = "pairs", _("Question and answer pairs")
        CONVERSATIONS = "conversations", _("Conversation trees")

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    shape = models.CharField(max_length=13, choices=Shape)
    languages = ArrayField(models.CharField(max_length=12), default=english)
    licence = models.CharField(
        max_length=60,
        default="CC-BY-4.0",
        help_text="An SPDX identifier, such as CC-BY-4.0.",
    )
    created_at = models.DateTimeField(default=now)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="dataset_shape_known",
                condition=Q(shape__in=["pairs", "conversations"]),
            ),
        ]

    class Privacy:
        published = {
            "id", "slug", "title", "description", "shape", "languages", "licence",
            "created_at",
        }  # fmt: skip
        withheld = {"archived_at"}

    def __str__(self) -> str:
        return self.title

    @property
    def is_pairs(self) -> bool:
        return self.shape == self.Shape.PAIRS

    def guideline_in_force(self) -> Guideline | None:
        """The newest version. This causes a query."""
        return _newest_guideline.first(dataset=self.pk)


_newest_guideline = Prepared(
    lambda dataset: Guideline.objects.filter(dataset=dataset).order_by("-number")[:1]
)


def known_treatments(policy: object) -> None:
    """A refusal unless each check is off, gives hints or holds. One may be gone by now."""
    is_told = isinstance(policy, dict) and all(
        name.isidentifier() and treatment in list(Treatment)
        for name, treatment in policy.items()
    )
    if not is_told:
        raise ValidationError(_("A check is off, gives hints, or holds texts."))


class Policy(models.Model):
    """How much judgement a dataset asks for. Every quorum from 1 upward works."""

    dataset = models.OneToOneField(Dataset, on_delete=models.CASCADE, related_name="policy")
    replies_wanted = models.PositiveSmallIntegerField(
        default=3, help_text="Answers per prompt in a conversation."
    )
    max_depth = models.PositiveSmallIntegerField(
        default=4, help_text="Messages from the first prompt down, itself included."
    )
    reviews_wanted = models.PositiveSmallIntegerField(default=1)
    approvals_needed = models.PositiveSmallIntegerField(default=1)
    rankings_wanted = models.PositiveSmallIntegerField(default=1)
    rankings_at_most = models.PositiveSmallIntegerField(
        default=5,
        help_text="While people disagree on an order, more are asked, up to so many.",
    )
    adjudicates = models.BooleanField(
        default=False,
        verbose_name="A curator decides where reviewers disagree",
        help_text="Off: the majority decides.",
    )
    improve_below = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(5)],
        help_text="Ask for a better answer where the mean quality label is at most this, "
        "or where most say that none is good. 0: never.",
    )
    gold_every = models.PositiveSmallIntegerField(
        default=0, help_text="One review in so many is of a known item. 0: none."
    )
    weekly_goal = models.PositiveIntegerField(
        default=0, help_text="Tasks that the team wants done in a week. 0: no goal."
    )
    open_conversations = models.PositiveSmallIntegerField(
        default=20,
        help_text="While so many are unfinished, no new prompts are asked for.",
    )
    lease_minutes = models.PositiveSmallIntegerField(default=30)
    held_out_percent = models.PositiveSmallIntegerField(
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text="Share of new conversations kept for evaluation. Older ones do not move.",
    )
    checks = models.JSONField(
        default=dict,
        blank=True,
        validators=[known_treatments],
        help_text="Name of a check: off, hint or hold. Where it is missing, as usual.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="policy_counts_from_one",
                condition=Q(
                    replies_wanted__gte=1,
                    max_depth__gte=1,
                    reviews_wanted__gte=1,
                    approvals_needed__gte=1,
                    rankings_wanted__gte=1,
                    rankings_at_most__gte=1,
                    open_conversations__gte=1,
                    lease_minutes__gte=1,
                ),
            ),
            models.CheckConstraint(
                name="policy_approvals_within_reviews",
                condition=Q(approvals_needed__lte=F("reviews_wanted")),
            ),
            models.CheckConstraint(
                name="policy_improve_below_on_its_scale",
                condition=Q(improve_below__lte=5),
            ),
            models.CheckConstraint(
                name="policy_held_out_between_1_and_50",
                condition=Q(held_out_percent__gte=1, held_out_percent__lte=50),
            ),
        ]

    class Privacy:
        published = {
            "replies_wanted", "max_depth", "reviews_wanted", "approvals_needed",
            "rankings_wanted", "rankings_at_most", "adjudicates", "improve_below",
            "held_out_percent", "checks",
        }  # fmt: skip
        withheld = {
            "id", "dataset", "open_conversations", "lease_minutes", "gold_every",
            "weekly_goal",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"policy of {self.dataset}"


class Guideline(models.Model):
    """One version of the text that people worked under. Inserted, never changed."""

    dataset = models.ForeignKey(
        Dataset, on_delete=models.CASCADE, related_name="guidelines"
    )
    number = models.PositiveIntegerField()
    text = models.TextField(help_text="Markdown.")
    created_at = models.DateTimeField(default=now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "number"], name="guideline_numbers_count_up"
            ),
        ]

    class Privacy:
        published = {"id", "dataset", "number", "text", "created_at"}
        withheld = {"created_by"}

    def __str__(self) -> str:
        return f"guideline {self.number}"


class CategoryQuerySet(models.QuerySet["Category"]):
    def with_progress(self) -> CategoryQuerySet:
        """How far each is on its way to its target."""
        under_way = Q(conversations__state__in=["review", "growing", "ranking"])
        return self.annotate(
            complete_count=Count(
                "conversations", filter=Q(conversations__state="complete")
            ),
            under_way_count=Count("conversations", filter=under_way),
        ).order_by("name", "pk")


class Category(models.Model):
    dataset = models.ForeignKey(
        Dataset, on_delete=models.CASCADE, related_name="categories"
    )
    slug = models.SlugField()
    name = models.CharField(max_length=60)
    brief = models.TextField(
        blank=True, help_text="What a writer should know, in a sentence or three."
    )
    needs_context = models.BooleanField(
        default=False, help_text="The prompt stands on a passage that must be given."
    )
    target = models.PositiveIntegerField(
        default=50, help_text="Accepted conversations wanted."
    )
    topics = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="Who chose one of these topics is asked first. Separate with commas.",
    )

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "slug"], name="category_slug_per_dataset"
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = {
            "id",
            "dataset",
            "slug",
            "name",
            "brief",
            "needs_context",
            "topics",
        }
        withheld = {"target"}

    def __str__(self) -> str:
        return self.name

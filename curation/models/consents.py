"""What people agree to before they work, and the ledger of who agreed and took it back."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from curation.models.datasets import Dataset
from curation.prepared import Given


class TermsQuerySet(models.QuerySet["Terms"]):
    def in_force(self) -> TermsQuerySet:
        """The newest of the installation and the newest of each dataset."""
        newer = Terms.objects.filter(number__gt=OuterRef("number"))
        here = newer.alias(place=Coalesce("dataset_id", 0))
        return self.filter(~Exists(here.filter(place=Coalesce(OuterRef("dataset_id"), 0))))

    def unanswered(
        self, *, person: int | Given | OuterRef, dataset: int | Given | OuterRef
    ) -> TermsQuerySet:
        """In force where the person works, and not agreed to by them, or no more."""
        given = Consent.objects.in_force().filter(
            contributor=OuterRef(person) if isinstance(person, OuterRef) else person,
            terms=OuterRef("pk"),
        )
        here = Q(dataset=None) | Q(dataset=dataset)
        return self.in_force().filter(here).filter(~Exists(given))


class Terms(models.Model):
    """One version of the terms of a dataset, or of the whole installation. Never changed.

    Its text, its licence and what it allows are what people agree to.
    """

    class Use(models.TextChoices):
        TRAINING = "training", _("Training models")
        SHARING = "sharing", _("Handing the data to others under a contract")
        PUBLISHING = "publishing", _("Publishing the data")

    dataset = models.ForeignKey(
        Dataset, null=True, blank=True, on_delete=models.PROTECT, related_name="terms"
    )
    number = models.PositiveIntegerField()
    text = models.TextField(help_text="Markdown.")
    licence = models.CharField(max_length=60, help_text="An SPDX identifier.")
    uses = ArrayField(models.CharField(max_length=10, choices=Use))
    created_at = models.DateTimeField(default=now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = TermsQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "terms"
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "number"],
                nulls_distinct=False,
                name="terms_numbers_count_up",
            ),
            models.CheckConstraint(name="terms_have_text", condition=~Q(text="")),
        ]

    class Privacy:
        published = {"id", "dataset", "number", "text", "licence", "uses", "created_at"}
        withheld = {"created_by"}

    def __str__(self) -> str:
        return f"terms {self.number} of {self.dataset or 'this installation'}"

    @property
    def allowed(self) -> list[str]:
        """What they allow, in words."""
        return [str(self.Use(use).label) for use in self.uses]


class ConsentQuerySet(models.QuerySet["Consent"]):
    def in_force(self) -> ConsentQuerySet:
        """Given, and no later line takes it back."""
        later = Consent.objects.filter(
            contributor=OuterRef("contributor"),
            terms=OuterRef("terms"),
            pk__gt=OuterRef("pk"),
        )
        return self.filter(act=Consent.Act.GIVEN).filter(~Exists(later))

    def for_listing(self) -> ConsentQuerySet:
        return self.select_related("terms__dataset").order_by("-pk")


class Consent(models.Model):
    """A line of the ledger: a person agreed to terms, or took that back. Never changed."""

    class Act(models.TextChoices):
        GIVEN = "given", _("Agreed")
        WITHDRAWN = "withdrawn", _("Taken back")

    contributor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="consents"
    )
    terms = models.ForeignKey(Terms, on_delete=models.PROTECT, related_name="consents")
    act = models.CharField(max_length=9, choices=Act, default=Act.GIVEN)
    at = models.DateTimeField(default=now)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="consent_act_known", condition=Q(act__in=["given", "withdrawn"])
            ),
        ]
        indexes = [
            # For in_force(): the lines of one person on one text.
            models.Index(fields=["contributor", "terms", "id"], name="consent_by_person"),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "contributor", "terms", "act", "at"}

    def __str__(self) -> str:
        return f"{self.terms}: {self.act} by {self.contributor_id}"

"""What a person tells of themselves, and how they want to work."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from curation.models.datasets import Category
from curation.models.people import Contributor
from curation.prepared import Prepared


class Profile(models.Model):
    """One per person, made when they first save something in it."""

    class Digest(models.TextChoices):
        NEVER = "never", _("Never")
        DAILY = "daily", _("Once a day")
        WEEKLY = "weekly", _("Once a week")

    contributor = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="profile",
    )
    # Work in other languages is not offered; none named means all.
    languages = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    # Work in these comes first.
    topics = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    categories = models.ManyToManyField(Category, blank=True, related_name="+")
    expertise = models.CharField(max_length=300, blank=True)
    interface_language = models.CharField(max_length=12, blank=True)
    keys = models.JSONField(default=dict, blank=True, help_text="Action to key.")
    on_leaderboard = models.BooleanField(default=True)
    digest = models.CharField(max_length=6, choices=Digest, default=Digest.DAILY)
    digest_sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="profile_digest_known",
                condition=Q(digest__in=["never", "daily", "weekly"]),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "contributor", "languages", "topics", "categories", "expertise",
            "interface_language", "keys", "on_leaderboard", "digest", "digest_sent_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"profile of {self.contributor}"

    @classmethod
    def of(cls, person: Contributor) -> Profile:
        """The row, or its defaults where nothing was saved yet. Writes nothing."""
        return _profile.first(person=person.pk) or cls(contributor=person)


_profile = Prepared(lambda person: Profile.objects.filter(contributor=person))

"""Keys by which programs act for a person, and what such programs were answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    def of(self, person: Any) -> AccessTokenQuerySet:
        """For the person's own list: those in use first, then the newest."""
        return self.filter(person=person).order_by(
            models.F("revoked_at").asc(nulls_first=True), "-created_at", "-pk"
        )

    def usable(self, at: datetime) -> AccessTokenQuerySet:
        return self.filter(revoked_at=None, expires_at__gt=at, person__is_active=True)


class AccessToken(models.Model):
    """A secret that stands for a person, for some of what they may do, for some time."""

    class Scope(models.TextChoices):
        READ = "read", _("Read what you may see")
        WORK = "work", _("Do tasks: write, review, rank")
        CURATE = "curate", _("Curate: datasets, people, versions, imports")
        TRAIN = "train", _("Start and steer runs and jobs")
        ADMIN = "admin", _("Administer the installation")

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_tokens"
    )
    name = models.CharField(
        max_length=80, help_text="What it is for, in its owner's words."
    )
    # Only the hash of the secret is kept; its beginning tells two of them apart.
    digest = models.CharField(max_length=64, unique=True)
    beginning = models.CharField(max_length=12)
    scopes = ArrayField(models.CharField(max_length=8, choices=Scope))
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = AccessTokenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="access_token_digest_is_sha256",
                condition=Q(digest__regex=r"^[0-9a-f]{64}$"),
            ),
            models.CheckConstraint(
                name="access_token_has_known_scopes",
                condition=Q(
                    scopes__contained_by=["read", "work", "curate", "train", "admin"],
                    scopes__len__gte=1,
                ),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "person", "name", "digest", "beginning", "scopes", "created_at",
            "expires_at", "used_at", "revoked_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"{self.beginning}…"

    @property
    def labels(self) -> list[str]:
        """What it is allowed to do, in words."""
        return [str(one.label) for one in self.Scope if one in self.scopes]

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= now()


class KeptAnswer(models.Model):
    """What a program was told about a request with an idempotency key."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of what was asked.")
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True, help_text="JSON, as it was sent.")
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "key"], name="kept_answer_once_per_person_and_key"
            ),
        ]
        indexes = [
            # For tokens.forget_answers().
            models.Index(fields=["at"], name="kept_answer_by_time"),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "person", "key", "fingerprint", "status", "body", "at"}

    def __str__(self) -> str:
        return f"answer to {self.key}"

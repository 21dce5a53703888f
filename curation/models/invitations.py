"""Somebody is asked to come: by mail to one address, or by a link that some may use."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from curation.models.datasets import Dataset
from curation.models.people import Contributor, Membership


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> InvitationQuerySet:
        """Those that somebody can still accept."""
        return self.filter(
            taken_back_at=None, expires_at__gt=now(), uses__lt=F("uses_at_most")
        )

    def for_listing(self) -> InvitationQuerySet:
        """The newest first."""
        return self.select_related("dataset", "invited_by").order_by("-pk")


class Invitation(models.Model):
    """Only `actions/invitations.py` writes it. Of the link, only a hash is kept."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        USED = "used", _("Accepted")
        EXPIRED = "expired", _("Expired")
        TAKEN_BACK = "taken_back", _("Taken back")

    email = models.EmailField(blank=True, help_text="Empty: a link for whoever has it.")
    dataset = models.ForeignKey(
        Dataset,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="invitations",
        help_text="None: an account alone.",
    )
    roles = ArrayField(
        models.CharField(max_length=10, choices=Membership.Role), default=list, blank=True
    )
    makes_accounts = models.BooleanField(
        default=False, help_text="Who has none gets an account: an admin invited."
    )
    digest = models.CharField(max_length=64, unique=True)
    uses_at_most = models.PositiveSmallIntegerField(default=1)
    uses = models.PositiveSmallIntegerField(default=0)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    invited_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="invitation_digest_is_sha256",
                condition=Q(digest__regex=r"^[0-9a-f]{64}$"),
            ),
            models.CheckConstraint(
                name="invitation_used_no_more_than_it_may",
                condition=Q(uses__lte=F("uses_at_most"), uses_at_most__gte=1),
            ),
            models.CheckConstraint(
                name="invitation_by_mail_is_for_one",
                condition=Q(email="") | Q(uses_at_most=1),
            ),
            models.CheckConstraint(
                name="invitation_roles_are_known",
                condition=Q(
                    roles__contained_by=["writer", "reviewer", "curator", "viewer"]
                ),
            ),
            models.CheckConstraint(
                name="invitation_roles_exactly_in_a_dataset",
                condition=Q(dataset=None, roles__len=0)
                | Q(dataset__isnull=False, roles__len__gte=1),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "email", "dataset", "roles", "makes_accounts", "digest", "uses_at_most",
            "uses", "invited_by", "invited_at", "expires_at", "taken_back_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return self.email or f"link {self.pk}"

    @property
    def state(self) -> State:
        if self.taken_back_at is not None:
            return self.State.TAKEN_BACK
        if self.uses >= self.uses_at_most:
            return self.State.USED
        return self.State.OPEN if self.expires_at > now() else self.State.EXPIRED

    def is_for_another(self, than: Contributor) -> bool:
        """Sent by mail, to an address that this person does not have."""
        return bool(self.email) and self.email != than.email.lower()

    @property
    def role_names(self) -> list[str]:
        return [str(Membership.Role(role).label) for role in self.roles]

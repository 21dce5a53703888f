"""Who vouches for people besides Winnow itself, and what their groups mean here."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from curation import wording
from curation.models.datasets import Dataset
from curation.models.people import Membership


class IdentityProvider(models.Model):
    """A company's own sign-in, as an admin typed it in."""

    class Kind(models.TextChoices):
        OIDC = "oidc", _("OpenID Connect")
        SAML = "saml", _("SAML")

    kind = models.CharField(max_length=4, choices=Kind)
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=40)
    is_on = models.BooleanField(default=False)
    # OIDC: its server, and what it calls us. The secret is encrypted.
    server = models.CharField(max_length=500, blank=True)
    client_id = models.CharField(max_length=191, blank=True)
    secret = models.TextField(blank=True)
    scopes = models.CharField(max_length=200, blank=True)
    # SAML: what it says of itself, as XML.
    metadata = models.TextField(blank=True)
    # Where that stands, if not typed in by hand, and since when it is known.
    metadata_url = models.TextField(blank=True, db_default="")
    metadata_at = models.DateTimeField(null=True, blank=True)
    # Since when it cannot be asked there again, and why: a sentence, %-names in facts.
    unasked_since = models.DateTimeField(null=True, blank=True)
    unasked_why = models.CharField(max_length=300, blank=True, db_default="")
    unasked_facts = models.JSONField(default=dict, blank=True, db_default={})
    # Where in what it says of a person these stand. Empty: where they usually do.
    name_from = models.CharField(max_length=200, blank=True)
    email_from = models.CharField(max_length=200, blank=True)
    groups_from = models.CharField(max_length=200, blank=True)
    makes_accounts = models.BooleanField(default=True)
    domains = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    links_by_email = models.BooleanField(default=False)
    asks_second_step = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="identity_kind_known", condition=models.Q(kind__in=["oidc", "saml"])
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "kind", "slug", "name", "is_on", "server", "client_id", "secret",
            "scopes", "metadata", "metadata_url", "metadata_at", "name_from", "email_from",
            "groups_from", "makes_accounts", "domains", "links_by_email",
            "asks_second_step", "unasked_since", "unasked_why", "unasked_facts",
        }  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def unasked(self) -> str:
        """Why it cannot be asked again, in the reader's language."""
        return wording.told(self.unasked_why, self.unasked_facts)

    @property
    def keeps_its_keys(self) -> bool:
        """What was pasted stays as it is, also once the provider exchanges its keys."""
        return self.kind == self.Kind.SAML and not self.metadata_url

    def takes(self, email: str) -> bool:
        """Whether an address is of one of its domains, if it is bound to any."""
        return not self.domains or email.rpartition("@")[2].lower() in self.domains


class GroupRole(models.Model):
    """Whoever is in that group there has that role here."""

    provider = models.ForeignKey(
        IdentityProvider, on_delete=models.CASCADE, related_name="groups"
    )
    group = models.CharField(max_length=200)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=10, choices=Membership.Role)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "group", "dataset", "role"], name="group_role_once"
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "provider", "group", "dataset", "role"}

    def __str__(self) -> str:
        return f"{self.group}: {self.role}"


class GroupGrant(models.Model):
    """A role that somebody has because of a group, and loses with it."""

    membership = models.OneToOneField(
        Membership, primary_key=True, on_delete=models.CASCADE, related_name="grant"
    )
    provider = models.ForeignKey(
        IdentityProvider, on_delete=models.CASCADE, related_name="+"
    )

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"membership", "provider"}

    def __str__(self) -> str:
        return str(self.membership)

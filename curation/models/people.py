"""Who takes part: the user and their roles."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _


class ContributorManager(BaseUserManager["Contributor"]):
    def create_user(
        self, email: str, password: str | None = None, **fields: Any
    ) -> Contributor:
        """A person who signs in by e-mail; without a password only by a reset link."""
        if not email:
            raise ValueError("A contributor needs an e-mail address.")
        person = self.model(email=self.normalize_email(email).lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(
        self, email: str, password: str | None = None, **fields: Any
    ) -> Contributor:
        """A site admin: sees every dataset and every setting."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> Contributor:
        return self.get(email__iexact=username)


class Contributor(AbstractBaseUser, PermissionsMixin):
    """A person with an account. `is_staff` is a site admin."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=80, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=now)

    objects: ClassVar[ContributorManager] = ContributorManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"), name="contributor_email_once_in_any_case"
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "email", "name", "password", "last_login", "is_superuser", "groups",
            "user_permissions", "is_staff", "is_active", "date_joined",
        }  # fmt: skip

    def __str__(self) -> str:
        return self.name or self.email.split("@")[0]

    def get_short_name(self) -> str:
        """What a colleague would say."""
        return str(self).split()[0]


# Who does more than look on.
TAKING_PART = ("writer", "reviewer", "curator")


class MembershipQuerySet(models.QuerySet["Membership"]):
    def for_listing(self) -> MembershipQuerySet:
        """With the people, those of one person together."""
        by_name = ("contributor__name", "contributor__email", "role")
        return self.select_related("contributor").order_by(*by_name)


class Membership(models.Model):
    """One role of one person in one dataset."""

    class Role(models.TextChoices):
        WRITER = "writer", _("Writer")
        REVIEWER = "reviewer", _("Reviewer")
        CURATOR = "curator", _("Curator")
        VIEWER = "viewer", _("Viewer")

    dataset = models.ForeignKey(
        "curation.Dataset", on_delete=models.CASCADE, related_name="memberships"
    )
    contributor = models.ForeignKey(
        Contributor, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=10, choices=Role)
    since = models.DateTimeField(default=now)
    # The role rests: see actions/suspensions.py.
    suspended_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contributor", "dataset", "role"], name="membership_each_role_once"
            ),
            models.CheckConstraint(
                name="membership_role_known",
                condition=Q(role__in=["writer", "reviewer", "curator", "viewer"]),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "dataset", "contributor", "role", "since", "suspended_at"}

    def __str__(self) -> str:
        return f"{self.contributor}, {self.role}"


class Instance(models.Model):
    """What an admin decides for the whole installation. One row."""

    class SecondStep(models.TextChoices):
        """Of whom a second step is wanted when they sign in."""

        NOBODY = "nobody", _("Nobody")
        CARERS = "carers", _("Curators and admins")
        EVERYBODY = "everybody", _("Everybody")

    class Passwords(models.TextChoices):
        """Who may sign in with one, where others vouch for people."""

        EVERYBODY = "everybody", _("Everybody")
        ADMINS = "admins", _("Only admins")
        NOBODY = "nobody", _("Nobody")

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    registration_open = models.BooleanField(
        default=False,
        verbose_name="People may sign up by themselves",
        help_text="Off: only accounts that an admin made can sign in.",
    )
    second_step_of = models.CharField(
        max_length=9,
        choices=SecondStep,
        default=SecondStep.NOBODY,
        db_default=SecondStep.NOBODY,
    )
    passwords_of = models.CharField(
        max_length=9,
        choices=Passwords,
        default=Passwords.EVERYBODY,
        db_default=Passwords.EVERYBODY,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="instance_is_one_row", condition=Q(id=1)),
            models.CheckConstraint(
                name="instance_second_step_known",
                condition=Q(second_step_of__in=["nobody", "carers", "everybody"]),
            ),
            models.CheckConstraint(
                name="instance_passwords_known",
                condition=Q(passwords_of__in=["everybody", "admins", "nobody"]),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "registration_open", "second_step_of", "passwords_of"}

    def __str__(self) -> str:
        return "settings of this installation"

    @classmethod
    def current(cls) -> Instance:
        """The row, or its defaults where no admin has saved it yet. Writes nothing."""
        return cls.objects.filter(pk=1).first() or cls()

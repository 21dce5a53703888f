"""What a person says to models, and what these answer. Nobody else reads it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from trainer.models.bases import BaseModel
from trainer.models.jobs import Job
from trainer.models.runs import Run

if TYPE_CHECKING:
    from datetime import datetime

    from curation.handoff import Person


class TalkQuerySet(models.QuerySet["Talk"]):
    def of(self, person: Person) -> TalkQuerySet:
        return self.filter(owner=person)

    def over_since(self, moment: datetime) -> TalkQuerySet:
        """Nothing was asked in them since then."""
        return self.filter(last_at__lt=moment)


class Talk(models.Model):
    """With one model or with two. Only `actions/talks.py` writes it and what is in it."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    version = models.ForeignKey(
        "curation.DatasetVersion",
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Its dataset's budget pays for the answers.",
    )
    job = models.ForeignKey(
        Job,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="In which the last question is answered.",
    )
    created_at = models.DateTimeField(default=now)
    last_at = models.DateTimeField(default=now, help_text="When something was asked last.")

    objects = TalkQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["owner", "-last_at"], name="talk_of_owner"),
            # For over_since(), each day.
            models.Index(fields=["last_at"], name="talk_by_time"),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "owner", "version", "job", "created_at", "last_at"}

    def __str__(self) -> str:
        return f"talk {self.pk}"


class TalkVoice(models.Model):
    """One of the models that answer in a talk."""

    talk = models.ForeignKey(Talk, on_delete=models.CASCADE, related_name="voices")
    place = models.PositiveSmallIntegerField(help_text="0 is left.")
    base = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="+")
    run = models.ForeignKey(
        Run,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="None: the base alone.",
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["talk", "place"], name="talkvoice_place_once"),
            models.CheckConstraint(
                name="talkvoice_one_of_two", condition=Q(place__in=[0, 1])
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"id", "talk", "place", "base", "run"}

    def __str__(self) -> str:
        return self.signature

    @property
    def signature(self) -> str:
        """What its answers are signed with."""
        return self.run.signature if self.run else self.base.slug


class TalkTurn(models.Model):
    """One thing that the person said."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    talk = models.ForeignKey(Talk, on_delete=models.CASCADE, related_name="turns")
    number = models.PositiveSmallIntegerField(help_text="Counts from 1.")
    key = models.UUIDField(unique=True, help_text="Sent twice, it counts once.")
    text = models.TextField()
    context = models.TextField(blank=True, help_text="The passage that it is about.")
    temperature = models.FloatField()
    max_new_tokens = models.PositiveIntegerField()
    seed = models.PositiveIntegerField(help_text="Another one for each try.")
    asked_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["talk", "number"], name="talkturn_number_once"),
            models.CheckConstraint(name="talkturn_has_text", condition=~Q(text="")),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "uid", "talk", "number", "key", "text", "context", "temperature",
            "max_new_tokens", "seed", "asked_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"turn {self.number} of talk {self.talk_id}"

    @property
    def words(self) -> str:
        """With the passage under them, as examples have it."""
        return f"{self.text}\n\n{self.context}" if self.context else self.text


class TalkAnswer(models.Model):
    """What one model says to one turn, and what the person thinks of it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits")
        WRITING = "writing", _("Writing")
        DONE = "done", _("Done")

    class Thumb(models.IntegerChoices):
        DOWN = -1, _("Not good")
        NONE = 0, _("Not said")
        UP = 1, _("Good")

    turn = models.ForeignKey(TalkTurn, on_delete=models.CASCADE, related_name="answers")
    voice = models.ForeignKey(TalkVoice, on_delete=models.CASCADE, related_name="answers")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    text = models.TextField(blank=True)
    is_cut = models.BooleanField(default=False, help_text="It reached the length set.")
    is_short_of_past = models.BooleanField(
        default=False, help_text="What was said first did not fit into the model any more."
    )
    first_after = models.FloatField(null=True, help_text="Seconds to its first words.")
    seconds = models.FloatField(null=True)
    tokens = models.PositiveIntegerField(default=0)
    thumb = models.SmallIntegerField(choices=Thumb, default=Thumb.NONE)
    sent_at = models.DateTimeField(null=True, help_text="When it went to the record.")
    sent_to = models.ForeignKey(
        "curation.Conversation", null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["turn", "voice"], name="talkanswer_once_per_voice"
            ),
            models.CheckConstraint(
                name="talkanswer_state_known",
                condition=Q(state__in=["waiting", "writing", "done"]),
            ),
            models.CheckConstraint(
                name="talkanswer_thumb_known", condition=Q(thumb__in=[-1, 0, 1])
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "turn", "voice", "state", "text", "is_cut", "is_short_of_past",
            "first_after", "seconds", "tokens", "thumb", "sent_at", "sent_to",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"answer {self.pk} ({self.state})"

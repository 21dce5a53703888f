"""What people think of messages: reviews with labels, ballots, and what they add up to."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from curation.models.conversations import Message
from curation.models.datasets import Guideline
from curation.models.moderation import Suspension


class Review(models.Model):
    """One person's verdict on one message, under one version of the guideline."""

    class Verdict(models.TextChoices):
        ACCEPT = "accept", _("Accept")
        EDIT = "edit", _("Edit")
        REJECT = "reject", _("Reject")

    class Reason(models.TextChoices):
        WRONG = "wrong", _("Wrong or misleading")
        OFF_TASK = "off_task", _("Does not do what was asked")
        UNCLEAR = "unclear", _("Unclear or badly written")
        DUPLICATE = "duplicate", _("Already there")
        PERSONAL_DATA = "personal_data", _("Contains personal data")
        UNKIND = "unkind", _("Unkind or unsafe")
        SPAM = "spam", _("Spam")

    message = models.ForeignKey(
        Message,
        on_delete=models.PROTECT,
        related_name="reviews",
        db_index=False,  # review_once_per_person has it
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="reviews",
        db_index=False,  # review_by_reviewer has it
    )
    verdict = models.CharField(max_length=6, choices=Verdict)
    reason = models.CharField(max_length=13, choices=Reason, blank=True)
    note = models.TextField(blank=True)
    is_final = models.BooleanField(
        default=False, help_text="An adjudicator's: it decides, whatever others said."
    )
    active_seconds = models.PositiveIntegerField(null=True, blank=True)
    guideline = models.ForeignKey(
        Guideline, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=now)
    # It decides no longer; the text was shown to others. Whose it is, keeps it.
    set_aside_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "reviewer"], name="review_once_per_person"
            ),
            models.CheckConstraint(
                name="review_reason_exactly_when_rejected",
                condition=Q(Q(verdict="reject"), ~Q(reason=""))
                | Q(~Q(verdict="reject"), reason=""),
            ),
        ]
        indexes = [
            models.Index(fields=["reviewer", "-created_at"], name="review_by_reviewer"),
            # For dashboards: what was judged since a day.
            models.Index(fields=["created_at"], name="review_by_time"),
        ]

    class Privacy:
        published = {"id", "message", "verdict", "reason", "is_final", "guideline"}
        withheld = {"reviewer", "note", "active_seconds", "created_at", "set_aside_at"}

    def __str__(self) -> str:
        return f"{self.verdict} of message {self.message_id}"


class Label(models.Model):
    """One answered question about a message. Unanswered is absent, never 0."""

    class Name(models.TextChoices):
        SPAM = "spam", _("Spam")
        FAILS_TASK = "fails_task", _("Fails the task")
        LANG_MISMATCH = "lang_mismatch", _("Wrong language")
        PII = "pii", _("Personal data")
        NOT_APPROPRIATE = "not_appropriate", _("Not appropriate")
        UNSAFE = "unsafe", _("Unsafe")
        QUALITY = "quality", _("Quality")
        HELPFULNESS = "helpfulness", _("Helpfulness")
        CREATIVITY = "creativity", _("Creativity")
        HUMOR = "humor", _("Humour")
        TOXICITY = "toxicity", _("Rudeness")

    YES_NO: ClassVar[tuple[str, ...]] = (Name.SPAM, Name.FAILS_TASK)
    # Raised or absent: there is no flag that was answered with no.
    FLAGS: ClassVar[tuple[str, ...]] = (
        Name.LANG_MISMATCH, Name.PII, Name.NOT_APPROPRIATE, Name.UNSAFE,
    )  # fmt: skip
    SCALES: ClassVar[tuple[str, ...]] = (
        Name.QUALITY, Name.HELPFULNESS, Name.CREATIVITY, Name.HUMOR, Name.TOXICITY,
    )  # fmt: skip

    review = models.ForeignKey(
        Review,
        on_delete=models.PROTECT,
        related_name="labels",
        db_index=False,  # label_once_per_review has it
    )
    name = models.CharField(max_length=16, choices=Name)
    value = models.PositiveSmallIntegerField(
        help_text="0 or 1 for yes/no, 1 for a flag, else 1 to 5."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["review", "name"], name="label_once_per_review"
            ),
            models.CheckConstraint(
                name="label_value_on_its_scale",
                condition=Q(name__in=["spam", "fails_task"], value__lte=1)
                | Q(
                    name__in=["lang_mismatch", "pii", "not_appropriate", "unsafe"],
                    value=1,
                )
                | Q(
                    name__in=[
                        "quality",
                        "helpfulness",
                        "creativity",
                        "humor",
                        "toxicity",
                    ],
                    value__gte=1,
                    value__lte=5,
                ),  # fmt: skip
            ),
        ]

    class Privacy:
        published = {"id", "review", "name", "value"}
        withheld: ClassVar[set[str]] = set()

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


INFORMED = Q(set_aside_at__lte=F("created_at"))  # of ballots


class BallotQuerySet(models.QuerySet["Ballot"]):
    def standing(self) -> BallotQuerySet:
        """Those that count: not set aside, and not of somebody who pauses there now."""
        pausing = Suspension.objects.in_force().filter(
            Q(dataset=None) | Q(dataset=OuterRef("prompt__conversation__dataset")),
            person=OuterRef("ranker"),
        )
        return self.filter(~Exists(pausing), set_aside_at=None)

    def informed(self) -> BallotQuerySet:
        """Set aside from the start: whoever cast it knew which model said what."""
        return self.filter(INFORMED)

    def blind(self) -> BallotQuerySet:
        return self.exclude(INFORMED)

    def barring(self, ranking_round: Any) -> BallotQuerySet:
        """Whoever cast one of these ranks nothing in this round: they have done so, or
        they know which model said what, in every round."""
        return self.filter(Q(ranking_round=ranking_round) | INFORMED)


class Ballot(models.Model):
    """One person's order of the answers to one prompt, or why there is none.

    `ranker` is empty for an order that came with an import.
    """

    class Outcome(models.TextChoices):
        RANKED = "ranked", _("Ranked")
        NONE_GOOD = "none_good", _("None is good")
        CANNOT_JUDGE = "cannot_judge", _("I cannot judge these")

    class Protocol(models.TextChoices):
        """How it was asked for: orders and comparisons of the same answers differ."""

        RANKING = "ranking", _("Ranking")
        COMPARISON = "comparison", _("Comparison")

    class Reason(models.TextChoices):
        EXPERTISE = "expertise", _("I do not know the subject")
        LANGUAGE = "language", _("I do not read this language well")
        ALIKE = "alike", _("They are nearly the same")
        UNCLEAR = "unclear", _("The question is unclear")
        BROKEN = "broken", _("An answer is cut off or unreadable")
        OTHER = "other", _("Something else")

    prompt = models.ForeignKey(
        Message,
        on_delete=models.PROTECT,
        related_name="ballots",
        db_index=False,  # ballot_once_per_person_and_round has it
    )
    ranker = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="ballots",
        db_index=False,  # ballot_by_ranker has it
    )
    ranking_round = models.PositiveSmallIntegerField(default=1)
    outcome = models.CharField(max_length=12, choices=Outcome)
    protocol = models.CharField(max_length=10, choices=Protocol, default=Protocol.RANKING)
    strength = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Of a comparison: 1 slightly, 2 clearly, 3 much better.",
    )
    reason = models.CharField(max_length=9, choices=Reason, blank=True)
    note = models.TextField(blank=True)
    active_seconds = models.PositiveIntegerField(null=True, blank=True)
    guideline = models.ForeignKey(
        Guideline, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=now)
    # It counts no longer; the answers were put before people again. Whose it is, keeps it.
    set_aside_at = models.DateTimeField(null=True, blank=True)

    objects = BallotQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["prompt", "ranker", "ranking_round"],
                nulls_distinct=False,
                name="ballot_once_per_person_and_round",
            ),
            models.CheckConstraint(
                name="ballot_outcome_known",
                condition=Q(outcome__in=["ranked", "none_good", "cannot_judge"]),
            ),
            models.CheckConstraint(
                name="ballot_strength_of_comparisons_only",
                condition=Q(strength=None)
                | Q(
                    strength__gte=1,
                    strength__lte=3,
                    protocol="comparison",
                    outcome="ranked",
                ),
            ),
            models.CheckConstraint(
                name="ballot_reason_of_cannot_judge_only",
                condition=Q(reason="") | Q(outcome="cannot_judge"),
            ),
        ]
        indexes = [
            models.Index(fields=["ranker", "-created_at"], name="ballot_by_ranker"),
            # For dashboards, as of reviews.
            models.Index(fields=["created_at"], name="ballot_by_time"),
        ]

    class Privacy:
        published = {
            "id", "prompt", "ranking_round", "outcome", "protocol", "strength", "reason",
            "guideline",
        }  # fmt: skip
        withheld = {"ranker", "note", "active_seconds", "created_at", "set_aside_at"}

    def __str__(self) -> str:
        return f"ballot on message {self.prompt_id}: {self.outcome}"


class BallotEntry(models.Model):
    """Where one answer stood on a ballot, and where on the page it was shown."""

    ballot = models.ForeignKey(
        Ballot,
        on_delete=models.PROTECT,
        related_name="entries",
        db_index=False,  # ballotentry_place_once_per_ballot has it
    )
    reply = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="placings")
    position = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="1 is best; equal numbers are ties; none if not ranked.",
    )
    shown = models.PositiveSmallIntegerField(help_text="1 was shown first.")
    rating = models.PositiveSmallIntegerField(null=True, blank=True, help_text="1 to 7.")

    class Meta:
        verbose_name_plural = "ballot entries"
        constraints = [
            models.UniqueConstraint(
                fields=["ballot", "reply"], name="ballotentry_reply_once_per_ballot"
            ),
            models.UniqueConstraint(
                fields=["ballot", "shown"], name="ballotentry_place_once_per_ballot"
            ),
            models.CheckConstraint(
                name="ballotentry_numbers_in_range",
                condition=Q(Q(position=None) | Q(position__gte=1))
                & Q(shown__gte=1)
                & Q(Q(rating=None) | Q(rating__gte=1, rating__lte=7)),
            ),
        ]

    class Privacy:
        published = {"id", "ballot", "reply", "position", "shown", "rating"}
        withheld: ClassVar[set[str]] = set()

    def __str__(self) -> str:
        return f"message {self.reply_id} at {self.position}"


class Settlement(models.Model):
    """What the ballots on one prompt add up to. Disagreement is kept, not averaged away."""

    class Status(models.TextChoices):
        CONSENSUS = "consensus", _("Consensus")
        CONTESTED = "contested", _("Contested")
        INSUFFICIENT = "insufficient", _("Too few ballots")

    prompt = models.OneToOneField(
        Message, on_delete=models.PROTECT, related_name="settlement"
    )
    order = models.JSONField(
        help_text="Groups of message ids, best first; a group is a tie."
    )
    margins = models.JSONField(
        default=list, help_text="Rows [a, b, n]: n more ballots prefer message a to b."
    )
    is_weighted = models.BooleanField(
        default=False,
        help_text="Whether some ballots weighed more than a newcomer's, or less.",
    )
    ballots = models.PositiveIntegerField(help_text="How many ballots ranked something.")
    agreement = models.FloatField(
        null=True, blank=True, help_text="Mean rank correlation of ballots, -1 to 1."
    )
    kendall_w = models.FloatField(
        null=True, blank=True, help_text="Kendall's W of the ballots, weighed, 0 to 1."
    )
    status = models.CharField(max_length=12, choices=Status)
    settled_at = models.DateTimeField(default=now)
    # Its ballots weigh otherwise by now, or others of them count: resettling.py looks.
    is_due = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="settlement_agreement_in_range",
                condition=Q(agreement=None) | Q(agreement__gte=-1, agreement__lte=1),
            ),
            models.CheckConstraint(
                name="settlement_kendall_w_in_range",
                condition=Q(kendall_w=None) | Q(kendall_w__gte=0, kendall_w__lte=1),
            ),
        ]
        indexes = [
            # For resettling.settle_due(); few rows are, so it is small.
            models.Index(fields=["id"], name="settlement_due", condition=Q(is_due=True)),
        ]

    class Privacy:
        published = {
            "prompt", "order", "margins", "is_weighted", "ballots", "agreement",
            "kendall_w", "status",
        }  # fmt: skip
        withheld = {"id", "settled_at", "is_due"}

    def __str__(self) -> str:
        return f"settlement of message {self.prompt_id}: {self.status}"

"""Slots of wanted work: made ahead, handed out one by one, given to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q
from django.utils.timezone import now

from annotate.models import kinds
from annotate.models.memory import Skip
from curation.addresses import address_of
from curation.models import Category, Conversation, Dataset, Message
from curation.prepared import Given

if TYPE_CHECKING:
    from curation.models import Contributor


class Holder(Func):
    """The person on a slot as an array of one, to compare with those who are barred."""

    template = "ARRAY[%(expressions)s]::bigint[]"
    output_field = ArrayField(models.BigIntegerField())


GONE = (Message.State.HELD, Message.State.WITHDRAWN)  # words not to be shown any more


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def held_by(self, person: Contributor | Given) -> AssignmentQuerySet:
        # No done_at: where assignment_by_person begins, however much they have done.
        return self.filter(person=person, done_at=None, state=Assignment.State.LEASED)

    def overdue(self) -> AssignmentQuerySet:
        return self.filter(state=Assignment.State.LEASED, lease_until__lt=now())

    def open_to(self, person: Contributor) -> AssignmentQuerySet:
        return self.filter(state=Assignment.State.OPEN).fit_to(person)

    def fit_to(self, person: Contributor) -> AssignmentQuerySet:
        """Not of own text, skipped, judged before, or given to somebody else."""
        mine = Assignment.objects.filter(
            person=person,
            kind=OuterRef("kind"),
            message=OuterRef("message"),
            ranking_round=OuterRef("ranking_round"),
        )
        skipped = Skip.objects.filter(
            person=person, kind=OuterRef("kind"), message=OuterRef("message")
        )
        return (
            self.filter(Q(reserved_for=None) | Q(reserved_for=person))
            .exclude(barred__contains=[person.pk])
            .filter(~Exists(mine), ~Exists(skipped))
        )

    def for_form(self) -> AssignmentQuerySet:
        """What reading a form that was sent needs. A page asks for more."""
        return self.select_related("dataset", "category", "message")

    def for_page(self) -> AssignmentQuerySet:
        """All that a task page reads of its slot, in one query."""
        return self.select_related(
            "dataset__policy", "category", "conversation__category", "message__author"
        )


class Assignment(models.Model):
    """A slot: one unit of wanted work. Made by planner.py, handed out by actions.py."""

    Kind = kinds.Kind

    class State(models.TextChoices):
        OPEN = "open"
        LEASED = "leased"
        DONE = "done"
        DROPPED = "dropped"  # no longer wanted

    # Written several times in its life, so it has the indexes below and hardly one more.
    kind = models.CharField(max_length=12, choices=kinds.Kind)
    dataset = models.ForeignKey(
        Dataset, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    conversation = models.ForeignKey(
        Conversation,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
    )
    # What is reviewed, answered, continued, or whose replies are ranked.
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    ranking_round = models.PositiveSmallIntegerField(default=1)
    number = models.PositiveIntegerField(help_text="Counts the slots of one want.")
    priority = models.PositiveIntegerField(default=5_000, help_text="Smaller comes first.")
    # Of the words that it is about; empty where new ones are wanted.
    language = models.CharField(max_length=12, blank=True)
    # Mixed into the stream of reviews, with a known verdict. The planner does not see it.
    is_gold = models.BooleanField(default=False)
    # Given to one person by a curator, until it is due.
    reserved_for = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    allotment = models.ForeignKey(
        "Allotment",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="slots",
        db_index=False,
    )
    # People whose own words are judged here. Copied, so that the database can refuse.
    barred = ArrayField(models.BigIntegerField(), default=list)
    state = models.CharField(max_length=7, choices=State, default=State.OPEN)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="assignments",
        db_index=False,
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    # Taken while the person still works on another: a short lease until they see it.
    is_ahead = models.BooleanField(default=False)
    # The answers to rank, in the order in which this person sees them.
    shown = ArrayField(models.BigIntegerField(), default=list)
    created_at = models.DateTimeField(default=now)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            # Two planners at once make each slot once.
            models.UniqueConstraint(
                fields=[
                    "kind",
                    "dataset",
                    "category",
                    "message",
                    "ranking_round",
                    "is_gold",
                    "number",
                ],
                nulls_distinct=False,
                name="assignment_slot_made_once",
            ),
            models.UniqueConstraint(
                fields=["person", "kind", "message", "ranking_round"],
                condition=Q(person__isnull=False, message__isnull=False),
                name="assignment_item_once_per_person",
            ),
            models.CheckConstraint(
                name="assignment_never_of_own_text",
                condition=Q(person=None) | ~Q(barred__contains=Holder(F("person"))),
            ),
            models.CheckConstraint(
                name="assignment_person_exactly_when_taken",
                condition=Q(state__in=["open", "dropped"], person=None)
                | Q(state__in=["leased", "done"], person__isnull=False),
            ),
            models.CheckConstraint(
                name="assignment_lease_exactly_while_leased",
                condition=Q(state="leased", lease_until__isnull=False)
                | Q(~Q(state="leased"), lease_until=None),
            ),
            models.CheckConstraint(
                name="assignment_ahead_only_while_leased",
                condition=Q(is_ahead=False) | Q(state="leased"),
            ),
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(is_ahead=True),
                name="assignment_one_ahead_per_person",
            ),
            models.CheckConstraint(
                name="assignment_done_at_exactly_when_done",
                condition=Q(state="done", done_at__isnull=False)
                | Q(~Q(state="done"), done_at=None),
            ),
        ]
        indexes = [
            # For queue.next_for(): the best open slot, whatever its kind.
            models.Index(
                fields=["priority", "id"],
                name="assignment_queue",
                condition=Q(state="open"),
            ),
            # For the same with one kind asked for, and for the counts on the home page.
            models.Index(
                fields=["kind", "dataset", "priority", "id"],
                name="assignment_queue_of_kind",
                condition=Q(state="open"),
            ),
            # For what a curator gave to somebody; few rows are, so it is small.
            models.Index(
                fields=["reserved_for", "priority", "id"],
                name="assignment_reserved",
                condition=Q(state="open", reserved_for__isnull=False),
            ),
            # For expire_leases().
            models.Index(
                fields=["lease_until"],
                name="assignment_leases",
                condition=Q(state="leased"),
            ),
            # For what was made of an allotment.
            models.Index(
                fields=["allotment"],
                name="assignment_of_allotment",
                condition=Q(allotment__isnull=False),
            ),
            # For planner.plan(): the slots of one conversation.
            models.Index(fields=["conversation"], name="assignment_by_conversation"),
            # For a person's own progress.
            models.Index(fields=["person", "-done_at"], name="assignment_by_person"),
            # For what a team has done since Monday.
            models.Index(
                fields=["dataset", "done_at"],
                name="assignment_done",
                condition=Q(state="done"),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "kind", "dataset", "category", "conversation", "message", "ranking_round",
            "number", "priority", "language", "is_gold", "reserved_for", "allotment",
            "barred", "state", "person", "lease_until", "is_ahead", "shown", "created_at",
            "done_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} slot {self.pk} ({self.state})"

    @property
    def address(self) -> str:
        """What pages and scripts call it; the number would tell known items apart."""
        return address_of(self.pk, of="task")


class Allotment(models.Model):
    """So much work given to one person by a curator, until a day."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="allotments"
    )
    kind = models.CharField(max_length=12, choices=Assignment.Kind)
    category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    wanted = models.PositiveIntegerField(help_text="How many tasks.")
    due_on = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=now)
    # Done, overdue or taken back: what is still open goes to everybody again.
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="allotment_wants_something", condition=Q(wanted__gte=1)
            ),
        ]
        indexes = [
            models.Index(
                fields=["person"],
                name="allotment_running",
                condition=Q(closed_at=None),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {
            "id", "dataset", "person", "kind", "category", "wanted", "due_on", "note",
            "made_by", "created_at", "closed_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"{self.wanted} {self.kind} for {self.person}"


class Plan(models.Model):
    """How much of a conversation the planner has seen: behind `changes`, it plans anew."""

    conversation = models.OneToOneField(
        Conversation, primary_key=True, on_delete=models.CASCADE, related_name="plan"
    )
    seen = models.PositiveIntegerField()

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"conversation", "seen"}

    def __str__(self) -> str:
        return f"plan of conversation {self.conversation_id}"

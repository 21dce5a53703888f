"""The record itself: conversations and the messages in them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Count, F, OuterRef, Prefetch, Q, Subquery
from django.utils.functional import cached_property
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from curation.addresses import address_of
from curation.models.datasets import Category, Dataset, Guideline

if TYPE_CHECKING:
    from curation.aggregate.demand import Turn
    from curation.models.people import Contributor

UNDECIDED = Q(state__in=["draft", "submitted"])


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def unfinished(self) -> ConversationQuerySet:
        """Started and not yet complete: what `Policy.open_conversations` bounds."""
        return self.filter(state__in=["review", "growing", "ranking"])

    def for_tree(self) -> ConversationQuerySet:
        """All that the conversation page shows, in a query per table."""
        messages = Message.objects.for_tree()
        return self.select_related("dataset", "category").prefetch_related(
            Prefetch("messages", queryset=messages)
        )

    def for_listing(self) -> ConversationQuerySet:
        """A line each: the first prompt and how many messages stand under it."""
        below = Message.objects.filter(conversation=OuterRef("pk")).values("conversation")
        roots = Message.objects.filter(parent=None).order_by("pk")
        return (
            self.select_related("category", "dataset")
            # A subquery: counted for the rows of one page, not for all of them first.
            .annotate(message_count=Subquery(below.annotate(n=Count("pk")).values("n")))
            .prefetch_related(Prefetch("messages", queryset=roots, to_attr="roots"))
        )


class Conversation(models.Model):
    """A tree of messages. Only `actions/conversations.py` writes `state`."""

    class State(models.TextChoices):
        REVIEW = "review", _("Waiting for review")
        GROWING = "growing", _("Growing")
        RANKING = "ranking", _("Ranking")
        COMPLETE = "complete", _("Complete")
        HELD = "held", _("Held")
        REJECTED = "rejected", _("Rejected")

    # A complete tree ranks again when new answers are offered to it. Back to review
    # only where somebody takes back what they just said: see actions/undo.py.
    MOVES: ClassVar[dict[str, set[str]]] = {
        State.REVIEW: {
            State.GROWING, State.RANKING, State.COMPLETE, State.HELD, State.REJECTED,
        },
        State.GROWING: {
            State.REVIEW, State.RANKING, State.COMPLETE, State.HELD, State.REJECTED,
        },
        State.RANKING: {
            State.REVIEW, State.GROWING, State.COMPLETE, State.HELD, State.REJECTED,
        },
        State.COMPLETE: {
            State.REVIEW, State.GROWING, State.RANKING, State.HELD, State.REJECTED,
        },
        State.HELD: {
            State.REVIEW, State.GROWING, State.RANKING, State.COMPLETE, State.REJECTED,
        },
        State.REJECTED: {
            State.REVIEW, State.GROWING, State.RANKING, State.COMPLETE, State.HELD,
        },
    }  # fmt: skip

    class Split(models.TextChoices):
        TRAIN = "train", _("Train")
        HELD_OUT = "held_out", _("Held out")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    dataset = models.ForeignKey(
        Dataset,
        on_delete=models.PROTECT,
        related_name="conversations",
        db_index=False,  # conversation_by_state has it
    )
    category = models.ForeignKey(
        Category,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="conversations",
    )
    language = models.CharField(max_length=12, default="en")
    state = models.CharField(max_length=9, choices=State, default=State.REVIEW)
    # Given once, from the words of the first prompt: see aggregate/splits.py.
    split = models.CharField(max_length=8, choices=Split, editable=False)
    # Equal for equal first words: a new conversation joins the side of the ones before it.
    prompt_key = models.CharField(max_length=32, blank=True, editable=False)
    # Stands on one side with all that have the same: equal first words, and duplicates that
    # a curator has joined. See actions/groups.py.
    group = models.UUIDField(null=True, editable=False)
    source_key = models.CharField(max_length=80, blank=True, editable=False)
    # Raised by every change below it: the planner compares it with what it has seen.
    changes = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=now)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = ConversationQuerySet.as_manager()

    # Its messages as aggregate/demand.py sees them, from when it was last advanced.
    turns: list[Turn] | None = None

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "source_key"],
                condition=~Q(source_key=""),
                name="conversation_imported_once",
            ),
            models.CheckConstraint(
                name="conversation_completed_at_exactly_when_complete",
                condition=Q(state="complete", completed_at__isnull=False)
                | Q(~Q(state="complete"), completed_at=None),
            ),
            models.CheckConstraint(
                name="conversation_split_known",
                condition=Q(split__in=["train", "held_out"]),
            ),
        ]
        indexes = [
            # For sides_of(), which asks where the same words stand already.
            models.Index(fields=["dataset", "prompt_key"], name="conversation_by_prompt"),
            # For join_groups(), which moves a whole group.
            models.Index(fields=["dataset", "group"], name="conversation_by_group"),
            # For the dataset page: newest first within a state.
            models.Index(
                fields=["dataset", "state", "-created_at"], name="conversation_by_state"
            ),
        ]

    class Privacy:
        published = {"uid", "dataset", "category", "language", "split", "group"}
        withheld = {
            "id", "state", "prompt_key", "source_key", "changes", "created_at",
            "completed_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"conversation {self.pk} ({self.state})"

    @cached_property
    def guideline_id(self) -> int | None:
        """The guideline in force. It comes with the lock; without one, by a query."""
        newest = self.dataset.guideline_in_force()
        return newest.pk if newest is not None else None


class MessageQuerySet(models.QuerySet["Message"]):
    """Each method is a work queue or one page's needs, named as a person would ask."""

    def written_by(self, person: Contributor) -> MessageQuerySet:
        return self.filter(author=person).exclude(state=Message.State.DRAFT)

    def rankable(self) -> MessageQuerySet:
        """Accepted replies, and what models propose: the latter are judged by ranking."""
        return self.filter(
            Q(state=Message.State.ACCEPTED)
            | Q(state=Message.State.SUBMITTED, origin=Message.Origin.MODEL),
            role=Message.Role.ASSISTANT,
        )

    def trainable(self) -> MessageQuerySet:
        """Replies that people accepted, under prompts that people accepted."""
        return self.filter(
            role=Message.Role.ASSISTANT,
            state=Message.State.ACCEPTED,
            parent__state=Message.State.ACCEPTED,
        )

    def with_verdicts(self) -> MessageQuerySet:
        counted = Q(reviews__set_aside_at=None)
        approving, against = Q(reviews__verdict="accept"), Q(reviews__verdict="reject")
        return self.annotate(
            approvals=Count("reviews", filter=counted & approving, distinct=True),
            rejections=Count("reviews", filter=counted & against, distinct=True),
        )

    def for_own_list(self) -> MessageQuerySet:
        """All that a person's list of their own texts shows, newest first."""
        return (
            self.select_related("conversation__dataset", "conversation__category")
            .prefetch_related("frozen_in__version", "frozen_as_worse_in__version")
            .order_by("-created_at", "-pk")
        )

    def for_tree(self) -> MessageQuerySet:
        return (
            self.with_verdicts()
            .select_related("author", "guideline", "settlement", "inspection")
            .prefetch_related("findings")
            .order_by("created_at", "pk")
        )


class Message(models.Model):
    """One turn of a conversation. Only `actions/{moves,undo}.py` write `state`.

    Text is never changed after submission: an edit is a sibling that `revises` this one.
    """

    class Role(models.TextChoices):
        PROMPTER = "prompter", _("Prompter")
        ASSISTANT = "assistant", _("Assistant")

    class Origin(models.TextChoices):
        PERSON = "person", _("Person")
        MODEL = "model", _("Model")
        IMPORT = "import", _("Import")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Waiting for review")
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")
        HELD = "held", _("Held")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    # Withdrawal stays open to the end: consent can be taken back after acceptance.
    # A decision becomes undecided again only by actions/undo.py.
    MOVES: ClassVar[dict[str, set[str]]] = {
        State.DRAFT: {State.SUBMITTED, State.WITHDRAWN},
        State.SUBMITTED: {State.ACCEPTED, State.REJECTED, State.HELD, State.WITHDRAWN},
        State.ACCEPTED: {State.SUBMITTED, State.HELD, State.WITHDRAWN},
        State.REJECTED: {State.SUBMITTED, State.WITHDRAWN},
        State.HELD: {State.ACCEPTED, State.REJECTED, State.WITHDRAWN},
        # Only when the text that replaced it is undone: see actions/undo.py.
        State.WITHDRAWN: {State.SUBMITTED, State.ACCEPTED},
    }

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="messages"
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replies"
    )
    revises = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="revisions",
        db_index=False,  # message_by_revised has it
    )
    role = models.CharField(max_length=9, choices=Role)
    origin = models.CharField(max_length=6, choices=Origin, default=Origin.PERSON)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="messages",
        db_index=False,  # message_by_person has it
    )
    generator = models.CharField(
        max_length=120, blank=True, help_text="The model that wrote it, where one did."
    )
    text = models.TextField()
    context = models.TextField(blank=True, help_text="The passage that a prompt stands on.")
    language = models.CharField(max_length=12, default="en")
    guideline = models.ForeignKey(
        Guideline,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,  # message_by_guideline has it
    )
    source_key = models.CharField(max_length=80, blank=True, editable=False)
    state = models.CharField(max_length=9, choices=State, default=State.SUBMITTED)
    why = models.CharField(
        max_length=300, blank=True, help_text="Why it was decided so, for its author."
    )
    # Of a prompt: raised when new answers are offered, so that people may rank once more.
    ranking_round = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(default=now)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="message_decided_at_exactly_when_decided",
                condition=Q(UNDECIDED, decided_at=None)
                | Q(~UNDECIDED, decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="message_by_a_person_or_a_model",
                condition=Q(origin="person", author__isnull=False, generator="")
                | Q(Q(origin="model", author=None), ~Q(generator=""))
                | Q(origin="import", author=None, generator=""),
            ),
            models.CheckConstraint(name="message_has_text", condition=~Q(text="")),
            models.CheckConstraint(
                name="message_answers_something_if_assistant",
                condition=Q(role="prompter") | Q(role="assistant", parent__isnull=False),
            ),
            models.CheckConstraint(
                name="message_not_its_own_parent",
                condition=Q(parent=None) | ~Q(parent=F("id")),
            ),
            models.UniqueConstraint(
                fields=["conversation"],
                condition=Q(parent=None, revises=None),
                name="message_one_root_per_conversation",
            ),
            models.UniqueConstraint(
                fields=["conversation", "source_key"],
                condition=~Q(source_key=""),
                name="message_imported_once",
            ),
        ]
        indexes = [
            # For a person's own list, newest first.
            models.Index(
                fields=["author", "-created_at"],
                name="message_by_person",
                condition=Q(author__isnull=False),
            ),
            # What most texts have none of costs nothing where it is not.
            models.Index(
                fields=["revises"],
                name="message_by_revised",
                condition=Q(revises__isnull=False),
            ),
            models.Index(
                fields=["guideline"],
                name="message_by_guideline",
                condition=Q(guideline__isnull=False),
            ),
            # For trainable() and rankable(), which ask for one state of one role.
            models.Index(fields=["role", "state"], name="message_by_role_and_state"),
            # For curators: what is set aside.
            models.Index(fields=["id"], name="message_held", condition=Q(state="held")),
            # For schedules: what was accepted since the newest version.
            models.Index(
                fields=["decided_at"],
                name="message_accepted_by_time",
                condition=Q(state="accepted"),
            ),
        ]

    class Privacy:
        published = {
            "uid", "conversation", "parent", "revises", "role", "origin", "generator",
            "text", "context", "language", "guideline",
        }  # fmt: skip
        withheld = {
            "id", "author", "source_key", "state", "why", "ranking_round", "created_at",
            "decided_at",
        }  # fmt: skip

    def __str__(self) -> str:
        return f"message {self.pk} ({self.state})"

    @property
    def address(self) -> str:
        """What pages call it; its number would tell how old it is."""
        return address_of(self.pk, of="message")

    def path(self) -> list[Message]:
        """From the first prompt down to this message. This causes a query per ancestor."""
        turns = [self]
        while turns[0].parent is not None:
            turns.insert(0, turns[0].parent)
        return turns

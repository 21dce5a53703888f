"""Which tables a dataset's archive has, which rows of them, and what stays behind and why.

A model that is in neither list fails a test: whoever adds one decides. New columns of a
table that is carried come along by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from django.db.models import Field, Model, Q, QuerySet

from curation.models import (
    Ballot,
    BallotEntry,
    Case,
    Category,
    Cluster,
    ClusterMember,
    Comment,
    Consent,
    Contributor,
    Conversation,
    Dataset,
    DatasetVersion,
    Decision,
    Erasure,
    Event,
    Export,
    Finding,
    Flag,
    GoldAnswer,
    GoldBallot,
    GoldItem,
    GoldRanking,
    Guideline,
    Label,
    Membership,
    Message,
    MessageSalt,
    Original,
    Policy,
    Profile,
    Recall,
    Review,
    SavedView,
    SecondLook,
    Settlement,
    Suspension,
    Terms,
    Tombstone,
    VersionItem,
    VersionRanking,
    Withdrawal,
)

# The number that a row of a table has here, for the one that it had there; None where it
# did not come along.
Renumber: TypeAlias = Callable[[type[Model], Any], int | None]
# A value that has numbers of rows in it, with those of here.
Renumbered: TypeAlias = Callable[[Any, Renumber], Any]


@dataclass(frozen=True)
class Table:
    """`of` leads from a row to the dataset that it belongs to, by any of these ways."""

    model: type[Model]
    of: tuple[str, ...]
    also: Callable[[Dataset], Q] | None = None
    numbers: Mapping[str, Renumbered] = field(default_factory=dict)
    only: tuple[str, ...] = ()  # columns; all of them where none is named
    # Where people have no names: the whole table stays behind, or these texts do, in which
    # people speak of each other.
    names_people: bool = False
    speaks_of_people: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.model._meta.model_name or ""

    @property
    def fields(self) -> list[Field[Any, Any]]:
        there = self.model._meta.concrete_fields
        return [one for one in there if not self.only or one.name in self.only]

    @property
    def columns(self) -> list[str]:
        return [one.name for one in self.fields]

    def rows(self, dataset: Dataset) -> QuerySet[Model]:
        belongs = self.also(dataset) if self.also else Q()
        for way in self.of:
            belongs |= Q(**{way: dataset.pk})
        found = self.model._base_manager.filter(belongs)
        # By way of many rows, a row would come more than once.
        once = self.model._base_manager.filter(pk__in=found.values("pk"))
        return once.order_by("pk")


def _message(value: Any, renumber: Renumber) -> Any:
    """Ids of messages, in lists however deep."""
    if isinstance(value, list):
        return [_message(one, renumber) for one in value]
    return renumber(Message, value)


def _margins(value: Any, renumber: Renumber) -> Any:
    return [[_message(a, renumber), _message(b, renumber), n] for a, b, n in value]


def _places(value: Any, renumber: Renumber) -> Any:
    return {str(renumber(Message, int(pk))): place for pk, place in value.items()}


def _line(value: Any, renumber: Renumber) -> Any:
    """The line of history, or none where history stayed behind."""
    return renumber(Event, value) or 0


# What lines of history name beside their subject.
NAMED_IN_HISTORY: dict[str, type[Model]] = {
    "head": Message, "message": Message, "of": Message, "person": Contributor,
    "prompt": Message, "replaced": Message, "review": Review, "revision": Message,
    "suspension": Suspension, "terms": Terms, "version": DatasetVersion,
}  # fmt: skip


def _told(value: Any, renumber: Renumber) -> Any:
    """Numbers of what stayed behind are left out: here they would mean something else."""
    return {
        key: renumber(NAMED_IN_HISTORY[key], told)
        if key in NAMED_IN_HISTORY and type(told) is int
        else told
        for key, told in value.items()
    }


def _terms_of_all(dataset: Dataset) -> Q:
    """People agreed to the terms of the installation, too: see packing.py."""
    return Q(dataset=None)


def _agreed_to_all(dataset: Dataset) -> Q:
    here = Q(contributor__memberships__dataset=dataset) | Q(
        contributor__messages__conversation__dataset=dataset
    )
    return here & Q(terms__dataset=None)


MESSAGE = "message__conversation__dataset"
OF_PROMPT = "prompt__conversation__dataset"

# What a row points at stands above it, or in the same table.
TABLES: tuple[Table, ...] = (
    Table(Dataset, ("pk",)),
    Table(Policy, ("dataset",)),
    Table(Guideline, ("dataset",)),
    Table(Category, ("dataset",)),
    Table(Terms, ("dataset",), also=_terms_of_all),
    Table(Consent, ("terms__dataset",), also=_agreed_to_all),
    Table(Membership, ("dataset",)),
    # Of whom versions may ask for in groups; how somebody likes to work stays behind.
    Table(
        Profile,
        ("contributor__memberships__dataset", f"contributor__ballots__{OF_PROMPT}"),
        only=("contributor", "languages", "topics"),
    ),
    Table(Conversation, ("dataset",)),
    Table(Message, ("conversation__dataset",), speaks_of_people=("why",)),
    Table(MessageSalt, (MESSAGE,)),
    Table(Original, (MESSAGE,)),
    Table(Review, (MESSAGE,), speaks_of_people=("note",)),
    Table(Label, (f"review__{MESSAGE}",)),
    Table(Ballot, (OF_PROMPT,), speaks_of_people=("note",)),
    Table(BallotEntry, (f"ballot__{OF_PROMPT}",)),
    Table(Settlement, (OF_PROMPT,), numbers={"order": _message, "margins": _margins}),
    Table(Finding, (MESSAGE,)),
    Table(Cluster, ("dataset",)),
    Table(ClusterMember, ("cluster__dataset",)),
    Table(GoldItem, (MESSAGE,), speaks_of_people=("why",)),
    Table(GoldAnswer, (f"item__{MESSAGE}",)),
    Table(
        GoldRanking,
        (OF_PROMPT,),
        numbers={"order": _message, "answers": _message},
        speaks_of_people=("why",),
    ),
    Table(GoldBallot, (f"item__{OF_PROMPT}",), numbers={"places": _places}),
    Table(SecondLook, ("dataset",)),
    Table(DatasetVersion, ("dataset",)),
    Table(VersionItem, ("version__dataset",)),
    Table(VersionRanking, ("version__dataset",)),
    Table(Erasure, (f"tombstones__{MESSAGE}",)),
    Table(Tombstone, (MESSAGE,)),
    Table(
        Withdrawal,
        ("dataset", MESSAGE, "recalls__version__dataset"),
        numbers={"last": lambda value, renumber: 0},  # it is done
    ),
    Table(Recall, ("version__dataset",)),
    # Without its key nobody could say whose text an export that was handed out has.
    Table(Export, ("version__dataset",), names_people=True),
    Table(Suspension, ("dataset",), names_people=True),
    # From where people did it is the old server's to know.
    Table(
        Event,
        ("dataset",),
        numbers={"data": _told},
        only=("id", "kind", "subject_kind", "subject_id", "dataset", "by", "at", "data"),
        names_people=True,
    ),
    Table(
        Decision,
        ("dataset",),
        numbers={"after": _line, "until": _line},
        speaks_of_people=("note",),
    ),
    Table(Flag, (MESSAGE,), speaks_of_people=("note",)),
    Table(Case, (MESSAGE,)),
    Table(Comment, (MESSAGE,), names_people=True),
    Table(Comment.mentions.through, (f"comment__{MESSAGE}",), names_people=True),
    Table(SavedView, ("dataset",), names_people=True),
)

# By the name of the model.
LEFT: dict[str, str] = {
    "invitation": "its link leads to the old server",
    "contributor": "carried as people, without what lets them sign in",
    "contributor_groups": "rights of here",
    "contributor_user_permissions": "rights of here",
    "profile_categories": "how somebody likes to work here",
    "accesstoken": "lets somebody in here",
    "keptanswer": "of programs that talk to this server",
    "session": "of browsers that are signed in here",
    "identityprovider": "who vouches for people here",
    "grouprole": "groups of that provider",
    "groupgrant": "what such groups gave",
    "instance": "of this installation",
    "notification": "news of here, for people of here",
    "evaluationset": "of this installation, for all datasets",
    "modelreport": "models stay with the installation that trained them",
    "freezing": "work in the background; the versions are carried",
    "archiving": "archives of here",
    "import": "work in the background; what came is carried",
    "refusal": "of files that somebody brought here",
    "extract": "files that were written here",
    "pulse": "of this installation",
    "hook": "tells programs that this installation knows",
    "delivery": "what they were told",
    "deliverytry": "what they were told",
    "duplicatesearch": "work in the background; what it found is carried",
    "entry": "a trigger makes it",
    "words": "a trigger makes it",
    "tally": "counted again",
    "sketch": "made again",
    "vector": "made again, by the model of there",
    "embeddingmodel": "of this installation",
    "inspection": "texts are checked again, by the checks of there",
    "inspector": "of the checks of here",
    "reputation": "computed again",
}

# What history may be about.
SUBJECTS: dict[str, type[Model]] = {
    **{table.name: table.model for table in TABLES},
    "contributor": Contributor,
}

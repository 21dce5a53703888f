"""What a person contributed: texts, reviews and ballots, each with what came of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import Prefetch, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from curation.models import (
    Ballot,
    BallotEntry,
    Consent,
    Contributor,
    Dataset,
    Message,
    Review,
    Settlement,
)
from curation.outcomes import ballot_agrees, review_agrees


class Tab(TextChoices):
    TEXTS = "texts", _("Texts")
    REVIEWS = "reviews", _("Reviews")
    BALLOTS = "ballots", _("Rankings")


class Verdict(TextChoices):
    """What a review came to."""

    AGREED = "agreed", pgettext_lazy("review", "Decided as you said")
    DIFFERED = "differed", pgettext_lazy("review", "Decided otherwise")
    OPEN = "open", pgettext_lazy("review", "Not decided yet")


AGREES = {Verdict.AGREED: True, Verdict.DIFFERED: False, Verdict.OPEN: None}
# How each kind reaches its dataset, and which states it is filtered by.
DATASET_OF = {
    Tab.TEXTS: "conversation__dataset",
    Tab.REVIEWS: "message__conversation__dataset",
    Tab.BALLOTS: "prompt__conversation__dataset",
}
STATES_OF: dict[Tab, list[tuple[str, object]]] = {
    Tab.TEXTS: [(s.value, s.label) for s in Message.State if s != Message.State.DRAFT],
    Tab.REVIEWS: [(v.value, v.label) for v in Verdict],
    Tab.BALLOTS: [(o.value, o.label) for o in Ballot.Outcome],
}


class Chosen(NamedTuple):
    """What the page is narrowed to. Each may be empty."""

    state: str
    dataset: str


def all_of(person: Contributor, tab: Tab) -> QuerySet[Any]:
    """Every contribution of a kind, without what a page shows beside it.

    Judgements only of datasets that the person still sees: they are of others' texts.
    """
    seen = {f"{DATASET_OF[tab]}__in": Dataset.objects.visible_to(person)}
    if tab == Tab.REVIEWS:
        return Review.objects.filter(reviewer=person, **seen)
    if tab == Tab.BALLOTS:
        return Ballot.objects.filter(ranker=person, **seen)
    return Message.objects.written_by(person)


def datasets_of(person: Contributor, tab: Tab) -> QuerySet[Dataset]:
    """Where the person contributed such things, also where they have left since."""
    ids = all_of(person, tab).order_by().values(DATASET_OF[tab])
    return Dataset.objects.filter(pk__in=ids).order_by("title", "pk")


def datasets_to_leave(person: Contributor) -> list[Dataset]:
    """Where they wrote something, or agreed to something. Two queries."""
    written = list(datasets_of(person, Tab.TEXTS))
    agreed = Consent.objects.in_force().filter(contributor=person)
    known = Dataset.objects.filter(pk__in=agreed.values("terms__dataset"))
    return written + [one for one in known if one not in written]


def listed(person: Contributor, tab: Tab, chosen: Chosen) -> QuerySet[Any]:
    """Newest first, with all that the list shows, in a query per table."""
    wanted: dict[str, Any] = {}
    if chosen.dataset:
        wanted[f"{DATASET_OF[tab]}__slug"] = chosen.dataset
    if tab == Tab.TEXTS:
        if chosen.state:
            wanted["state"] = chosen.state
        texts: QuerySet[Any] = Message.objects.written_by(person).for_own_list()
        return texts.filter(**wanted)
    rows: QuerySet[Any] = (
        all_of(person, tab).filter(**wanted).order_by("-created_at", "-pk")
    )
    if tab == Tab.REVIEWS:
        rows = rows.annotate(agrees=review_agrees())
        if chosen.state:
            rows = rows.filter(agrees=AGREES[Verdict(chosen.state)])
        return rows.select_related("message__conversation__dataset")
    if chosen.state:
        rows = rows.filter(outcome=chosen.state)
    entries = BallotEntry.objects.order_by("position", "shown")
    return rows.select_related(
        "prompt__conversation__dataset", "prompt__settlement"
    ).prefetch_related(Prefetch("entries", entries))


class Cast(NamedTuple):
    """A ballot, and whether the others agree: None while it is not settled."""

    ballot: Ballot
    settlement: Settlement | None
    agrees: bool | None


def cast(ballot: Ballot) -> Cast:
    """Needs a row of the list."""
    settlement = getattr(ballot.prompt, "settlement", None)
    return Cast(ballot, settlement, ballot_agrees(ballot, settlement))

"""The guideline beside the work, and what changed in it since a person last worked."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q

from curation.clean.differences import Part, differences
from curation.models import Ballot, Contributor, Dataset, Guideline, Message, Review

KEPT_AROUND = 3  # words of what stayed the same, on each side of a change


class Panel(NamedTuple):
    guideline: Guideline
    before: Guideline | None  # the one that the person worked under, where that was another
    changes: list[Part]


def panel(dataset: Dataset, person: Contributor) -> Panel | None:
    """One query; a second one from the second version on."""
    guideline = dataset.guideline_in_force()
    if guideline is None:
        return None
    before = _last_worked_under(guideline, person) if guideline.number > 1 else None
    if before is None or before == guideline:
        return Panel(guideline, None, [])
    return Panel(guideline, before, list(_changes(before.text, guideline.text)))


def _last_worked_under(newest: Guideline, person: Contributor) -> Guideline | None:
    """Versions only count up, so the newest that they wrote or judged under."""
    under = {"guideline": OuterRef("pk")}
    worked = (
        Q(Exists(Message.objects.filter(author=person, **under)))
        | Q(Exists(Review.objects.filter(reviewer=person, **under)))
        | Q(Exists(Ballot.objects.filter(ranker=person, **under)))
    )
    versions = Guideline.objects.filter(dataset=newest.dataset_id)
    return versions.filter(worked).order_by("-number").first()


@lru_cache(maxsize=64)
def _changes(before: str, after: str) -> tuple[Part, ...]:
    """A guideline is never changed once it is there, so what differs stays the same."""
    parts = differences(before, after)
    return tuple(
        (change, text if change != "equal" else _shortened(text, at, len(parts)))
        for at, (change, text) in enumerate(parts)
    )


def _shortened(text: str, at: int, count: int) -> str:
    """Of what stayed only the words next to a change, and the ends of lines."""
    head, tail = ("" if at == 0 else _first(text)), ("" if at == count - 1 else _last(text))
    if len(head) + len(tail) + 3 >= len(text):
        return text
    return f"{head} … {tail}"


def _first(text: str) -> str:
    return " ".join(text.split(" ")[: KEPT_AROUND + 1])


def _last(text: str) -> str:
    return " ".join(text.split(" ")[-KEPT_AROUND - 1 :])

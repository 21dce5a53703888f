"""Who may not do a piece of work, because it is about what they said themselves."""

from __future__ import annotations

from collections.abc import Mapping

from annotate.models import RANKINGS, Kind
from curation.aggregate.demand import Turn, is_rankable
from curation.models import Ballot, Review
from curation.prepared import Prepared


def barred_from(kind: str, turn: Turn, turns: Mapping[int, Turn]) -> list[int]:
    """Whose own words or earlier judgement it is about; of new texts nobody's."""
    barred: set[int | None] = set()
    if kind in (Kind.REVIEW, Kind.ADJUDICATE, Kind.IMPROVE):
        barred |= _authors_of(turn, turns)
    if kind == Kind.ADJUDICATE:
        barred |= {reviewer for (reviewer,) in _reviewers(message=turn.id)}
    if kind in RANKINGS:
        barred |= {a for one in rankable(turn, turns) for a in _authors_of(one, turns)}
        cast = _rankers(prompt=turn.id, round=turn.ranking_round)
        barred |= {ranker for (ranker,) in cast}
    return sorted(person for person in barred if person is not None)


def rankable(prompt: Turn, turns: Mapping[int, Turn]) -> list[Turn]:
    return [t for t in turns.values() if t.parent == prompt.id and is_rankable(t)]


def _authors_of(turn: Turn, turns: Mapping[int, Turn]) -> set[int | None]:
    """Who wrote it, and whose text it revises."""
    authors = {turn.author}
    while turn.revises is not None:
        turn = turns[turn.revises]
        authors.add(turn.author)
    return authors


_reviewers = Prepared(
    lambda message: Review.objects.filter(message=message).values_list("reviewer")
)
_rankers = Prepared(
    lambda prompt, round: (
        Ballot.objects.filter(prompt=prompt).barring(round).values_list("ranker")
    )
)

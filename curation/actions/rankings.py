"""What ballots said of the answers in some conversations, as facts that can be frozen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from curation.aggregate.agreement import mean_agreement
from curation.aggregate.consensus import status, tallies
from curation.aggregate.rankings import Positions, ranked_pairs
from curation.formats import preferences
from curation.formats.recipe import Recipe
from curation.models import (
    Ballot,
    BallotEntry,
    Conversation,
    Message,
    Profile,
    Settlement,
)

GROUP_AT_LEAST = 3  # ballots: what fewer say tells too much of one person
FIELD = {"language": "languages", "topic": "topics"}  # of a profile


class _Cast(NamedTuple):
    """One ballot: its places, and the groups that its ranker is in."""

    places: dict[int, int]
    groups: Sequence[str]


class Ballots:
    """All that ranked something, by prompt; and the ratings of each answer."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.places: dict[int, dict[int, dict[int, int]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        self.ratings: dict[int, list[int]] = defaultdict(list)
        self.rankers: dict[int, int | None] = {}
        self.groups: Mapping[int, Sequence[str]] = {}

    def is_rated(self, reply: int, least: int) -> bool:
        """Whether its mean rating is at least this, in tenths. Nobody's rating is none."""
        given = self.ratings.get(reply, [])
        return bool(given) and sum(given) * 10 >= least * len(given)

    def facts(
        self,
        prompt: Message,
        conversation: Conversation,
        *,
        order: Sequence[Sequence[int]],
        answers: Mapping[int, str],
        settled: Settlement | None,
    ) -> dict[str, Any]:
        """Of these answers alone: number in this database -> opaque id."""
        cast = self._on(prompt, answers)
        groups = ([answers[pk] for pk in group if pk in answers] for group in order)
        found = preferences.facts(
            prompt=str(prompt.uid),
            conversation=str(conversation.uid),
            order=[group for group in groups if group],
            tallies=_counted([one.places for one in cast], answers),
            ballots=len(cast),
            agreement=settled.agreement if settled else None,
            status=settled.status if settled else "unranked",
        )
        if self.recipe.forces_no_winner and found["status"] == "contested":
            found["positions"] = _positions(cast, answers)
            if self.recipe.contested == "groups":
                found["groups"] = _by_group(cast, answers)
        return found

    def _on(self, prompt: Message, answers: Mapping[int, str]) -> list[_Cast]:
        """The ballots that compare two or more of these."""
        found = []
        for ballot, places in self.places.get(prompt.pk, {}).items():
            kept = {pk: place for pk, place in places.items() if pk in answers}
            if len(kept) > 1:
                ranker = self.rankers.get(ballot)
                groups = self.groups.get(ranker, ()) if ranker is not None else ()
                found.append(_Cast(kept, groups))
        return found


def _positions(cast: Iterable[_Cast], answers: Mapping[int, str]) -> list[list[Any]]:
    """The places as they were cast, among all answers that were shown."""
    named = ({answers[pk]: place for pk, place in one.places.items()} for one in cast)
    return preferences.positions(named)


def _by_group(cast: Sequence[_Cast], answers: Mapping[int, str]) -> list[dict[str, Any]]:
    """Of each group that is large enough. Who is in two is heard in both."""
    by_group: dict[str, list[_Cast]] = defaultdict(list)
    for one in cast:
        for group in one.groups:
            by_group[group].append(one)
    return [
        {
            "group": group,
            **_said([one.places for one in theirs], answers),
            "positions": _positions(theirs, answers),
        }
        for group, theirs in sorted(by_group.items())
        if len(theirs) >= GROUP_AT_LEAST
    ]


def _said(ballots: Sequence[Positions], answers: Mapping[int, str]) -> dict[str, Any]:
    """Every ballot of a group counts one, and the group may disagree in itself."""
    order = [[answers[pk] for pk in group] for group in ranked_pairs(ballots)]
    counted = _counted(ballots, answers)
    agreement = mean_agreement(ballots)
    said = preferences.said(
        order=order, tallies=counted, ballots=len(ballots), agreement=agreement
    )
    return {**said, "status": status(ballots, GROUP_AT_LEAST)}


def _counted(
    ballots: Iterable[Positions], answers: Mapping[int, str]
) -> dict[tuple[str, str], tuple[int, int, int]]:
    return {
        (answers[a], answers[b]): (int(one.before), int(one.after), int(one.beside))
        for (a, b), one in tallies(ballots).items()
    }


def ballots_in(conversation_ids: Sequence[int], recipe: Recipe) -> Ballots:
    """Those that count. A query, and one for groups of people where the recipe asks."""
    found = Ballots(recipe)
    counted = Ballot.objects.filter(
        prompt__conversation__in=conversation_ids, outcome=Ballot.Outcome.RANKED
    )
    rows = BallotEntry.objects.filter(ballot__in=counted.standing())
    for prompt, ballot, ranker, reply, position, rating in rows.values_list(
        "ballot__prompt", "ballot", "ballot__ranker", "reply", "position", "rating"
    ):
        found.rankers[ballot] = ranker
        if position is not None:
            found.places[prompt][ballot][reply] = position
        if rating is not None:
            found.ratings[reply].append(rating)
    if recipe.contested == "groups":
        found.groups = _groups_of(set(found.rankers.values()), recipe.groups_by)
    return found


def _groups_of(people: Iterable[int | None], by: str) -> dict[int, list[str]]:
    """What each names in their profile now."""
    known = [person for person in people if person is not None]
    rows = Profile.objects.filter(pk__in=known).values_list("pk", FIELD[by])
    return {person: sorted(set(named)) for person, named in rows}

"""What ballots said of the answers in some conversations, as facts that can be frozen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from curation.aggregate.consensus import tallies
from curation.formats import preferences
from curation.models import Ballot, BallotEntry, Conversation, Message, Settlement


class Ballots:
    """All that ranked something, by prompt; and the ratings of each answer."""

    def __init__(self) -> None:
        self.places: dict[int, dict[int, dict[int, int]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        self.ratings: dict[int, list[int]] = defaultdict(list)

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
        ballots = [
            {pk: place for pk, place in places.items() if pk in answers}
            for places in self.places.get(prompt.pk, {}).values()
        ]
        ballots = [places for places in ballots if len(places) > 1]
        counted = {
            (answers[a], answers[b]): (int(one.before), int(one.after), int(one.beside))
            for (a, b), one in tallies(ballots).items()
        }
        groups = ([answers[pk] for pk in group if pk in answers] for group in order)
        return preferences.facts(
            prompt=str(prompt.uid),
            conversation=str(conversation.uid),
            order=[group for group in groups if group],
            tallies=counted,
            ballots=len(ballots),
            agreement=settled.agreement if settled else None,
            status=settled.status if settled else "unranked",
        )


def ballots_in(conversation_ids: Sequence[int]) -> Ballots:
    """Those that count. One query."""
    found = Ballots()
    counted = Ballot.objects.filter(
        prompt__conversation__in=conversation_ids, outcome=Ballot.Outcome.RANKED
    )
    rows = BallotEntry.objects.filter(ballot__in=counted.standing())
    for prompt, ballot, reply, position, rating in rows.values_list(
        "ballot__prompt", "ballot", "reply", "position", "rating"
    ):
        if position is not None:
            found.places[prompt][ballot][reply] = position
        if rating is not None:
            found.ratings[reply].append(rating)
    return found

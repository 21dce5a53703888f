"""What the ballots on a prompt add up to, kept true while its answers come and go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.utils.timezone import now

from curation.actions.unwritten import Unwritten
from curation.aggregate.agreement import mean_agreement
from curation.aggregate.concordance import Concordance, concordance
from curation.aggregate.consensus import status_of
from curation.aggregate.rankings import Positions, margins, ranked_pairs
from curation.copied import copy_rows
from curation.models import Ballot, BallotEntry, Event, Message, Reputation, Settlement
from curation.prepared import Among, Prepared, insert
from curation.spelled import as_json

State = Message.State
NEWCOMERS = 1.0  # what a ballot weighs of whom nothing is known, or that was imported


class _Cast(NamedTuple):
    """One ballot: who cast it, or None of an import, and the places that it gives."""

    ranker: int | None
    places: Positions


def settle(prompt: Message) -> Settlement | None:
    """Add up all ballots on a prompt whose conversation is locked.

    Called after each ballot, and after each answer that came into or fell out of the
    running: an order must not go on naming an answer that is no longer there. Ballots
    weigh as their rankers are relied on now; what comes later of them: see resettling.py.
    """
    cast = _cast_on(prompt.pk)
    there = _settlement.first(prompt=prompt.pk)
    if not cast and there is None:
        return None
    settled = _added_up(prompt, cast)
    if there is None:
        insert(settled)
    else:
        settled.pk = there.pk
        settled.save(update_fields=ADDED_UP)
    return settled


class Settled(NamedTuple):
    """What the one ballot adds up to with which a prompt came."""

    order: list[list[int]]
    margins: list[list[Any]]
    agreement: float | None
    kendall_w: float | None
    status: str


def settle_imported(
    orders: Mapping[Unwritten, Mapping[Unwritten, int]],
) -> dict[int, Settled]:
    """The same for prompts that are about to be written, each with an order. Written
    before them: so the entries of prompts and answers are right from the first."""
    found = {}
    for prompt, places in orders.items():
        running = {one.pk: place for one, place in places.items() if _is_rankable(one)}
        if len(running) > 1:
            found[prompt.pk] = _settled_by_one(running)
    rows = (
        (pk, as_json(one.order), as_json(one.margins), *one[2:], 1)
        for pk, one in found.items()
    )
    copy_rows(Settlement, ("prompt_id", *Settled._fields, "ballots"), rows)
    return found


def _settled_by_one(places: Mapping[int, int]) -> Settled:
    answers = sorted(places)
    settled = _settled_alone(tuple(places[one] for one in answers))
    return settled._replace(
        order=[[answers[n] for n in group] for group in settled.order],
        margins=[[answers[a], answers[b], count] for a, b, count in settled.margins],
    )


@lru_cache(maxsize=10_000)
def _settled_alone(places: tuple[int, ...]) -> Settled:
    """Of answers 0, 1, 2 …: there are few ways to rank a few."""
    ballots = [dict(enumerate(places))]
    found = concordance(ballots)
    return Settled(
        order=ranked_pairs(ballots),
        margins=_wide(ballots, None),
        agreement=mean_agreement(ballots),
        kendall_w=found and found.w,
        status=status_of(ballots, 1, found),  # as of any that came: see _status()
    )


def _is_rankable(reply: Unwritten) -> bool:
    """As Message.objects.rankable() has it."""
    is_proposed = reply.state == State.SUBMITTED and reply.origin == Message.Origin.MODEL
    return is_proposed or reply.state == State.ACCEPTED


def settle_anew(prompt: Message, there: Settlement) -> bool:
    """The same for a locked settlement that is due. Written only where it says otherwise.

    That is: another order, another status, or other ballots that count.
    """
    settled = _added_up(prompt, _cast_on(prompt.pk))
    is_new = any(getattr(settled, name) != getattr(there, name) for name in SAID)
    if is_new:
        settled.pk = there.pk
        settled.save(update_fields=[*ADDED_UP, "is_due"])
    else:
        there.is_due = False
        there.save(update_fields=["is_due"])
    return is_new


# All but whether it is due: only who looked at what made it due may say that it is not.
ADDED_UP = [
    "order", "margins", "is_weighted", "ballots", "agreement", "kendall_w", "status",
    "settled_at",
]  # fmt: skip
SAID = ("order", "status", "ballots")


def _added_up(prompt: Message, cast: Sequence[_Cast]) -> Settlement:
    """Not written yet. A query, where anybody here cast any."""
    ballots = [one.places for one in cast]
    weights = _weights_of(prompt, cast)
    found = concordance(ballots, weights)
    return Settlement(
        prompt=prompt,
        order=ranked_pairs(ballots, weights),
        margins=_wide(ballots, weights),
        is_weighted=weights is not None,
        ballots=len(ballots),
        agreement=mean_agreement(ballots),
        kendall_w=found and found.w,
        status=_status(prompt, cast, found),
        settled_at=now(),
    )


def _wide(ballots: Sequence[Positions], weights: list[float] | None) -> list[list[Any]]:
    return [[a, b, n] for (a, b), n in sorted(margins(ballots, weights).items()) if n > 0]


_settlement = Prepared(lambda prompt: Settlement.objects.filter(prompt=prompt))


def ballots_on(prompt: int) -> list[Positions]:
    """The places that each ballot that counts gives, for answers still in the running.

    “None is good” and “cannot judge” prefer nothing, so they are not here.
    """
    return [one.places for one in _cast_on(prompt)]


def _cast_on(prompt: int) -> list[_Cast]:
    by_ballot: dict[tuple[int, int | None], dict[int, int]] = defaultdict(dict)
    for ballot_id, ranker_id, reply_id, position in _places(prompt=prompt):
        if position is not None:
            by_ballot[ballot_id, ranker_id][reply_id] = position
    return [
        _Cast(ranker_id, places)
        for (_, ranker_id), places in by_ballot.items()
        if len(places) > 1
    ]


_places = Prepared(
    lambda prompt: (
        BallotEntry.objects.filter(
            ballot__in=Ballot.objects.filter(
                prompt=prompt, outcome=Ballot.Outcome.RANKED
            ).standing(),
            reply__in=Message.objects.filter(parent=prompt).rankable(),
        )
        .order_by("ballot_id")
        .values_list("ballot_id", "ballot__ranker_id", "reply_id", "position")
    )
)


def _weights_of(prompt: Message, cast: Sequence[_Cast]) -> list[float] | None:
    """What each ballot weighs; None where all are newcomers'."""
    rankers = [one.ranker for one in cast if one.ranker is not None]
    dataset = prompt.conversation.dataset_id
    rows = _weights(dataset=dataset, people=rankers) if rankers else []
    known: dict[int | None, float] = dict(rows)
    found = [known.get(one.ranker, NEWCOMERS) for one in cast]
    return found if any(weight != NEWCOMERS for weight in found) else None


_weights = Prepared(
    lambda dataset, people: Reputation.objects.filter(
        Among("person_id", people), dataset=dataset, kind=Reputation.Kind.RANKING.value
    ).values_list("person_id", "weight")
)


def ask_again(prompt: Message) -> None:
    """Who has ranked this prompt may rank once more, now that there is something new."""
    cast = prompt.ballots.blind().filter(ranking_round=prompt.ranking_round)
    if cast.exists():
        prompt.ranking_round += 1
        prompt.save(update_fields=["ranking_round"])
        Event.objects.record(
            "prompt.asked_again", prompt, by=None, round=prompt.ranking_round
        )


def _status(prompt: Message, cast: Sequence[_Cast], found: Concordance | None) -> str:
    """An imported order is already what many people said: no more ballots are wanted."""
    came_ranked = any(one.ranker is None for one in cast)
    wanted = 1 if came_ranked else prompt.conversation.dataset.policy.rankings_wanted
    return status_of([one.places for one in cast], wanted, found)

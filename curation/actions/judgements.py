"""Ballots: who puts which answer first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction

from curation.actions import conversations
from curation.actions.messages import authors_of
from curation.actions.people import Role, require
from curation.actions.settlements import settle
from curation.errors import CurationError, WrongState
from curation.models import Ballot, BallotEntry, Contributor, Event, Message

Outcome = Ballot.Outcome


@transaction.atomic
def rank(
    *,
    prompt_id: int,
    by: Contributor,
    outcome: str,
    shown: Sequence[int],
    positions: Mapping[int, int] | None = None,
    ratings: Mapping[int, int] | None = None,
    protocol: str = Ballot.Protocol.RANKING,
    strength: int | None = None,
    reason: str = "",
    note: str = "",
    active_seconds: int | None = None,
) -> Ballot:
    """Record one ballot and settle the prompt anew.

    `shown` lists the answers in the order in which the person saw them; `positions` gives
    each its place from 1, ties by equal numbers. Answers that were withdrawn or rejected
    while the person was reading are left off. `strength`, 1 to 3, says of a comparison
    how much better the better answer is; `reason` why somebody cannot judge.
    """
    if outcome not in Outcome.values:
        raise CurationError(f"There is no outcome “{outcome}” of a ballot.")
    prompt = _prompt_to_rank(prompt_id, by)
    replies = _answers_to_rank(prompt, shown, by)
    places = _dense(positions or {}, replies) if outcome == Outcome.RANKED else {}
    dataset = prompt.conversation.dataset
    is_order = len(set(places.values())) > 1 and protocol == Ballot.Protocol.COMPARISON
    ballot = Ballot.objects.create(
        prompt=prompt,
        ranker=by,
        ranking_round=prompt.ranking_round,
        outcome=outcome,
        protocol=protocol,
        strength=strength if is_order else None,
        reason=reason if outcome == Outcome.CANNOT_JUDGE else "",
        note=note,
        active_seconds=active_seconds,
        guideline=dataset.guideline_in_force(),
    )
    still_there = [pk for pk in shown if pk in replies]
    _enter(ballot, still_there, places, ratings or {})
    Event.objects.record("ballot.cast", prompt, by=by, dataset=dataset, outcome=outcome)
    settle(prompt)
    conversations.advance(prompt.conversation)
    return ballot


def _enter(
    ballot: Ballot,
    shown: Sequence[int],
    places: Mapping[int, int],
    ratings: Mapping[int, int],
) -> None:
    BallotEntry.objects.bulk_create(
        BallotEntry(
            ballot=ballot,
            reply_id=pk,
            position=places.get(pk),
            shown=number,
            rating=ratings.get(pk),
        )
        for number, pk in enumerate(shown, start=1)
    )


def _prompt_to_rank(prompt_id: int, by: Contributor) -> Message:
    """The prompt under its conversation's lock, if the person may rank its answers now."""
    conversation = conversations.lock_around(prompt_id)
    prompt = Message.objects.get(pk=prompt_id)
    prompt.conversation = conversation
    require(by, conversation.dataset, Role.REVIEWER)
    if prompt.state != Message.State.ACCEPTED:
        raise WrongState("prompt", prompt.state)
    if prompt.ballots.filter(ranker=by, ranking_round=prompt.ranking_round).exists():
        raise CurationError("You have already ranked these answers.")
    return prompt


def _answers_to_rank(
    prompt: Message, shown: Sequence[int], by: Contributor
) -> dict[int, Message]:
    replies = prompt.replies.rankable().select_related("revises").in_bulk(list(shown))
    if any(by.pk in authors_of(message) for message in replies.values()):
        raise CurationError("You cannot rank your own answer.")
    if len(replies) < 2:
        raise CurationError("Fewer than two of these answers are still there to compare.")
    return replies


def _dense(positions: Mapping[int, int], replies: Mapping[int, Message]) -> dict[int, int]:
    """Places from 1 without gaps, for the answers that are still there."""
    if missing := [pk for pk in replies if pk not in positions]:
        raise CurationError(
            f"{len(missing)} of the answers have no place yet. Ties are fine."
        )
    levels = sorted({positions[pk] for pk in replies})
    return {pk: levels.index(positions[pk]) + 1 for pk in replies}

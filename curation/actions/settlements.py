"""What the ballots on a prompt add up to, kept true while its answers come and go."""

from __future__ import annotations

from collections import defaultdict

from django.utils.timezone import now

from curation.aggregate.agreement import mean_agreement
from curation.aggregate.rankings import Positions, margins, ranked_pairs
from curation.models import Ballot, BallotEntry, Event, Message, Settlement
from curation.prepared import Prepared, insert

CONSENSUS_FROM = 0.4  # mean rank correlation from which ballots count as agreeing


def settle(prompt: Message) -> Settlement | None:
    """Add up all ballots on a prompt whose conversation is locked.

    Called after each ballot, and after each answer that came into or fell out of the
    running: an order must not go on naming an answer that is no longer there.
    """
    ballots = ballots_on(prompt.pk)
    there = _settlement.first(prompt=prompt.pk)
    if not ballots and there is None:
        return None
    agreement = mean_agreement(ballots)
    wide = [[a, b, n] for (a, b), n in sorted(margins(ballots).items()) if n > 0]
    settled = Settlement(
        pk=there.pk if there else None,
        prompt=prompt,
        order=ranked_pairs(ballots),
        margins=wide,
        ballots=len(ballots),
        agreement=agreement,
        status=_status(prompt, len(ballots), agreement),
        settled_at=now(),
    )
    if there is None:
        insert(settled)
    else:
        settled.save(force_update=True)
    return settled


_settlement = Prepared(lambda prompt: Settlement.objects.filter(prompt=prompt))


def ballots_on(prompt: int) -> list[Positions]:
    """The places that each ballot gives, for answers that are still in the running.

    “None is good” and “cannot judge” prefer nothing, so they are not here.
    """
    by_ballot: dict[int, dict[int, int]] = defaultdict(dict)
    for ballot_id, reply_id, position in _places(prompt=prompt):
        if position is not None:
            by_ballot[ballot_id][reply_id] = position
    return [places for places in by_ballot.values() if len(places) > 1]


_places = Prepared(
    lambda prompt: (
        BallotEntry.objects.filter(
            ballot__prompt=prompt,
            ballot__outcome=Ballot.Outcome.RANKED,
            reply__in=Message.objects.filter(parent=prompt).rankable(),
        )
        .order_by("ballot_id")
        .values_list("ballot_id", "reply_id", "position")
    )
)


def ask_again(prompt: Message) -> None:
    """Who has ranked this prompt may rank once more, now that there is something new."""
    if prompt.ballots.filter(ranking_round=prompt.ranking_round).exists():
        prompt.ranking_round += 1
        prompt.save(update_fields=["ranking_round"])
        Event.objects.record(
            "prompt.asked_again", prompt, by=None, round=prompt.ranking_round
        )


def _status(prompt: Message, count: int, agreement: float | None) -> str:
    came_ranked = count > 0 and prompt.ballots.filter(ranker=None).exists()
    wanted = prompt.conversation.dataset.policy.rankings_wanted
    if count < wanted and not came_ranked:
        return Settlement.Status.INSUFFICIENT
    if agreement is not None and agreement < CONSENSUS_FROM:
        return Settlement.Status.CONTESTED
    return Settlement.Status.CONSENSUS

"""Ballots: who puts which answer first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from curation.actions import conversations
from curation.actions.messages import authors_of
from curation.actions.rights import Role, require
from curation.actions.settlements import settle
from curation.errors import CurationError, WrongState
from curation.models import Ballot, BallotEntry, Contributor, Conversation, Event, Message

Outcome = Ballot.Outcome
STRENGTHS = range(1, 4)
RATINGS = range(1, 8)


@conversations.all_or_nothing
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
    held: Conversation | None = None,
) -> Ballot:
    """Record one ballot and settle the prompt anew.

    `shown` are the answers in the order that the person saw; those that went meanwhile are
    left off. `positions` go from 1, ties by equal numbers, `ratings` from 1 to 7;
    `strength` says how much better, 1 to 3, and `reason` why somebody cannot judge.
    `held` is the conversation where the caller has locked it already.
    """
    _require_sense(outcome, protocol, reason, strength, ratings or {})
    prompt = _prompt_to_rank(prompt_id, by, held)
    replies = _answers_to_rank(prompt, shown, by)
    places = _dense(positions or {}, replies) if outcome == Outcome.RANKED else {}
    ballot = Ballot(prompt=prompt, ranker=by, outcome=outcome, protocol=protocol, note=note)
    ballot.reason, ballot.strength, ballot.active_seconds = reason, strength, active_seconds
    _enter(ballot, [pk for pk in shown if pk in replies], places, ratings or {})
    settle(prompt)
    conversations.advance(prompt.conversation)
    return ballot


def _require_sense(
    outcome: str,
    protocol: str,
    reason: str,
    strength: int | None,
    ratings: Mapping[int, int],
) -> None:
    if outcome not in Outcome.values:
        raise CurationError(
            _("There is no outcome “%(outcome)s” of a ballot.") % {"outcome": outcome}
        )
    if protocol not in Ballot.Protocol.values:
        raise CurationError(
            _("There is no ballot of the kind “%(kind)s”.") % {"kind": protocol}
        )
    if reason and reason not in Ballot.Reason.values:
        raise CurationError(_("There is no reason “%(reason)s”.") % {"reason": reason})
    if strength is not None and strength not in STRENGTHS:
        raise CurationError(_("How much better an answer is goes from 1 to 3."))
    if any(rating not in RATINGS for rating in ratings.values()):
        raise CurationError(_("Ratings go from 1 to 7."))


def _enter(
    ballot: Ballot,
    shown: Sequence[int],
    places: Mapping[int, int],
    ratings: Mapping[int, int],
) -> None:
    """Write a ballot with its places and its line of history.

    Who cannot judge rates nothing; how much better is kept where one of two is.
    """
    prompt, dataset = ballot.prompt, ballot.prompt.conversation.dataset
    is_order = len(set(places.values())) > 1
    if not is_order or ballot.protocol != Ballot.Protocol.COMPARISON:
        ballot.strength = None
    if ballot.outcome == Outcome.CANNOT_JUDGE:
        ratings = {}
    else:
        ballot.reason = ""
    ballot.ranking_round = prompt.ranking_round
    ballot.guideline_id = prompt.conversation.guideline_id
    ballot.save()
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
    Event.objects.record(
        "ballot.cast", prompt, by=ballot.ranker, dataset=dataset, outcome=ballot.outcome
    )


def _prompt_to_rank(prompt_id: int, by: Contributor, held: Conversation | None) -> Message:
    """The prompt under its conversation's lock, if the person may rank its answers now."""
    conversation = conversations.lock_around(prompt_id, held)
    prompt = Message.objects.get(pk=prompt_id)
    prompt.conversation = conversation
    require(by, conversation.dataset, Role.REVIEWER)
    if prompt.state != Message.State.ACCEPTED:
        raise WrongState("prompt", prompt.state)
    if prompt.ballots.filter(ranker=by).barring(prompt.ranking_round).exists():
        raise CurationError(_("You have already ranked these answers."))
    return prompt


def _answers_to_rank(
    prompt: Message, shown: Sequence[int], by: Contributor
) -> dict[int, Message]:
    replies = prompt.replies.rankable().select_related("revises").in_bulk(list(shown))
    if any(by.pk in authors_of(message) for message in replies.values()):
        raise CurationError(_("You cannot rank your own answer."))
    if len(replies) < 2:
        raise CurationError(
            _("Fewer than two of these answers are still there to compare.")
        )
    return replies


def _dense(positions: Mapping[int, int], replies: Mapping[int, Message]) -> dict[int, int]:
    """Places from 1 without gaps, for the answers that are still there."""
    if missing := [pk for pk in replies if pk not in positions]:
        raise CurationError(
            ngettext(
                "%(count)s of the answers has no place yet. Ties are fine.",
                "%(count)s of the answers have no place yet. Ties are fine.",
                len(missing),
            )
            % {"count": len(missing)}
        )
    levels = sorted({positions[pk] for pk in replies})
    return {pk: levels.index(positions[pk]) + 1 for pk in replies}

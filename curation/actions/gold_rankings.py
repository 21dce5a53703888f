"""Known items for rankings: prompts of which it is known how their answers stand.

They are mixed unseen into the stream of rankings. What somebody says of one is no ballot:
the prompt stays as it is settled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.actions import reputations
from curation.actions.rights import Role, require
from curation.aggregate.demand import RANK_AT_MOST
from curation.aggregate.evidence import likeness
from curation.aggregate.rankings import Order, places
from curation.errors import CurationError, WrongState
from curation.models import Ballot, Contributor, Event, GoldBallot, GoldRanking, Message

Outcome = Ballot.Outcome
# Of the pairs that are known: from here on it is as expected. Three of four ordered rightly
# is a Kendall's tau of 0.5; of an item that names only the best, the best stood before
# three of four others.
AS_EXPECTED_FROM = 0.75


@transaction.atomic
def make(
    *, prompt_id: int, by: Contributor, placed: Mapping[int, int], why: str
) -> GoldRanking:
    """Use a prompt to see how people rank. A retired one comes back.

    `placed` gives every answer a place from 1; equal places ask for nothing. The best at 1
    and all others at 2 says only which is the best.
    """
    prompts = Message.objects.select_related("conversation__dataset")
    prompt = prompts.select_for_update(of=("self",)).get(pk=prompt_id)
    dataset = prompt.conversation.dataset
    require(by, dataset)
    if prompt.state != Message.State.ACCEPTED:
        raise WrongState("prompt", prompt.state)
    answers = sorted(prompt.replies.rankable().values_list("pk", flat=True))
    if not 2 <= len(answers) <= RANK_AT_MOST:
        said = _("A known ranking has two to %(most)s answers.")
        raise CurationError(said % {"most": RANK_AT_MOST})
    if sorted(placed) != answers:
        raise CurationError(_("Its answers have changed: load the page again."))
    order = _groups(placed)
    if len(order) < 2:
        raise CurationError(_("Say which answer is better: not all can have one place."))
    if not why.strip():
        raise CurationError(_("Say why, for people who order them otherwise."))
    item, _is_new = GoldRanking.objects.update_or_create(
        prompt=prompt,
        defaults={
            "order": order,
            "answers": answers,
            "why": why.strip(),
            "made_by": by,
            "retired_at": None,
        },
    )
    Event.objects.record("gold.made", item, by=by, dataset=dataset, prompt=prompt.pk)
    return item


@transaction.atomic
def retire(*, item_id: int, by: Contributor) -> GoldRanking:
    """Show it to nobody more. What was said of it stays counted."""
    items = GoldRanking.objects.select_related("prompt__conversation__dataset")
    item = items.select_for_update(of=("self",)).get(pk=item_id)
    dataset = item.prompt.conversation.dataset
    require(by, dataset)
    if item.retired_at is None:
        item.retired_at = now()
        item.save(update_fields=["retired_at"])
        Event.objects.record("gold.retired", item, by=by, dataset=dataset)
    return item


@transaction.atomic
def answer(
    *,
    prompt_id: int,
    by: Contributor,
    outcome: str,
    shown: Sequence[int],
    positions: Mapping[int, int] | None = None,
) -> GoldBallot | None:
    """How a person orders the answers of a known item; None where they cannot judge.

    It refuses what a ballot would refuse, so that nothing tells the two apart. That none is
    good orders nothing, and counts as a tie of all: half of it is right.
    """
    items = GoldRanking.objects.select_related("prompt__conversation__dataset")
    item = items.get(prompt=prompt_id)
    prompt, dataset = item.prompt, item.prompt.conversation.dataset
    require(by, dataset, Role.REVIEWER)
    if prompt.state != Message.State.ACCEPTED:
        raise WrongState("prompt", prompt.state)
    there = set(prompt.replies.rankable().filter(pk__in=shown).values_list("pk", flat=True))
    if len(there) < 2:
        raise CurationError(
            _("Fewer than two of these answers are still there to compare.")
        )
    if outcome == Outcome.CANNOT_JUDGE:
        Event.objects.record("gold.passed", item, by=by, dataset=dataset)
        return None
    ranked = positions or {}
    given = {pk: ranked[pk] for pk in there if pk in ranked}
    placed = given if outcome == Outcome.RANKED else dict.fromkeys(there, 1)
    right = likeness(placed, places(item.order))
    if right is None:  # of the answers that are left it is not known which is better
        return None
    ballot, is_new = GoldBallot.objects.get_or_create(
        item=item,
        person=by,
        defaults={"places": {str(pk): n for pk, n in given.items()}, "right": right},
    )
    if is_new:
        Event.objects.record("gold.answered", item, by=by, dataset=dataset, right=right)
        reputations.count_known_item(dataset=dataset, by=by)
    return ballot


def _groups(placed: Mapping[int, int]) -> Order:
    """Best first; answers of one place are one group."""
    groups: dict[int, list[int]] = defaultdict(list)
    for answer, place in sorted(placed.items()):
        groups[place].append(answer)
    return [groups[place] for place in sorted(groups)]

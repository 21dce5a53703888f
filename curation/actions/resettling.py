"""Prompts are settled once more, as their ballots weigh otherwise or count no longer.

What is due is marked in one statement; the clock settles it, so many prompts at a time.
Versions that are frozen hold what was true then, and stay as they are.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Abs

from curation.actions import conversations
from curation.actions.settlements import settle_anew
from curation.models import Ballot, Event, Message, Reputation, Settlement

# In newcomers' ballots. Of three who disagree with two, a quarter of a ballot decides
# nothing; and every known item moves a reputation by a little, which must not make all
# that somebody ever ranked due.
MATERIAL = 0.25
PEOPLE_AT_ONCE = 50
PROMPTS_AT_ONCE = 500


def mark_ballots(ballots: QuerySet[Ballot]) -> int:
    """Have the prompts of these ballots settled again; say how many were not due yet."""
    due = Settlement.objects.filter(prompt__in=ballots.values("prompt"), is_due=False)
    # In one order, so that two who mark at once wait and do not lock up.
    locked = due.select_for_update(of=("self",), no_key=True).order_by("pk")
    found = list(locked.values_list("pk", flat=True))
    return Settlement.objects.filter(pk__in=found).update(is_due=True)


def mark_changed_reputations() -> int:
    """The prompts of people whose ballots weigh otherwise by now than they were settled."""
    moved = Abs(F("weight") - F("settled_weight"))
    changed = Reputation.objects.filter(kind=Reputation.Kind.RANKING)
    changed = changed.annotate(moved=moved).filter(moved__gte=MATERIAL)
    chosen = changed.order_by("pk").values_list("pk", flat=True)[:PEOPLE_AT_ONCE]
    return sum(_mark_person(pk) for pk in list(chosen))


@transaction.atomic
def _mark_person(reputation_id: int) -> int:
    one = Reputation.objects.select_for_update(no_key=True).get(pk=reputation_id)
    theirs = Ballot.objects.filter(
        ranker=one.person_id,
        prompt__conversation__dataset=one.dataset_id,
        outcome=Ballot.Outcome.RANKED,
    )
    one.settled_weight = one.weight
    one.save(update_fields=["settled_weight"])
    return mark_ballots(theirs)


def settle_due(*, at_most: int = PROMPTS_AT_ONCE) -> int:
    """Settle again what is due; say how many came out otherwise.

    Each in a transaction of its own. What is archived stays as it is.
    """
    due = Settlement.objects.filter(is_due=True)
    open_ones = due.filter(prompt__conversation__dataset__archived_at=None)
    chosen = list(open_ones.order_by("pk").values_list("prompt", flat=True)[:at_most])
    return sum(_settle_again(prompt) for prompt in chosen)


@transaction.atomic
def _settle_again(prompt_id: int) -> bool:
    conversation = conversations.lock_around(prompt_id)
    prompt = Message.objects.get(pk=prompt_id)
    prompt.conversation = conversation
    # Whoever marks it from here on waits, and is heard the next time.
    there = Settlement.objects.select_for_update(no_key=True).filter(prompt=prompt).first()
    if there is None or not there.is_due:
        return False
    before = {"status": there.status, "order": there.order, "ballots": there.ballots}
    is_new = settle_anew(prompt, there)
    if is_new:
        dataset = conversation.dataset
        Event.objects.record("prompt.resettled", prompt, by=None, dataset=dataset, **before)
        conversations.advance(conversation)
    return is_new

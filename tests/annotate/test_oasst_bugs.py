"""What went wrong in Open Assistant, tried here through the planner and the pages."""

from __future__ import annotations

import pytest

from curation.models import Ballot, BallotEntry, Conversation, Label, Settlement
from tests.annotate.work import claim, planned, slots, submit
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


def prompt_with(count, **policy):
    """A prompt whose answers are there, and nothing but their ranking is left to do."""
    rules = {f"policy__{name}": value for name, value in policy.items()}
    dataset = DatasetFactory(policy__replies_wanted=count, policy__max_depth=2, **rules)
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    for _ in range(count):
        ReplyFactory(parent=prompt, accepted=True)
    return planned(prompt)


def sign_in(client, dataset, *roles):
    person = ContributorFactory(member=dataset, member__roles=roles or ["reviewer"])
    client.force_login(person)
    return person


def test_ties_are_ties_and_the_first_shown_does_not_win_them(client):
    prompt = prompt_with(3, rankings_wanted=3)
    for _ in range(3):  # each sees another order, and each ties all they see
        sign_in(client, prompt.conversation.dataset)
        slot = claim(client, kind="rank")
        submit(client, slot, **{f"position_{pk}": 1 for pk in slot.shown})

    everybody = sorted(prompt.replies.values_list("pk", flat=True))
    settled = Settlement.objects.get()
    assert (settled.order, settled.margins) == ([everybody], [])


def test_none_is_good_is_no_preference_for_the_order_on_the_page(client):
    prompt = prompt_with(3, rankings_wanted=2)
    for outcome in ("ranked", "none_good"):
        sign_in(client, prompt.conversation.dataset)
        slot = claim(client, kind="rank")
        best = sorted(slot.shown, reverse=True)
        places = {f"position_{pk}": place for place, pk in enumerate(best, 1)}
        # Open Assistant sent the order of the page along, and counted it.
        submit(client, slot, outcome=outcome, **places)

    assert Ballot.objects.count() == 2
    settled = Settlement.objects.get()
    assert (settled.order, settled.ballots) == ([[pk] for pk in best], 1)


def test_what_was_not_answered_is_absent_and_never_the_lowest(client):
    prompt = prompt_with(2)
    sign_in(client, prompt.conversation.dataset)
    slot = claim(client, kind="compare")
    rated, unrated = slot.shown
    submit(client, slot, choice="a2", **{f"rating_{rated}": 6, f"rating_{unrated}": ""})
    assert BallotEntry.objects.get(reply=unrated).rating is None

    reply = planned(ReplyFactory())
    sign_in(client, reply.conversation.dataset)
    submit(client, claim(client, kind="review"), verdict="accept", label_quality="")
    assert not Label.objects.exists()


def test_a_conversation_with_nothing_to_rank_completes(client):
    dataset = DatasetFactory(policy__replies_wanted=1, policy__max_depth=2)
    reply = planned(ReplyFactory(parent__conversation__dataset=dataset))
    sign_in(client, dataset)

    submit(client, claim(client, kind="review"), verdict="accept")

    assert Conversation.objects.get().state == Conversation.State.COMPLETE
    assert not slots(kind__in=["rank", "compare"]).exists()
    assert reply.conversation_id == Conversation.objects.get().pk


def test_a_prompt_whose_only_replies_were_rejected_is_offered_again(client):
    dataset = DatasetFactory(policy__replies_wanted=2)
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    for _ in range(2):
        planned(ReplyFactory(parent=prompt))
    sign_in(client, dataset, "writer")
    assert claim(client, kind="answer") is None

    sign_in(client, dataset, "reviewer")
    for _ in range(2):
        submit(client, claim(client, kind="review"), verdict="reject", reason="wrong")

    sign_in(client, dataset, "writer")
    assert claim(client, kind="answer").message == prompt
    assert slots(kind="answer", state="open").count() == 1  # and one for somebody else

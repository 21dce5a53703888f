from __future__ import annotations

import pytest

from curation.actions import conversations, judgements, messages, withdrawals
from curation.errors import CurationError, NotAllowed, WrongState
from curation.models import Ballot, BallotEntry, Conversation, Event, Settlement
from tests.factories import ContributorFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def prompt():
    return MessageFactory(
        accepted=True,
        conversation__dataset__policy__rankings_wanted=2,
        conversation__dataset__policy__max_depth=2,
    )


@pytest.fixture
def answers(prompt):
    return [answer(prompt) for _ in range(3)]


def answer(prompt, **fields):
    return ReplyFactory(parent=prompt, accepted=True, **fields)


def proposal(prompt, **fields):
    return ReplyFactory(parent=prompt, origin="model", author=None, generator="m", **fields)


def rank(prompt, *groups, by=None, outcome="ranked", **fields):
    """Best first; each group is a tie. Shown in this order."""
    shown = [reply.pk for group in groups for reply in group]
    places = {reply.pk: place for place, group in enumerate(groups, 1) for reply in group}
    fields.setdefault("positions", places)
    by = by or ContributorFactory(member=prompt.conversation.dataset)
    return judgements.rank(
        prompt_id=prompt.pk, by=by, outcome=outcome, shown=shown, **fields
    )


def order_of(prompt):
    return Settlement.objects.get(prompt=prompt).order


def test_a_ballot_keeps_the_order_shown_the_places_and_the_ties(prompt, answers):
    a, b, c = answers

    ballot = rank(prompt, [b], [a, c], ratings={a.pk: 3}, note="Close.", active_seconds=9)

    entries = ballot.entries.order_by("shown").values_list("reply", "position", "rating")
    assert list(entries) == [(b.pk, 1, None), (a.pk, 2, 3), (c.pk, 2, None)]
    assert ballot.guideline == prompt.conversation.dataset.guideline_in_force()
    assert Event.objects.filter(kind="ballot.cast", subject_id=prompt.pk).count() == 1


def test_enough_ballots_complete_the_conversation(prompt, answers):
    a, b, c = answers
    rank(prompt, [a], [b], [c])
    assert Settlement.objects.get().status == "insufficient"
    assert Conversation.objects.get().state == "ranking"

    rank(prompt, [a], [c], [b])

    settled = Settlement.objects.get()
    assert (settled.order, settled.ballots) == ([[a.pk], [b.pk, c.pk]], 2)
    assert settled.agreement == pytest.approx(1 / 3)
    assert Conversation.objects.get().state == "complete"


def test_disagreement_is_kept_as_such(prompt, answers):
    a, b, c = answers
    rank(prompt, [a], [b], [c])
    rank(prompt, [c], [b], [a])

    settled = Settlement.objects.get()
    assert (settled.status, settled.agreement) == ("contested", -1)
    assert settled.order == [[a.pk, b.pk, c.pk]]


@pytest.mark.parametrize(
    ("outcome", "counts"), [("none_good", True), ("cannot_judge", False)]
)
def test_an_outcome_without_order_prefers_nothing(prompt, answers, outcome, counts):
    # Open Assistant counted the order on the screen as a preference.
    for _ in range(2):
        rank(prompt, answers, outcome=outcome)

    assert not BallotEntry.objects.exclude(position=None).exists()
    assert not Settlement.objects.exists()
    assert (Conversation.objects.get().state == "complete") == counts


def test_places_are_numbered_without_gaps(prompt, answers):
    a, b, c = answers

    rank(prompt, [a], [b], [c], positions={a.pk: 40, b.pk: 7, c.pk: 40})

    assert dict(BallotEntry.objects.values_list("reply", "position")) == {
        b.pk: 1, a.pk: 2, c.pk: 2,
    }  # fmt: skip


def test_every_answer_needs_a_place(prompt, answers):
    with pytest.raises(CurationError, match="2 of the answers have no place yet"):
        rank(prompt, answers, positions={answers[0].pk: 1})
    assert not Ballot.objects.exists()


def test_what_was_taken_back_meanwhile_is_left_off(prompt, answers):
    a, b, c = answers
    withdrawals.take_back(message_id=b.pk, by=b.author)

    ballot = rank(prompt, [b], [a], [c])

    assert list(ballot.entries.values_list("reply", "position", "shown")) == [
        (a.pk, 1, 1), (c.pk, 2, 2),
    ]  # fmt: skip
    withdrawals.take_back(message_id=c.pk, by=c.author)
    with pytest.raises(CurationError, match="Fewer than two"):
        rank(prompt, [a], [c])


def test_an_answer_that_falls_out_leaves_the_order_too(prompt, answers):
    a, b, c = answers
    rank(prompt, [a], [b], [c])

    withdrawals.take_back(message_id=a.pk, by=a.author)
    assert order_of(prompt) == [[b.pk], [c.pk]]
    withdrawals.take_back(message_id=b.pk, by=b.author)
    assert order_of(prompt) == []


def test_when_the_best_proposal_is_refused_the_next_one_comes_up(prompt):
    a, b, c = (proposal(prompt) for _ in range(3))
    prompt.conversation.dataset.policy.rankings_wanted = 1
    prompt.conversation.dataset.policy.save()
    rank(prompt, [a], [b], [c])
    assert _to_review(prompt) == [a.pk]

    reviewer = ContributorFactory(member=prompt.conversation.dataset)
    messages.review(message_id=a.pk, by=reviewer, verdict="reject", reason="wrong")

    assert _to_review(prompt) == [b.pk]


def _to_review(prompt):
    conversation = conversations.lock(prompt.conversation_id)
    return [w.message for w in conversations.wants_of(conversation) if w.kind == "review"]


def test_one_person_ranks_once_a_round(prompt, answers):
    person = ContributorFactory(member=prompt.conversation.dataset)
    rank(prompt, answers, by=person)

    with pytest.raises(CurationError, match="already ranked"):
        rank(prompt, answers, by=person)


def test_nobody_ranks_their_own_answer_or_their_edit_of_it(prompt, answers):
    writer = ContributorFactory(member=prompt.conversation.dataset)
    first = answer(prompt, author=writer, state="rejected")
    edited = answer(prompt, revises=first)

    with pytest.raises(CurationError, match="your own answer"):
        rank(prompt, [edited], answers, by=writer)


def test_who_may_not_and_what_cannot_be_ranked(prompt, answers):
    dataset = prompt.conversation.dataset
    with pytest.raises(NotAllowed):
        rank(
            prompt, answers, by=ContributorFactory(member=dataset, member__roles=["writer"])
        )
    with pytest.raises(CurationError, match="no outcome “great”"):
        rank(prompt, answers, outcome="great")
    messages.hold(message_id=prompt.pk, by=ContributorFactory(member=dataset), why="?")
    with pytest.raises(WrongState):
        rank(prompt, answers)


def test_answers_of_another_prompt_do_not_count(prompt, answers):
    elsewhere = answer(MessageFactory(accepted=True))

    with pytest.raises(CurationError, match="Fewer than two"):
        rank(prompt, [answers[0]], [elsewhere])

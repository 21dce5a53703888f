from __future__ import annotations

import pytest

from curation.actions import conversations, messages, withdrawals
from curation.errors import CurationError, NotAllowed, WrongState
from curation.models import Conversation, Event, Label, Message, Review
from tests.factories import (
    ContributorFactory,
    MessageFactory,
    PairFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


def reviewer(message, **fields):
    return ContributorFactory(member=message.conversation.dataset, **fields)


def review(message, verdict="accept", by=None, **fields):
    if verdict == "reject":
        fields.setdefault("reason", "wrong")
    return messages.review(
        message_id=message.pk, by=by or reviewer(message), verdict=verdict, **fields
    )


@pytest.mark.parametrize(
    ("reviews", "approvals", "verdicts", "state"),
    [
        (1, 1, "a", "accepted"),
        (1, 1, "r", "rejected"),
        (2, 1, "r", "submitted"),
        (2, 1, "ra", "accepted"),
        (2, 1, "rr", "rejected"),
        (2, 2, "a", "submitted"),
        (2, 2, "ar", "rejected"),
        (2, 2, "aa", "accepted"),
        (3, 2, "ar", "submitted"),
        (3, 2, "ara", "accepted"),
        (3, 2, "arr", "rejected"),
        (3, 3, "r", "rejected"),
        (5, 3, "rrar", "rejected"),
        (5, 3, "rraa", "submitted"),
        (5, 3, "rrr", "rejected"),
    ],
)
def test_verdicts_decide_at_the_quorum(reviews, approvals, verdicts, state):
    message = MessageFactory(
        conversation__dataset__policy__reviews_wanted=reviews,
        conversation__dataset__policy__approvals_needed=approvals,
    )

    for letter in verdicts:
        review(message, {"a": "accept", "r": "reject"}[letter])

    message.refresh_from_db()
    assert message.state == state
    assert (message.decided_at is None) == (state == "submitted")


def test_it_keeps_labels_reason_time_and_the_guideline_in_force():
    message = MessageFactory()
    person = reviewer(message)

    review(
        message,
        "reject",
        by=person,
        reason="unclear",
        note="Which bridge?",
        labels={"quality": 2, "spam": 0},
        active_seconds=31,
    )

    given = Review.objects.get()
    assert (given.reason, given.note, given.active_seconds) == (
        "unclear",
        "Which bridge?",
        31,
    )
    assert given.guideline == message.conversation.dataset.guideline_in_force()
    # Unanswered is absent, never 0.
    assert dict(Label.objects.values_list("name", "value")) == {"quality": 2, "spam": 0}
    message.refresh_from_db()
    assert message.why == "Unclear or badly written. Which bridge?"
    kinds = list(Event.objects.order_by("pk").values_list("kind", "by"))
    assert kinds == [
        ("review.reject", person.pk),
        ("message.rejected", person.pk),
        ("conversation.rejected", None),
    ]


def test_an_edit_is_a_sibling_that_counts_as_its_editors_approval():
    message = ReplyFactory(text="Teh answer.")
    editor = reviewer(message)

    revision = review(message, "edit", by=editor, edited_text="The answer.")

    message.refresh_from_db()
    assert (message.text, message.state) == ("Teh answer.", "rejected")
    assert message.why == "A reviewer's edit stands in its place."
    assert (revision.revises, revision.parent, revision.author) == (
        message,
        message.parent,
        editor,
    )
    assert (revision.text, revision.state) == ("The answer.", "accepted")


def test_with_a_wider_quorum_an_edit_waits_for_others():
    rules = {
        "parent__conversation__dataset__policy__reviews_wanted": 2,
        "parent__conversation__dataset__policy__approvals_needed": 2,
    }
    message = ReplyFactory(**rules)

    revision = review(message, "edit", edited_text="Better.")

    assert revision.state == "submitted"
    review(revision)
    revision.refresh_from_db()
    assert revision.state == "accepted"


def test_nobody_reviews_their_own_text():
    message = MessageFactory()

    with pytest.raises(CurationError, match="your own message"):
        review(message, by=_with_role(message.author, message))


def test_nobody_reviews_an_edit_of_their_own_text_or_their_own_edit():
    message = ReplyFactory(
        parent__conversation__dataset__policy__reviews_wanted=3,
        parent__conversation__dataset__policy__approvals_needed=3,
    )
    editor = reviewer(message)
    revision = review(message, "edit", by=editor, edited_text="Better.")
    second = review(revision, "edit", edited_text="Best.")

    for person in (message.author, editor, second.author):
        with pytest.raises(CurationError, match="your own message"):
            review(second, by=_with_role(person, message))


def _with_role(person, message):
    dataset = message.conversation.dataset
    dataset.memberships.get_or_create(contributor=person, role="reviewer")
    return person


def test_a_rejection_needs_one_of_the_reasons():
    for reason in ("", "because"):
        with pytest.raises(CurationError, match="Choose a reason"):
            review(MessageFactory(), "reject", reason=reason)


def test_an_unknown_verdict_is_refused():
    with pytest.raises(CurationError, match="no verdict “maybe”"):
        review(MessageFactory(), "maybe")


def test_an_edit_that_changes_nothing_or_leaves_nothing_is_refused():
    message = MessageFactory(text="Same.")

    with pytest.raises(CurationError, match="the same as before"):
        review(message, "edit", edited_text=" Same. ")
    with pytest.raises(CurationError, match="is empty"):
        review(message, "edit", edited_text=" ")
    assert not Review.objects.exists()


@pytest.mark.parametrize("state", ["accepted", "rejected", "held", "withdrawn"])
def test_what_is_decided_takes_no_more_reviews(state):
    message = MessageFactory(accepted=True, state=state)

    with pytest.raises(WrongState, match=f"already {state}"):
        review(message)


def test_one_person_reviews_a_message_once():
    message = MessageFactory(
        conversation__dataset__policy__reviews_wanted=3,
        conversation__dataset__policy__approvals_needed=3,
    )
    person = reviewer(message)
    review(message, by=person)

    with pytest.raises(CurationError, match="already reviewed"):
        review(message, by=person)


def test_a_writer_is_no_reviewer():
    message = MessageFactory()

    with pytest.raises(NotAllowed, match="not a reviewer"):
        review(message, by=reviewer(message, member__roles=["writer"]))


def test_a_pair_is_accepted_and_rejected_as_one():
    good, bad = PairFactory(), PairFactory()

    review(good)
    review(bad, "reject")

    for answer, state in ((good, "accepted"), (bad, "rejected")):
        answer.parent.refresh_from_db()
        assert answer.parent.state == state
    states = Conversation.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["complete", "rejected"]


def test_a_pair_is_held_and_released_as_one():
    answer = PairFactory()
    curator = reviewer(answer, member__roles=["curator"])

    messages.hold(message_id=answer.pk, by=curator, why="Somebody is named.")

    conversation = Conversation.objects.get()
    assert (conversation.state, conversations.wants_of(conversation)) == ("held", [])
    messages.release(message_id=answer.pk, by=curator, accept=True)
    conversation.refresh_from_db()
    assert conversation.state == "complete"


def test_a_verdict_does_not_lift_a_hold_from_the_prompt():
    answer = PairFactory()
    prompt = answer.parent
    messages.hold(message_id=prompt.pk, by=reviewer(answer), why="Somebody is named.")

    review(answer)  # by somebody whose page was open

    prompt.refresh_from_db()
    assert prompt.state == "held"
    assert Conversation.objects.get().state == "held"


def test_an_accepted_pair_can_still_be_held():
    answer = PairFactory()
    review(answer)

    messages.hold(message_id=answer.pk, by=reviewer(answer), why="Copied from a book.")

    assert Conversation.objects.get().state == "held"


def test_only_its_author_takes_a_message_back():
    message = MessageFactory(accepted=True)

    with pytest.raises(CurationError, match="Only its author"):
        withdrawals.take_back(message_id=message.pk, by=reviewer(message))
    withdrawals.take_back(message_id=message.pk, by=message.author)

    assert Message.objects.get().state == "withdrawn"
    with pytest.raises(WrongState):
        withdrawals.take_back(message_id=message.pk, by=message.author)

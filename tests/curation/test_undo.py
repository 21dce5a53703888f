"""Taking back what one just did: the record is as it was, history tells of both."""

from __future__ import annotations

import pytest

from curation.actions import (
    conversations,
    flags,
    judgements,
    messages,
    undo,
    versions,
)
from curation.errors import CurationError
from curation.models import (
    Ballot,
    Conversation,
    Event,
    Flag,
    Label,
    Message,
    Notification,
    Review,
    Settlement,
)
from tests.curation.deeds import here, someone, states, take_back
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    PairFactory,
    ReplyFactory,
)
from tests.races import together

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("verdict", ["accept", "reject"])
def test_a_review_that_decided_is_undone_with_its_labels(verdict):
    message = MessageFactory()
    reviewer = someone(message)
    before = here()
    messages.review(
        message_id=message.pk,
        by=reviewer,
        verdict=verdict,
        reason="wrong" if verdict == "reject" else "",
        labels={"quality": 3},
    )

    take_back(message, reviewer, before)

    assert states() == ["submitted"]
    assert Conversation.objects.get().state == "review"
    assert not Review.objects.exists()
    assert not Label.objects.exists()
    line = Event.objects.get(kind="review.undone")
    assert line.data["verdict"] == verdict
    assert line.data["reason"] == ("wrong" if verdict == "reject" else "")


def test_the_author_hears_no_verdict_that_was_taken_back():
    message = MessageFactory()
    reviewer = someone(message)
    before = here()
    messages.review(message_id=message.pk, by=reviewer, verdict="accept")
    assert Notification.objects.exists()

    take_back(message, reviewer, before)

    assert not Notification.objects.exists()


def test_of_a_pair_the_prompt_comes_back_with_the_answer():
    answer = PairFactory()
    reviewer = someone(answer)
    before = here()
    messages.review(message_id=answer.pk, by=reviewer, verdict="accept")
    assert states() == ["accepted", "accepted"]

    take_back(answer, reviewer, before)

    assert states() == ["submitted", "submitted"]


def test_an_edit_is_withdrawn_and_the_original_waits_again():
    message = MessageFactory(text="Wat is a gnat?")
    reviewer = someone(message)
    before = here()
    messages.review(
        message_id=message.pk, by=reviewer, verdict="edit", edited_text="What is a gnat?"
    )
    assert states() == ["rejected", "accepted"]

    take_back(message, reviewer, before)

    assert states() == ["submitted", "withdrawn"]
    messages.review(message_id=message.pk, by=reviewer, verdict="accept")
    assert states() == ["accepted", "withdrawn"]


def test_answers_rejected_with_their_prompt_come_back_with_it():
    prompt = MessageFactory()
    ReplyFactory(parent=prompt, conversation=prompt.conversation)
    reviewer = someone(prompt)
    before = here()
    messages.review(message_id=prompt.pk, by=reviewer, verdict="reject", reason="spam")
    assert states() == ["rejected", "rejected"]

    take_back(prompt, reviewer, before)

    assert states() == ["submitted", "submitted"]


def rank(prompt, by, answers):
    judgements.rank(
        prompt_id=prompt.pk,
        by=by,
        outcome="ranked",
        shown=[answer.pk for answer in answers],
        positions={answer.pk: place for place, answer in enumerate(answers, 1)},
    )


def test_a_ballot_is_undone_and_the_rest_is_settled_anew():
    prompt = MessageFactory(accepted=True)
    answers = [ReplyFactory(parent=prompt, accepted=True) for _ in range(2)]
    first, second = someone(prompt), someone(prompt)
    rank(prompt, first, answers)
    before = here()
    rank(prompt, second, answers[::-1])

    take_back(prompt, second, before)

    assert Ballot.objects.get().ranker == first
    assert Settlement.objects.get().order == [[answers[0].pk], [answers[1].pk]]


def test_after_the_only_ballot_nothing_is_settled():
    prompt = MessageFactory(accepted=True)
    answers = [ReplyFactory(parent=prompt, accepted=True) for _ in range(2)]
    ranker = someone(prompt)
    before = here()
    rank(prompt, ranker, answers)

    take_back(prompt, ranker, before)

    assert not Ballot.objects.exists()
    assert not Settlement.objects.exists()
    rank(prompt, ranker, answers)
    assert Ballot.objects.count() == 1


def test_nobody_is_asked_again_for_an_answer_that_went_back():
    prompt = MessageFactory(accepted=True)
    answers = [ReplyFactory(parent=prompt, accepted=True) for _ in range(2)]
    rank(prompt, someone(prompt), answers)
    late = ReplyFactory(parent=prompt)
    reviewer = someone(prompt)
    before = here()
    messages.review(message_id=late.pk, by=reviewer, verdict="accept")
    prompt.refresh_from_db()
    assert prompt.ranking_round == 2

    take_back(late, reviewer, before)

    prompt.refresh_from_db()
    assert prompt.ranking_round == 1


def test_a_new_pair_is_withdrawn_whole():
    dataset = DatasetFactory(pairs=True)
    writer = ContributorFactory(member=dataset)
    before = here()
    made = conversations.write_pair(
        dataset=dataset,
        by=writer,
        category=CategoryFactory(dataset=dataset),
        prompt="Why?",
        reply="So.",
    )

    undo.take_back(conversation_id=made.pk, by=writer, after=before)

    assert states() == ["withdrawn", "withdrawn"]
    assert set(Message.objects.values_list("why", flat=True)) == {
        "Taken back by its author."
    }
    assert Conversation.objects.get().state == "rejected"


def test_two_deeds_in_one_conversation_are_undone_one_after_the_other():
    prompt = MessageFactory(conversation__dataset__policy__reviews_wanted=2)
    person = someone(prompt)
    before_first = here()
    messages.review(message_id=prompt.pk, by=person, verdict="accept")
    before_second = here()
    answer = messages.reply(parent_id=prompt.pk, by=person, text="So.")

    take_back(prompt, person, before_second)
    take_back(prompt, person, before_first)

    assert states() == ["submitted", "withdrawn"]
    answer.refresh_from_db()
    assert answer.why == "Taken back by its author."


def test_it_is_refused_once_somebody_else_went_on_from_there():
    message = MessageFactory()
    reviewer = someone(message)
    before = here()
    messages.review(message_id=message.pk, by=reviewer, verdict="accept")
    messages.reply(parent_id=message.pk, by=someone(message), text="So.")

    with pytest.raises(CurationError, match="Somebody else has worked on this"):
        take_back(message, reviewer, before)

    assert Review.objects.count() == 1
    assert states() == ["accepted", "submitted"]


def test_it_is_refused_once_the_text_is_set_aside():
    message = MessageFactory()
    reviewer = someone(message)
    before = here()
    messages.review(message_id=message.pk, by=reviewer, verdict="accept")
    messages.hold(message_id=message.pk, by=reviewer, why="Hm.")

    with pytest.raises(CurationError, match="You have done more with it"):
        take_back(message, reviewer, before)


def test_it_is_refused_once_a_frozen_version_holds_it():
    answer = ReplyFactory()
    reviewer = someone(answer)
    before = here()
    messages.review(message_id=answer.pk, by=reviewer, verdict="accept")
    admin = ContributorFactory(is_staff=True)
    versions.freeze(dataset_id=answer.conversation.dataset_id, by=admin)

    with pytest.raises(CurationError, match="frozen version"):
        take_back(answer, reviewer, before)


def test_what_others_did_before_stays():
    message = MessageFactory(
        conversation__dataset__policy__reviews_wanted=2,
        conversation__dataset__policy__approvals_needed=2,
    )
    first, second = someone(message), someone(message)
    messages.review(message_id=message.pk, by=first, verdict="accept")
    before = here()
    messages.review(message_id=message.pk, by=second, verdict="accept")

    take_back(message, second, before)

    assert Review.objects.get().reviewer == first
    assert states() == ["submitted"]


def test_flags_are_no_deeds():
    message = MessageFactory()
    reviewer = someone(message)
    before = here()
    messages.review(message_id=message.pk, by=reviewer, verdict="accept")
    flags.raise_flag(
        message_id=message.pk, by=someone(message), reason=Flag.Reason.values[0]
    )

    take_back(message, reviewer, before)

    assert states() == ["submitted"]


@pytest.mark.django_db(transaction=True)
def test_undone_or_built_upon_but_never_both():
    for _ in range(5):
        message = MessageFactory(
            conversation__dataset__policy__reviews_wanted=2,
            conversation__dataset__policy__approvals_needed=2,
        )
        first, second = someone(message), someone(message)
        before = here()
        messages.review(message_id=message.pk, by=first, verdict="accept")

        outcomes = together(
            lambda m=message, p=first, b=before: take_back(m, p, b),
            lambda m=message, p=second: messages.review(
                message_id=m.pk, by=p, verdict="accept"
            ),
        )

        message.refresh_from_db()
        reviewers = set(message.reviews.values_list("reviewer", flat=True))
        if CurationError in outcomes:
            assert (reviewers, message.state) == ({first.pk, second.pk}, "accepted")
        else:
            assert (reviewers, message.state) == ({second.pk}, "submitted")

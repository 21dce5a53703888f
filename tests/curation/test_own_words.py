"""Nobody decides on their own words, and a version says on which side a text stands."""

from __future__ import annotations

import pytest
from django.db import connection

from curation.actions import judgements, messages, versions
from curation.errors import CurationError
from curation.models import Conversation, Message
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    PairFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


def test_a_curator_does_not_release_their_own_words():
    dataset = DatasetFactory()
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    prompt = MessageFactory(conversation__dataset=dataset, author=curator)
    messages.hold(message_id=prompt.pk, by=curator, why="Let me think.")

    with pytest.raises(CurationError, match="Somebody else must decide"):
        messages.release(message_id=prompt.pk, by=curator, accept=True)


def test_the_digest_says_which_side_a_text_is_on():
    answer = PairFactory(parent__conversation__split="train")
    dataset = answer.conversation.dataset
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    messages.review(
        message_id=answer.pk, by=ContributorFactory(member=dataset), verdict="accept"
    )
    first = versions.freeze(dataset_id=dataset.pk, by=curator)

    Conversation.objects.update(split="held_out")
    second = versions.freeze(dataset_id=dataset.pk, by=curator)

    assert first.digest != second.digest
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE curation_versionitem DISABLE TRIGGER USER")
        cursor.execute("UPDATE curation_versionitem SET split = 'held_out'")
        cursor.execute("ALTER TABLE curation_versionitem ENABLE TRIGGER USER")
    assert versions.verify(first) != []
    assert versions.verify(second) == []


def test_a_new_answer_after_the_ballots_is_asked_about():
    dataset = DatasetFactory(policy__replies_wanted=2, policy__max_depth=2)
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    shown = [
        ReplyFactory(parent=prompt, state="accepted", decided_at=prompt.decided_at).pk
        for _ in range(2)
    ]
    places = {pk: place for place, pk in enumerate(shown, 1)}
    judgements.rank(
        prompt_id=prompt.pk,
        by=ContributorFactory(member=dataset),
        outcome="ranked",
        shown=shown,
        positions=places,
    )
    late = ReplyFactory(parent=prompt)

    reviewer = ContributorFactory(member=dataset)
    messages.review(message_id=late.pk, by=reviewer, verdict="accept")

    prompt.refresh_from_db()
    assert prompt.ranking_round == 2
    assert Conversation.objects.get().state == Conversation.State.RANKING


def test_a_rejected_prompt_takes_its_waiting_answers_with_it():
    dataset = DatasetFactory()
    prompt = MessageFactory(conversation__dataset=dataset)
    answer = ReplyFactory(parent=prompt)
    reviewer = ContributorFactory(member=dataset)

    messages.review(message_id=prompt.pk, by=reviewer, verdict="reject", reason="spam")

    answer.refresh_from_db()
    assert answer.state == Message.State.REJECTED


def test_a_text_that_has_answers_is_not_edited_from_under_them():
    dataset = DatasetFactory()
    prompt = MessageFactory(conversation__dataset=dataset)
    ReplyFactory(parent=prompt)
    reviewer = ContributorFactory(member=dataset)

    with pytest.raises(CurationError, match="There are answers"):
        messages.review(
            message_id=prompt.pk, by=reviewer, verdict="edit", edited_text="Other words"
        )

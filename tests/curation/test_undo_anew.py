"""Undo beside words that their author wrote anew: each deed comes back by itself."""

from __future__ import annotations

import pytest

from curation.actions import messages, revisions, undo, withdrawals
from curation.errors import CurationError
from curation.models import Notification
from tests.curation.deeds import here, someone, states, take_back
from tests.factories import MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


def reply_of_a_member():
    prompt = MessageFactory(accepted=True)
    return ReplyFactory(parent=prompt, author=someone(prompt), accepted=True)


def accepted_anew():
    """An accepted answer, its author's new words, and whoever accepts these; from when."""
    answer = reply_of_a_member()
    anew = revisions.amend(message_id=answer.pk, by=answer.author, text="Better words.")
    reviewer, before = someone(answer), here()
    messages.review(message_id=anew.pk, by=reviewer, verdict="accept")
    answer.refresh_from_db()
    anew.refresh_from_db()
    assert (answer.state, anew.state) == ("withdrawn", "accepted")
    return answer, anew, reviewer, before


def test_when_new_words_are_undecided_again_the_old_ones_stand_again():
    answer, anew, reviewer, before = accepted_anew()

    take_back(anew, reviewer, before)

    answer.refresh_from_db()
    anew.refresh_from_db()
    assert (answer.state, answer.why, anew.state) == ("accepted", "", "submitted")
    messages.review(message_id=anew.pk, by=reviewer, verdict="accept")
    answer.refresh_from_db()
    assert answer.state == "withdrawn"


def test_old_words_that_their_author_took_back_since_stay_so():
    answer, anew, reviewer, before = accepted_anew()
    withdrawals.take_back(message_id=anew.pk, by=anew.author)

    with pytest.raises(CurationError, match="Somebody else has worked on this"):
        take_back(anew, reviewer, before)

    answer.refresh_from_db()
    assert answer.state == "withdrawn"


@pytest.fixture
def decided_and_amended():
    """Somebody accepts an answer, then writes an answer of their own beside it anew."""
    mine = reply_of_a_member()
    other = ReplyFactory(parent=mine.parent)
    before = here()
    messages.review(message_id=other.pk, by=mine.author, verdict="accept")
    until = here()
    anew = revisions.amend(message_id=mine.pk, by=mine.author, text="Better words.")
    return other, anew, before, until


def test_what_came_later_is_left_alone(decided_and_amended):
    other, anew, before, until = decided_and_amended

    undo.take_back(
        conversation_id=other.conversation_id, by=anew.author, after=before, until=until
    )

    other.refresh_from_db()
    anew.refresh_from_db()
    assert (other.state, anew.state) == ("submitted", "submitted")


def test_what_was_left_alone_can_be_undone_by_itself_still(decided_and_amended):
    other, anew, before, until = decided_and_amended
    last = here()
    undo.take_back(
        conversation_id=other.conversation_id, by=anew.author, after=before, until=until
    )

    undo.take_back(
        conversation_id=other.conversation_id, by=anew.author, after=until, until=last
    )

    anew.refresh_from_db()
    assert anew.state == "withdrawn"


def test_news_of_what_is_left_alone_stay(decided_and_amended):
    other, anew, before, until = decided_and_amended
    third = ReplyFactory(parent=other.parent)
    messages.review(message_id=third.pk, by=anew.author, verdict="accept")
    assert Notification.objects.count() == 2

    undo.take_back(
        conversation_id=other.conversation_id, by=anew.author, after=before, until=until
    )

    assert Notification.objects.get().message == third


def test_it_is_refused_once_its_own_author_wrote_it_anew():
    prompt = MessageFactory(accepted=True)
    writer, before = someone(prompt), here()
    answer = messages.reply(parent_id=prompt.pk, by=writer, text="So.")
    until = here()
    revisions.amend(message_id=answer.pk, by=writer, text="So it is.")

    with pytest.raises(CurationError, match="You have done more with it"):
        undo.take_back(
            conversation_id=prompt.conversation_id, by=writer, after=before, until=until
        )

    assert states() == ["accepted", "withdrawn", "submitted"]

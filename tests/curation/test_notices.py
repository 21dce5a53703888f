"""Who is told of what, and of what nobody is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from curation import intake
from curation.actions import conversations, judgements, messages, notices, withdrawals
from curation.models import Conversation, Notification
from tests.curation.pages import frozen, queries, signed_in, url
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    PairFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db
Kind = Notification.Kind


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def author(dataset):
    return ContributorFactory(member=dataset)


@pytest.fixture
def reviewer(dataset):
    return ContributorFactory(member=dataset)


def told(person):
    return [notice.kind for notice in Notification.objects.filter(person=person)]


def answer_of(author, dataset):
    return ReplyFactory(parent__conversation__dataset=dataset, author=author)


def test_an_author_is_told_that_a_text_was_accepted_and_not_by_whom(
    dataset, author, reviewer
):
    mine = answer_of(author, dataset)

    messages.review(message_id=mine.pk, by=reviewer, verdict="accept")

    notice = Notification.objects.get(person=author, kind=Kind.ACCEPTED)
    assert (notice.message, notice.by) == (mine, None)
    assert told(reviewer) == []


def test_of_a_rejected_text_the_author_is_told_why(dataset, author, reviewer):
    mine = answer_of(author, dataset)

    messages.review(
        message_id=mine.pk, by=reviewer, verdict="reject", reason="wrong", note="It is 7."
    )

    notice = Notification.objects.get(person=author)
    assert notice.kind == Kind.REJECTED
    assert notice.data == {"why": "Wrong or misleading. It is 7."}


def test_an_edited_text_is_told_as_edited_not_as_rejected(dataset, author, reviewer):
    mine = answer_of(author, dataset)

    messages.review(message_id=mine.pk, by=reviewer, verdict="edit", edited_text="Seven.")

    assert told(author) == [Kind.EDITED]
    assert told(reviewer) == []


def test_a_held_text_is_told_and_so_is_what_a_curator_decides(dataset, author, reviewer):
    mine = answer_of(author, dataset)
    curator = ContributorFactory(member=dataset, member__roles=["curator"])

    messages.hold(message_id=mine.pk, by=reviewer, why="It names a person.")
    messages.release(message_id=mine.pk, by=curator, accept=True)

    assert told(author) == [Kind.HELD, Kind.ACCEPTED]


def test_a_pair_by_one_author_is_told_once(reviewer):
    answer = PairFactory()
    judge = ContributorFactory(member=answer.conversation.dataset)

    messages.review(message_id=answer.pk, by=judge, verdict="accept")

    assert told(answer.author) == [Kind.ACCEPTED]


def test_nobody_is_told_of_their_own_act(dataset, author):
    mine = answer_of(author, dataset)

    messages.hold(message_id=mine.pk, by=author, why="I named somebody.")
    withdrawals.take_back(message_id=mine.pk, by=author)
    notices.tell(author, Kind.MENTIONED, message=mine, by=author)

    assert told(author) == []


def test_an_answer_falls_with_its_question_and_its_author_hears_of_it(
    dataset, author, reviewer
):
    prompt = MessageFactory(conversation__dataset=dataset)
    ReplyFactory(parent=prompt, author=author)

    messages.review(message_id=prompt.pk, by=reviewer, verdict="reject", reason="spam")

    assert told(author) == [Kind.REJECTED]


def test_everybody_in_a_complete_conversation_is_told_once(author, reviewer):
    dataset = DatasetFactory(policy__replies_wanted=2, policy__max_depth=2)
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    for _ in range(2):
        ReplyFactory(accepted=True, parent=prompt, author=author)
    ranker = ContributorFactory(member=dataset)
    shown = list(prompt.replies.values_list("pk", flat=True))

    judgements.rank(
        prompt_id=prompt.pk, by=ranker, outcome="ranked", shown=shown,
        positions={pk: place for place, pk in enumerate(shown, start=1)},
    )  # fmt: skip

    prompt.conversation.refresh_from_db()
    assert prompt.conversation.state == Conversation.State.COMPLETE
    assert told(author) == told(prompt.author) == [Kind.COMPLETE]
    conversations.notices.tell_complete([prompt.conversation])
    assert told(author) == [Kind.COMPLETE]


def test_who_mentioned_somebody_is_named(dataset, author, reviewer):
    notices.tell(author, Kind.MENTIONED, message=answer_of(author, dataset), by=reviewer)

    assert Notification.objects.get(person=author).by == reviewer


def test_what_a_change_told_is_forgotten_with_it(dataset, author, reviewer):
    mine = answer_of(author, dataset)
    before = now()
    messages.review(message_id=mine.pk, by=reviewer, verdict="accept")
    notices.tell(author, Kind.COMMENTED, message=mine, by=reviewer)
    old = Notification.objects.create(
        person=author, kind=Kind.HELD, message=mine, created_at=before - timedelta(hours=1)
    )

    notices.forget([mine.pk], before)

    assert set(told(author)) == {Kind.COMMENTED, old.kind}


def test_a_model_tells_everybody_whose_texts_it_learned_from_how_many(dataset, author):
    version = frozen(dataset, count=2, author=author)
    frozen_prompts = {item.reply.parent.author for item in version.items.all()}

    is_new = intake.report_model(
        version_id=version.pk, source="run-1", name="tiny, run 1", generator="tiny, run 1"
    )
    again = intake.report_model(
        version_id=version.pk, source="run-1", name="tiny, run 1", generator="tiny, run 1"
    )

    train = version.train_count
    assert (is_new, again) == (True, False)
    rows = Notification.objects.filter(kind=Kind.MODEL)
    assert {row.person for row in rows} <= {author, *frozen_prompts}
    assert [row.data["texts"] for row in rows.filter(person=author)] == [train]


def test_the_page_shows_unread_ones_first_with_their_words(client, dataset, reviewer):
    me = signed_in(client, dataset)
    old = answer_of(me, dataset)
    messages.review(message_id=old.pk, by=reviewer, verdict="accept")
    notices.read(by=me)
    Notification.objects.update(created_at=now() + timedelta(hours=1))
    new = answer_of(me, dataset)
    messages.review(
        message_id=new.pk, by=reviewer, verdict="reject", reason="wrong", note="No."
    )

    page = client.get(url("notifications"))

    assert "Wrong or misleading. No." in page.text
    assert page.text.index("was not accepted") < page.text.index("was accepted")
    assert f"#message-{new.pk}" in page.text
    assert '<span class="bell__count" aria-hidden="true">1</span>' in page.text


def test_looking_marks_nothing_and_the_button_marks_all(client, dataset, reviewer):
    me = signed_in(client, dataset)
    for _ in range(2):
        mine = answer_of(me, dataset)
        messages.review(message_id=mine.pk, by=reviewer, verdict="accept")
    client.get(url("notifications"))
    assert Notification.objects.unread().count() == 2

    response = client.post(url("notifications-read"))

    assert response.url == url("notifications")
    assert Notification.objects.unread().count() == 0


def test_the_script_marks_what_was_shown_and_gets_the_new_bell(client, dataset, reviewer):
    me = signed_in(client, dataset)
    first = Notification.objects.create(person=me, kind=Kind.MODEL)
    Notification.objects.create(person=me, kind=Kind.MODEL)
    foreign = Notification.objects.create(person=reviewer, kind=Kind.MODEL)

    response = client.post(
        url("notifications-read"),
        {"notice": [first.pk, foreign.pk, "x", "9" * 30]},
        headers={"HX-Request": "true"},
    )

    assert "1 unread notification<" in response.text
    first.refresh_from_db()
    foreign.refresh_from_db()
    assert first.read_at is not None
    assert foreign.read_at is None


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_sentence_also_with_nothing_known(client, dataset, kind):
    me = signed_in(client, dataset)
    Notification.objects.create(person=me, kind=kind)

    assert client.get(url("notifications")).status_code == 200


def test_a_text_that_others_may_not_read_any_more_is_not_quoted(client, dataset, author):
    me = signed_in(client, dataset)
    text = answer_of(author, dataset)
    notices.tell(me, Kind.MENTIONED, message=text, by=author)
    assert text.text in client.get(url("notifications")).text

    withdrawals.take_back(message_id=text.pk, by=author)

    page = client.get(url("notifications")).text
    assert "named you in a comment" in page
    assert text.text not in page


def test_work_that_was_given_is_told_with_its_day(client, dataset, author):
    me = signed_in(client, dataset)
    notices.tell(
        me, Kind.ALLOTTED, by=author, dataset="Boats", wanted=50, due_on="2026-05-08"
    )

    page = client.get(url("notifications")).text

    assert f"{author} gave you 50 tasks in Boats. They are wanted by 8 May 2026." in page


def test_it_says_what_would_come_when_there_is_nothing(client, dataset):
    signed_in(client, dataset)

    assert "Nothing new yet" in client.get(url("notifications")).text


def test_the_page_costs_the_same_however_much_is_new(client, dataset, reviewer):
    me = signed_in(client, dataset)
    for count in (1, 8):
        for _ in range(count):
            mine = answer_of(me, dataset)
            messages.review(message_id=mine.pk, by=reviewer, verdict="accept")
        # Expect 4 queries: the session, how many, those of this page, the bell
        assert queries(client, url("notifications")) == 4

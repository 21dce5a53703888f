from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from curation import handoff, intake, lineage, news, reach
from curation.actions import consents, messages, versions, withdrawals
from curation.errors import CurationError, NotAllowed, WrongState
from curation.models import Message, Notification, Recall, Withdrawal
from tests.curation.pages import frozen, signed_in, url
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db
State = Message.State


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def me(client, dataset):
    return signed_in(client, dataset)


def curator_of(version):
    return version.frozen_by


def reported(version, owner=None):
    signed = "starter, run 3"
    given = {"source": "run-3", "name": signed, "generator": signed}
    owner_id = owner.pk if owner else None
    intake.report_model(
        version_id=version.pk, owner_id=owner_id, address="/models/runs/3/", **given
    )


def mine_in(version, me):
    return Message.objects.filter(author=me, frozen_in__version=version).first()


def test_it_leaves_the_next_version_and_is_marked_in_the_old_one(dataset, me):
    version = frozen(dataset, count=3, author=me)
    text = mine_in(version, me)

    withdrawals.take_back(message_id=text.pk, by=me)

    after = versions.freeze(dataset_id=dataset.pk, by=curator_of(version))
    assert after.number == 2
    assert not after.items.filter(reply=text).exists()
    assert list(Recall.objects.values_list("version", "message")) == [(version.pk, text.pk)]


def test_a_question_marks_the_versions_of_its_answers(dataset, me):
    version = frozen(dataset, count=1)
    question = version.items.get().reply.parent
    Message.objects.filter(pk=question.pk).update(author=me)

    asked = withdrawals.take_back(message_id=question.pk, by=me)

    (reached,) = lineage.recalled_by(asked)
    assert reached.version == version
    with pytest.raises(CurationError, match="Nothing is accepted"):
        versions.freeze(dataset_id=dataset.pk, by=curator_of(version))


def test_what_a_reviewer_made_of_the_words_goes_too(dataset, me):
    reviewer = ContributorFactory(member=dataset)
    answer = ReplyFactory(parent__conversation__dataset=dataset, author=me)
    edit = messages.review(
        message_id=answer.pk, by=reviewer, verdict="edit", edited_text="Better words."
    )
    version = versions.freeze(
        dataset_id=dataset.pk,
        by=ContributorFactory(member=dataset, member__roles=["curator"]),
    )

    withdrawals.take_back(message_id=answer.pk, by=me)

    edit.refresh_from_db()
    assert edit.state == State.WITHDRAWN
    assert edit.why == "Made of words that their author took back."
    assert Recall.objects.get().message == edit
    assert Recall.objects.get().version == version


def test_curators_and_who_trained_on_it_are_told_but_not_whose_it_is(dataset, me):
    version = frozen(dataset, count=2, author=me)
    engineer = ContributorFactory()
    reported(version, owner=engineer)
    Notification.objects.all().delete()

    withdrawals.take_back(message_id=mine_in(version, me).pk, by=me)

    told = Notification.objects.filter(kind="withdrawn")
    assert {notice.person for notice in told} == {curator_of(version), engineer}
    shown = news.item(told.first())
    assert shown.said == (
        f"1 text in {dataset}, version 1, was taken back. "
        "These models learned from it: starter, run 3."
    )
    assert shown.address == url("version", dataset.slug, 1)
    assert me.name not in shown.said and told.first().by is None


def test_nobody_is_told_of_a_text_that_went_nowhere(dataset, me):
    text = MessageFactory(conversation__dataset=dataset, author=me)
    ContributorFactory(member=dataset, member__roles=["curator"])

    withdrawals.take_back(message_id=text.pk, by=me)

    assert not Notification.objects.filter(kind="withdrawn").exists()


def test_taking_back_twice_is_refused(dataset, me):
    text = MessageFactory(conversation__dataset=dataset, author=me)
    withdrawals.take_back(message_id=text.pk, by=me)

    with pytest.raises(WrongState):
        withdrawals.take_back(message_id=text.pk, by=me)

    assert Withdrawal.objects.count() == 1


def test_others_cannot_take_it_back(dataset, me):
    text = MessageFactory(conversation__dataset=dataset)

    with pytest.raises(NotAllowed):
        withdrawals.take_back(message_id=text.pk, by=me)
    with pytest.raises(NotAllowed):
        withdrawals.take_back_all(person=text.author, dataset=None, by=me)


def test_all_of_a_dataset_with_the_consent_given_there(dataset, me):
    admin = ContributorFactory(is_staff=True)
    terms = consents.publish(
        dataset=dataset, text="Yes?", licence="CC0-1.0", uses=["training"], by=admin
    )
    consents.agree(terms_ids=[terms.pk], by=me)
    elsewhere = MessageFactory(author=me, accepted=True)
    for state in ("accepted", "submitted"):
        MessageFactory(
            conversation__dataset=dataset, author=me, accepted=state == "accepted"
        )

    asked = withdrawals.take_back_all(person=me, dataset=dataset, by=me)

    assert (asked.state, asked.done) == ("finished", 2)
    states = Message.objects.filter(conversation__dataset=dataset)
    assert set(states.values_list("state", flat=True)) == {State.WITHDRAWN}
    elsewhere.refresh_from_db()
    assert elsewhere.state == State.ACCEPTED
    assert consents.unanswered(me, dataset.pk) == [terms]


def test_words_that_their_author_replaced_are_found_in_older_versions(dataset, me):
    version = frozen(dataset, count=1, author=me)
    text = mine_in(version, me)
    Message.objects.filter(pk=text.pk).update(state=State.WITHDRAWN)  # written anew

    asked = withdrawals.take_back_all(person=me, dataset=None, by=me)

    assert [one.version for one in lineage.recalled_by(asked)] == [version]


def test_many_are_taken_back_in_the_background_with_progress(
    client, dataset, me, monkeypatch
):
    monkeypatch.setattr(withdrawals, "AT_ONCE", 2)
    for _ in range(5):
        MessageFactory(conversation__dataset=dataset, author=me, accepted=True)

    response = client.post(url("withdraw-all"), {"dataset": dataset.slug})

    asked = Withdrawal.objects.get()
    assert response.url == url("withdrawal", asked.pk)
    page = client.get(response.url).text
    assert "Being taken back" in page and "0 of 5" in page
    with pytest.raises(CurationError, match="already"):
        withdrawals.take_back_all(person=me, dataset=None, by=me)

    withdrawals.carry_on_all()

    asked.refresh_from_db()
    assert (asked.state, asked.done, asked.total) == ("finished", 5, 5)
    assert not Message.objects.exclude(state=State.WITHDRAWN).exists()


def test_a_version_frozen_meanwhile_is_marked_later(dataset, me, monkeypatch):
    version = frozen(dataset, count=2, author=me)
    text = mine_in(version, me)
    with monkeypatch.context() as not_committed_yet:
        not_committed_yet.setattr(reach, "holding", lambda texts: [])
        withdrawals.take_back(message_id=text.pk, by=me)
    assert not Recall.objects.exists()

    withdrawals.recall_late()
    withdrawals.recall_late()

    assert Recall.objects.get().message == text
    assert Notification.objects.filter(kind="withdrawn").count() == 1


def test_a_mark_is_never_taken_off(dataset, me):
    version = frozen(dataset, count=1, author=me)
    withdrawals.take_back(message_id=mine_in(version, me).pk, by=me)

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        connection.cursor().execute("DELETE FROM curation_recall")


def test_two_clicks_and_the_page_says_where_it_went(client, dataset, me):
    version = frozen(dataset, count=2, author=me)
    reported(version)
    text = mine_in(version, me)
    first = url("withdraw", text.pk)

    assert first in client.get(url("me")).text
    before = client.get(first).text
    assert "starter, run 3" in before
    after = client.post(first, follow=True).text

    assert "Where it had gone" in after
    assert url("version", dataset.slug, 1) in after
    assert "/models/runs/3/" in after


def test_the_page_of_the_version_is_marked_with_the_models_that_learned(
    client, dataset, me
):
    version = frozen(dataset, count=2, author=me)
    reported(version)
    assert "taken back" not in client.get(url("version", dataset.slug, 1)).text

    withdrawals.take_back(message_id=mine_in(version, me).pk, by=me)

    page = client.get(url("version", dataset.slug, 1)).text
    assert "1 text of this version was taken back by its author" in page
    assert '<a href="/models/runs/3/">starter, run 3</a>' in page


@pytest.mark.parametrize("sent", [{}, {"dataset": "another"}], ids=str)
def test_what_nobody_chose_is_not_taken_back(client, dataset, me, sent):
    text = MessageFactory(conversation__dataset=dataset, author=me, accepted=True)

    assert client.post(url("withdraw-all"), sent).status_code == 422

    text.refresh_from_db()
    assert text.state == State.ACCEPTED
    client.post(url("withdraw-all"), {"dataset": ""})
    text.refresh_from_db()
    assert text.state == State.WITHDRAWN


def test_whoever_has_nothing_is_offered_nothing(client):
    client.force_login(ContributorFactory())

    page = client.get(url("withdraw-all")).text

    assert "There is nothing to take back" in page
    assert "Take them back" not in page


def test_the_door_to_training_says_how_many_were_taken_back(dataset, me):
    version = frozen(dataset, count=3, author=me)
    withdrawals.take_back(message_id=mine_in(version, me).pk, by=me)

    (offered,) = handoff.versions_to_train(curator_of(version))

    assert offered.recalled == 1


def test_a_withdrawal_is_its_persons_only(client, dataset, me):
    text = MessageFactory(conversation__dataset=dataset)
    asked = withdrawals.take_back(message_id=text.pk, by=text.author)

    assert client.get(url("withdrawal", asked.pk)).status_code == 404

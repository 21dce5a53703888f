from __future__ import annotations

import pytest

from curation.actions import messages
from curation.models import Event, Membership, Message
from tests.curation.pages import frozen, queries, signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def author(client, dataset):
    return signed_in(client, dataset)


def test_a_person_sees_what_became_of_their_texts(client, dataset, author):
    mine = MessageFactory(conversation__dataset=dataset, author=author)
    messages.review(
        message_id=mine.pk,
        by=ContributorFactory(member=dataset),
        verdict="reject",
        reason="unclear",
        note="Which boat?",
    )
    other = MessageFactory(conversation__dataset=dataset)

    page = client.get(url("me")).text

    assert mine.text in page
    assert "Unclear or badly written. Which boat?" in page
    assert other.text not in page


def test_a_person_sees_which_versions_hold_their_texts(client, dataset, author):
    frozen(dataset, count=1, author=author)

    assert "in version 1" in client.get(url("me")).text


def test_the_list_is_filtered_by_state(client, dataset, author):
    MessageFactory(conversation__dataset=dataset, author=author, text="Waiting")
    MessageFactory(conversation__dataset=dataset, author=author, text="Done", accepted=True)

    page = client.get(url("me"), {"state": "accepted"}).text

    assert "Done" in page
    assert "Waiting<" not in page
    assert client.get(url("me"), {"state": "\0"}).status_code == 200


def test_it_says_what_to_do_when_there_is_nothing(client, author):
    assert "You have not written anything yet" in client.get(url("me")).text
    assert "None of these" in client.get(url("me"), {"state": "held"}).text


def test_asking_to_take_a_text_back_changes_nothing(client, dataset, author):
    frozen(dataset, count=1, author=author)
    mine = Message.objects.get(author=author)

    page = client.get(url("withdraw", mine.pk))

    assert "It is already in version 1." in page.text
    mine.refresh_from_db()
    assert mine.state == Message.State.ACCEPTED


def test_a_person_takes_a_text_back(client, dataset, author):
    mine = MessageFactory(conversation__dataset=dataset, author=author, accepted=True)

    assert client.post(url("withdraw", mine.pk)).url == url("me")

    mine.refresh_from_db()
    assert mine.state == Message.State.WITHDRAWN
    assert Event.objects.filter(kind="message.withdrawn", by=author).exists()


def test_a_second_click_is_told_so(client, dataset, author):
    mine = MessageFactory(conversation__dataset=dataset, author=author, accepted=True)
    client.post(url("withdraw", mine.pk))

    response = client.post(url("withdraw", mine.pk))

    assert response.status_code == 409
    assert "already withdrawn" in response.text


def test_a_text_can_be_taken_back_after_leaving_the_dataset(client, dataset, author):
    mine = MessageFactory(conversation__dataset=dataset, author=author, accepted=True)
    Membership.objects.all().delete()

    assert client.post(url("withdraw", mine.pk)).status_code == 302


@pytest.mark.parametrize("roles", [["curator"], ["writer"]])
def test_nobody_takes_back_the_texts_of_others(client, dataset, roles):
    other = MessageFactory(conversation__dataset=dataset)
    signed_in(client, dataset, *roles)

    assert client.get(url("withdraw", other.pk)).status_code == 404
    assert client.post(url("withdraw", other.pk)).status_code == 404


def test_it_costs_the_same_however_much_one_wrote(client, dataset, author):
    frozen(dataset, count=2, author=author)
    before = queries(client, url("me"))
    frozen(dataset, count=9, author=author)

    # Expect 6 queries: the session, the user, how many, those of this page, which items
    # hold them, of which versions
    assert (before, queries(client, url("me"))) == (6, 6)

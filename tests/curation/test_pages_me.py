from __future__ import annotations

import pytest

from curation.actions import judgements, messages
from curation.models import Event, Membership, Message
from tests.curation.pages import frozen, queries, signed_in, url
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MembershipFactory,
    MessageFactory,
    ReplyFactory,
)

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

    assert "It is already in what is listed here." in page.text
    assert url("version", dataset.slug, 1) in page.text
    mine.refresh_from_db()
    assert mine.state == Message.State.ACCEPTED


def test_a_person_takes_a_text_back(client, dataset, author):
    mine = MessageFactory(conversation__dataset=dataset, author=author, accepted=True)

    response = client.post(url("withdraw", mine.pk), follow=True)

    assert "It is in no frozen version" in response.text
    mine.refresh_from_db()
    assert mine.state == Message.State.WITHDRAWN
    assert Event.objects.filter(kind="message.withdrawn", by=author).exists()


def test_a_second_click_is_told_so(client, dataset, author):
    mine = MessageFactory(conversation__dataset=dataset, author=author, accepted=True)
    client.post(url("withdraw", mine.pk))

    response = client.post(url("withdraw", mine.pk))

    assert response.status_code == 409
    assert "already withdrawn" in response.text
    page = client.get(url("withdraw", mine.pk)).text
    assert "You have taken this text back" in page
    assert "Take it back" not in page


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

    # Expect 8 queries: the session, datasets with texts of theirs, how many,
    # those of this page, which items hold them, of which versions, which hold them beside
    # an edit, the bell
    assert (before, queries(client, url("me"))) == (8, 8)


def test_a_review_says_what_was_decided_in_the_end(client, dataset, author):
    dataset.policy.reviews_wanted = 2
    dataset.policy.save()
    text = ReplyFactory(parent__conversation__dataset=dataset)
    messages.review(
        message_id=text.pk, by=author, verdict="reject", reason="wrong", note="It is 7."
    )

    def page(**asked):
        return client.get(url("me"), {"tab": "reviews", **asked}).text

    assert "You rejected it: Wrong or misleading." in page()
    assert text.text in page(state="open")

    judge = ContributorFactory(member=dataset)
    messages.review(message_id=text.pk, by=judge, verdict="accept")

    assert text.text in page(state="differed")
    assert text.text not in page(state="agreed")
    assert "now accepted" in page()


def test_a_review_of_what_was_held_since_shows_no_text(client, dataset, author):
    text = ReplyFactory(parent__conversation__dataset=dataset)
    messages.review(message_id=text.pk, by=author, verdict="accept")
    keeper = ContributorFactory(member=dataset)
    messages.hold(message_id=text.pk, by=keeper, why="It names a person.")

    page = client.get(url("me"), {"tab": "reviews"}).text

    assert text.text not in page
    assert "This text was taken back or set aside." in page


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (0, "Your first choice is the first of all"),
        (1, "Most put another answer first"),
    ],
)
def test_a_ranking_says_whether_the_others_agree(client, author, first, said):
    dataset = DatasetFactory(policy__rankings_wanted=3)
    MembershipFactory(dataset=dataset, contributor=author)
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    answers = [ReplyFactory(accepted=True, parent=prompt).pk for _ in range(2)]
    rankers = [author, *(ContributorFactory(member=dataset) for _ in range(2))]
    for ranker, best in zip(rankers, (first, 0, 0), strict=True):
        judgements.rank(
            prompt_id=prompt.pk,
            by=ranker,
            outcome="ranked",
            shown=answers,
            positions={answers[best]: 1, answers[1 - best]: 2},
        )

    assert said in client.get(url("me"), {"tab": "ballots"}).text


def test_judgements_of_a_dataset_that_one_has_left_are_not_shown(client, dataset, author):
    text = ReplyFactory(parent__conversation__dataset=dataset)
    messages.review(message_id=text.pk, by=author, verdict="accept")
    Membership.objects.all().delete()

    assert text.text not in client.get(url("me"), {"tab": "reviews"}).text


def test_each_list_is_narrowed_to_a_dataset(client, dataset, author):
    other = DatasetFactory()
    MessageFactory(conversation__dataset=dataset, author=author, text="Here")
    MessageFactory(conversation__dataset=other, author=author, text="There")

    page = client.get(url("me"), {"dataset": other.slug}).text

    assert "There</a>" in page
    assert "Here</a>" not in page


@pytest.mark.parametrize("tab", ["reviews", "ballots", "nonsense"])
def test_judgements_cost_the_same_however_many_there_are(client, dataset, author, tab):
    def judged():
        prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
        for number in range(2):
            answer = ReplyFactory(parent=prompt, text=f"{prompt.pk} {number}")
            messages.review(message_id=answer.pk, by=author, verdict="accept")
        shown = list(prompt.replies.values_list("pk", flat=True))
        judgements.rank(prompt_id=prompt.pk, by=author, outcome="none_good", shown=shown)

    judged()
    before = queries(client, f"{url('me')}?tab={tab}")
    for _ in range(4):
        judged()

    assert queries(client, f"{url('me')}?tab={tab}") == before

"""Known items are mixed into reviews, and nothing tells them from others."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils.timezone import now

from annotate import actions, ahead, planner
from annotate import gold as gold_of_annotate
from annotate.models import Assignment
from curation.actions import conversations, discussion, gold, withdrawals
from curation.models import GoldAnswer, Message, Profile, Reputation, Review
from tests.annotate.known_items import known, review, waiting
from tests.annotate.work import claim, planned, submit
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory
from tests.races import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__gold_every=3, policy__open_conversations=50)


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


@pytest.fixture
def reviewer(client, dataset):
    reviewer = ContributorFactory(member=dataset, member__roles=["reviewer"])
    client.force_login(reviewer)
    return reviewer


def test_one_review_in_so_many_is_of_a_known_item(client, dataset, curator, reviewer):
    for _ in range(3):
        known(dataset, curator)
    waiting(dataset, 8)

    kinds = [review(client).is_gold for _ in range(9)]

    assert kinds == [False, False, True] * 3


def newest_reputation(dataset, person, share):
    Reputation.objects.create(
        dataset=dataset, person=person, kind="reviewing", gold=20, gold_right=18,
        expected=0.9, lower_bound=0.8, weight=3, gold_share=share,
    )  # fmt: skip


@pytest.mark.parametrize(("share", "every"), [(0.05, 30), (0.1, 10), (0.25, 4), (None, 4)])
def test_who_is_new_meets_more_known_items_than_who_is_known(share, every):
    assert gold_of_annotate.due_every(30, share) == every


@pytest.mark.parametrize("share", [0.05, 0.25, None])
def test_the_rule_of_the_dataset_is_the_least_of_them_and_may_be_none(share):
    assert gold_of_annotate.due_every(3, share) == 3
    assert gold_of_annotate.due_every(0, share) == 0


def test_a_newcomer_gets_every_fourth_and_a_known_reviewer_as_the_rules_say(
    client, curator, reviewer, dataset
):
    dataset.policy.gold_every = 6
    dataset.policy.save()
    for _ in range(3):
        known(dataset, curator)
    waiting(dataset, 14)
    as_newcomer = [review(client).is_gold for _ in range(4)]
    Reputation.objects.all().delete()
    newest_reputation(dataset, reviewer, share=0.05)

    as_known = [review(client).is_gold for _ in range(6)]

    assert as_newcomer == [False] * 3 + [True]
    assert as_known == [False] * 5 + [True]


def test_it_is_no_review_and_leaves_the_message_alone(client, dataset, curator, reviewer):
    item = known(dataset, curator, verdict="reject")
    waiting(dataset, 3)
    for _ in range(2):
        review(client)

    slot = review(client, verdict="reject", reason="wrong")

    assert slot.message == item.message
    assert not Review.objects.filter(message=item.message).exists()
    assert Message.objects.get(pk=item.message_id).state == "accepted"
    answer = GoldAnswer.objects.get()
    assert (answer.person, answer.verdict, answer.is_right) == (reviewer, "reject", True)


def test_who_decided_otherwise_is_told_why(client, dataset, curator, reviewer):
    known(dataset, curator)
    waiting(dataset, 4)
    for _ in range(2):
        review(client)
    slot = claim(client, kind="review")

    response = submit(client, slot, verdict="reject", reason="wrong")

    page = client.get(response.url, follow=True).text
    assert "It should have been accepted: It is clear." in page
    assert not GoldAnswer.objects.get().is_right


def test_nobody_is_asked_about_their_own_words_or_the_same_item_again(
    client, dataset, curator, reviewer
):
    known(dataset, curator, author=reviewer)
    once = known(dataset, curator)
    waiting(dataset, 9)

    slots = [review(client) for _ in range(9)]

    assert [slot.message for slot in slots if slot.is_gold] == [once.message]


def test_who_reviewed_the_message_before_does_not_get_it(
    client, dataset, curator, reviewer
):
    item = known(dataset, curator)
    Review.objects.create(message=item.message, reviewer=reviewer, verdict="accept")
    waiting(dataset, 4)

    assert not any(review(client).is_gold for _ in range(4))


def test_a_retired_item_is_shown_to_nobody(client, dataset, curator, reviewer):
    gold.retire(item_id=known(dataset, curator).pk, by=curator)
    waiting(dataset, 4)

    assert not any(review(client).is_gold for _ in range(4))


def test_handed_back_it_comes_to_nobody_else(client, dataset, curator, reviewer):
    known(dataset, curator)
    waiting(dataset, 6)
    for _ in range(2):
        review(client)
    slot = claim(client, kind="review")
    assert slot.is_gold
    Assignment.objects.filter(pk=slot.pk).update(
        state="open", person=None, lease_until=None
    )

    client.force_login(ContributorFactory(member=dataset))

    assert not claim(client, kind="review").is_gold
    client.force_login(reviewer)
    assert claim(client, kind="review").pk == slot.pk


def due_at_once(dataset):
    dataset.policy.gold_every = 1
    dataset.policy.save()


def expire(slot):
    Assignment.objects.filter(pk=slot.pk).update(lease_until=now() - timedelta(minutes=1))
    actions.expire_leases()


def test_only_items_in_languages_that_the_person_knows_are_given(
    dataset, curator, reviewer
):
    due_at_once(dataset)
    Profile.objects.create(contributor=reviewer, languages=["de"])
    known(dataset, curator)
    german = known(dataset, curator, conversation__language="de", language="de")
    for _ in range(3):
        planned(MessageFactory(conversation__dataset=dataset, conversation__language="de"))

    slot = actions.claim(by=reviewer, kind="review")

    assert slot.message == german.message


def test_one_that_ran_out_does_not_keep_other_reviews_away(dataset, curator, reviewer):
    due_at_once(dataset)
    known(dataset, curator)
    for _ in range(2):
        planned(MessageFactory(conversation__dataset=dataset, conversation__language="de"))
    first = actions.claim(by=reviewer, kind="review")
    assert first.is_gold
    expire(first)
    Profile.objects.create(contributor=reviewer, languages=["de"])

    second = actions.claim(by=reviewer, kind="review")

    assert not second.is_gold


def test_given_back_while_unseen_it_comes_again_and_not_twice(
    client, dataset, curator, reviewer
):
    dataset.policy.gold_every = 2
    dataset.policy.save()
    known(dataset, curator)
    waiting(dataset, 4)
    slot = claim(client, kind="review")
    unseen = ahead.take(assignment_id=slot.pk, by=reviewer)
    assert unseen.is_gold
    ahead.give_back(by=reviewer)
    submit(client, slot, verdict="accept")  # leads on to the next

    assert claim(client, kind="review") == unseen
    assert Assignment.objects.filter(is_gold=True).count() == 1


def test_retired_after_it_ran_out_it_does_not_come_again(dataset, curator, reviewer):
    due_at_once(dataset)
    item = known(dataset, curator)
    waiting(dataset, 1)
    slot = actions.claim(by=reviewer, kind="review")
    assert slot.is_gold
    expire(slot)
    gold.retire(item_id=item.pk, by=curator)

    assert not actions.claim(by=reviewer, kind="review").is_gold
    slot.refresh_from_db()
    assert slot.state == "dropped"


def test_back_in_use_it_comes_to_those_who_did_not_answer_it(dataset, curator, reviewer):
    due_at_once(dataset)
    item = known(dataset, curator)
    waiting(dataset, 2)
    slot = actions.claim(by=reviewer, kind="review")
    expire(slot)
    gold.retire(item_id=item.pk, by=curator)
    expire(actions.claim(by=reviewer, kind="review"))
    gold.make(message_id=item.message_id, by=curator, verdict="accept", why="Clear.")

    assert actions.claim(by=reviewer, kind="review") == slot


@pytest.mark.parametrize("is_begun", [True, False])
def test_once_withdrawn_its_words_are_shown_no_more(
    client, dataset, curator, reviewer, is_begun
):
    due_at_once(dataset)
    item = known(dataset, curator, text="Words that were taken back")
    waiting(dataset, 1)
    slot = actions.claim(by=reviewer, kind="review")
    assert slot.is_gold
    if not is_begun:
        expire(slot)
    withdrawals.take_back(message_id=item.message_id, by=item.message.author)

    task = client.get(reverse("annotate:task", args=[slot.pk]), follow=True)

    assert "Words that were taken back" not in task.text
    assert not claim(client, kind="review").is_gold


def told_apart(page):
    """A page without what differs between any two tasks: numbers, keys, words, times."""
    page = re.sub(r'<input type="hidden" name="(csrfmiddlewaretoken|key)".*?>', "", page)
    page = re.sub(r'content="\w{64}"|\d{4}-\d\d-\d\dT[\d:.+]+|datetime="[^"]*"', "", page)
    page = re.sub(r"question \d+", "question", page)
    page = re.sub(r"\b[0-9a-f]{16}\b", "address", page)
    return re.sub(r"\d+", "0", page)


def test_its_page_cannot_be_told_from_that_of_an_ordinary_review(
    client, dataset, curator, reviewer
):
    known(dataset, curator)
    waiting(dataset, 4)
    review(client)
    review(client)
    ordinary = Assignment.objects.filter(state="open", kind="review").first()
    slot = claim(client, kind="review")
    assert slot.is_gold
    client.get(reverse("annotate:task", args=[slot.pk]))  # takes what is said once
    page = client.get(reverse("annotate:task", args=[slot.pk])).text
    # The same moment, with an ordinary review in its place.
    Assignment.objects.filter(pk=slot.pk).update(
        state="open", person=None, lease_until=None
    )
    Assignment.objects.filter(pk=ordinary.pk).update(
        state="leased", person=reviewer, lease_until=slot.lease_until
    )
    plain = client.get(reverse("annotate:task", args=[ordinary.pk])).text

    assert told_apart(page) == told_apart(plain)
    assert "gold" not in page
    assert "known item" not in page


def test_no_number_on_its_page_says_how_old_or_new_it_is(
    client, dataset, curator, reviewer
):
    item = known(dataset, curator, pk=987_654_321)
    waiting(dataset, 3)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('annotate_assignment_id_seq', 876543210)")
    for _ in range(2):
        review(client)
    slot = claim(client, kind="review")
    assert slot.pk > 876_543_210
    assert slot.message_id == item.message_id

    page = client.get(reverse("annotate:task", args=[slot.pk]))
    sent = client.post(
        reverse("annotate:submit", args=[slot.pk]),
        {"key": str(uuid.uuid4()), "verdict": "accept"},
        headers={"X-Requested-With": "card"},
    )

    for answer in (page, sent):
        assert not re.findall(r"987654321|8765432\d\d", answer.text)
        assert slot.address in answer.text


def test_what_curators_say_about_it_is_not_read_before(client, dataset, curator, reviewer):
    item = known(dataset, curator)
    discussion.comment(message_id=item.message_id, by=curator, text="A clear case.")
    waiting(dataset, 3)
    for _ in range(2):
        review(client)

    slot = claim(client, kind="review")

    page = client.get(reverse("annotate:task", args=[slot.pk])).text
    assert slot.is_gold
    assert "A clear case." not in page


def test_it_refuses_what_a_review_refuses(client, dataset, curator, reviewer):
    item = known(dataset, curator)
    waiting(dataset, 3)
    for _ in range(2):
        review(client)
    slot = claim(client, kind="review")

    same = submit(client, slot, verdict="edit", edited_text=item.message.text)
    no_reason = submit(client, slot, verdict="reject")

    assert (same.status_code, no_reason.status_code) == (409, 422)
    assert not GoldAnswer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_tabs_at_once_get_one_known_item():
    dataset = DatasetFactory(policy__gold_every=3)
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    person = ContributorFactory(member=dataset)
    for _ in range(3):
        known(dataset, curator)
    for message in MessageFactory.create_batch(8, conversation__dataset=dataset):
        conversations.advance(message.conversation)
        planner.plan(message.conversation_id)
    done = Assignment.objects.filter(kind="review").order_by("pk")[:2]
    Assignment.objects.filter(pk__in=[slot.pk for slot in done]).update(
        state="done", person=person, done_at=dataset.created_at
    )

    together(*(lambda: actions.claim(by=person, kind="review") for _ in range(6)))

    assert Assignment.objects.filter(person=person, is_gold=True).count() == 1

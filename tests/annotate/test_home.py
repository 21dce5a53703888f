from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from annotate import planner, progress, queue
from annotate.models import Assignment
from curation.actions import profiles
from tests.annotate.work import claim, planned
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db
HOME = "/"


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def person(client, dataset):
    person = ContributorFactory(member=dataset)
    client.force_login(person)
    return person


def test_it_asks_a_stranger_to_sign_in(client):
    response = client.get(HOME)

    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


def test_it_offers_one_thing_to_do_next(client, person, dataset):
    planned(MessageFactory(conversation__dataset=dataset))

    page = client.get(HOME)

    assert "What to do next" in page.text
    assert "Review" in page.text


def test_it_shows_no_work_on_own_text_and_says_why(client, person, dataset):
    dataset.policy.open_conversations = 1
    dataset.policy.save()
    planned(MessageFactory(conversation__dataset=dataset, author=person))

    page = client.get(HOME)

    assert "Nothing waits for you at the moment" in page.text


# The session, where their roles lie, their profile (twice), offers and their
# datasets, what they hold, for the next slot their wishes, the heads of the queues, its
# number and itself, categories to write in, kept texts, what they were given, own texts,
# reviews, ballots and known items, their days, goals of their teams, pauses, what they
# sent and skipped last, and the bell.
BUDGET = 24


def test_looking_at_it_writes_nothing(client, person, dataset, django_assert_num_queries):
    planned(MessageFactory(conversation__dataset=dataset))

    with django_assert_num_queries(BUDGET) as captured:
        client.get(HOME)

    verbs = {query["sql"].split()[0].lstrip("(") for query in captured.captured_queries}
    assert verbs == {"SELECT"}


def test_it_costs_the_same_however_much_waits(
    client, person, dataset, django_assert_num_queries
):
    for _ in range(15):
        planned(MessageFactory(conversation__dataset=dataset))
        MessageFactory(conversation__dataset=dataset, author=person)

    with django_assert_num_queries(BUDGET):
        client.get(HOME)


def test_a_category_can_be_chosen(client, person):
    pairs = DatasetFactory(pairs=True)
    client.force_login(ContributorFactory(member=pairs))
    CategoryFactory(dataset=pairs)
    notes = CategoryFactory(dataset=pairs, name="Thank-you notes")
    planner.plan_writing(pairs)

    assert "Thank-you notes" in client.get(HOME).text
    slot = claim(client, kind="write_pair", dataset=pairs.slug, category=notes.slug)

    assert slot.category == notes


def test_what_was_begun_comes_before_anything_new(client, person, dataset):
    planned(MessageFactory(conversation__dataset=dataset))
    planned(MessageFactory(conversation__dataset=dataset))
    first = claim(client)

    assert "You had begun" in client.get(HOME).text
    assert claim(client) == first


def test_choosing_other_work_hands_back_what_was_begun_and_left_as_it_came(
    client, person, dataset
):
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    ReplyFactory.create_batch(3, parent=prompt, accepted=True)
    planned(prompt)
    planned(MessageFactory(conversation__dataset=dataset))
    review = claim(client, kind="review")
    Assignment.objects.filter(pk=review.pk).update(lease_until=now() + timedelta(minutes=9))

    claim(client, kind="rank")

    review.refresh_from_db()
    assert review.state == "open"
    assert "Begun as well" not in client.get(HOME).text


def test_what_is_chosen_to_work_on_comes_next_on_it_as_it_does_in_the_queue(client):
    pairs = DatasetFactory(pairs=True)
    person = ContributorFactory(member=pairs)
    client.force_login(person)
    CategoryFactory(dataset=pairs, name="First in line")
    liked = CategoryFactory(dataset=pairs, name="Thank-you notes")
    profiles.save(by=person, fields={"categories": [liked]})
    planner.plan_writing(pairs)

    page = client.get(HOME)

    assert page.context["next"].category == liked
    assert claim(client).category == liked


def test_what_is_shown_next_is_what_is_claimed(client, person, dataset):
    mine = planned(MessageFactory(conversation__dataset=dataset, author=person))
    skipped, judged, last = (
        planned(MessageFactory(conversation__dataset=dataset)) for _ in range(3)
    )
    for message, is_skipped in ((skipped, True), (judged, False)):
        slot = claim(client, kind="review")
        assert slot.message == message
        name = "skip" if is_skipped else "submit"
        sent = {"key": str(uuid.uuid4()), "verdict": "reject", "reason": "spam"}
        client.post(reverse(f"annotate:{name}", args=[slot.pk]), sent)
        Assignment.objects.held_by(person).update(
            state="open", person=None, lease_until=None
        )
    Assignment.objects.exclude(message__in=[mine, skipped, judged, last]).delete()

    shown = client.get(HOME).context["next"]

    assert shown.message == last
    assert claim(client) == shown


def test_what_it_shows_next_it_finds_in_the_queue_without_sorting_it(person, dataset):
    Assignment.objects.bulk_create(
        Assignment(kind=kind, dataset=dataset, number=n, priority=priority)
        for n in range(1_500)
        for kind, priority in (("answer", 10), ("review", 20))
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE annotate_assignment")

    pairs = queue.pairs_of(person)
    with CaptureQueriesContext(connection) as asked:
        assert queue.first_of(person, pairs).kind == "answer"

    finding = next(q["sql"] for q in asked if "ORDER BY slot.priority" in q["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {finding}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Scan using assignment_queue" in plan
    assert "Sort" not in plan


def test_it_shows_the_goal_of_the_team_and_how_far_everybody_together_is(
    client, person, dataset
):
    dataset.policy.weekly_goal = 5
    dataset.policy.save()
    colleague = ContributorFactory(member=dataset)
    Assignment.objects.create(
        kind="review",
        dataset=dataset,
        number=1,
        state="done",
        person=colleague,
        done_at=now(),
    )
    Assignment.objects.create(
        kind="review", dataset=dataset, number=2, state="done", person=person,
        done_at=now() - timedelta(days=8),
    )  # fmt: skip

    (goal,) = client.get(HOME).context["goals"]

    assert (goal.done, goal.wanted, goal.percent) == (1, 5, 20)


def test_there_is_no_goal_where_a_dataset_has_none(client, person):
    assert client.get(HOME).context["goals"] == []


def test_days_with_work_stand_in_a_row_of_two_weeks(client, person, dataset):
    MessageFactory(conversation__dataset=dataset, author=person)
    MessageFactory(
        conversation__dataset=dataset, author=person, created_at=now() - timedelta(days=30)
    )

    streak = client.get(HOME).context["streak"]

    assert [day.done for day in streak.days] == [0] * 13 + [1]
    assert streak.length == 1


def days(*numbers):
    """Days of that March, which begins on a Sunday."""
    return {date(2026, 3, number) for number in numbers}


@pytest.mark.parametrize(
    ("worked", "today", "expected"),
    [
        (days(), 4, 0),
        (days(4), 4, 1),
        (days(2, 3), 4, 2),  # not yet today
        (days(2), 4, 0),  # Tuesday was missed
        (days(5, 6, 9), 9, 3),  # a free weekend breaks nothing
        (days(5, 6, 7, 9), 9, 4),  # worked on Saturday: it counts
        (days(5, 9), 9, 1),  # Friday was missed
        (days(6), 8, 1),  # on Sunday, Friday's row still stands
    ],
)
def test_a_streak_counts_days_in_a_row_and_no_free_weekend_breaks_it(
    worked, today, expected
):
    assert progress.length(worked, date(2026, 3, today)) == expected

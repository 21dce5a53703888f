"""A judgement is asked for again only where somebody is left to judge."""

from __future__ import annotations

import pytest

from curation import judged_again, tasks
from curation.actions import suspensions
from curation.judged_again import foreseen
from curation.models import Event, Review, SecondLook
from tests.curation.judged import ask, older_in, publish, reviewed, state_of
from tests.curation.pages import signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__rankings_wanted=2, policy__replies_wanted=2)


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


def test_a_team_of_two_keeps_what_only_they_could_judge(client):
    dataset = DatasetFactory()
    boss = signed_in(client, dataset, "curator")
    writer = ContributorFactory(member=dataset, member__roles=["writer", "reviewer"])
    message = reviewed(dataset, by=boss, author=writer)
    publish(dataset)
    found = foreseen(older_in(dataset), dataset.policy)
    assert (found.verdicts, found.texts, found.reviews, found.stuck) == (0, 0, 0, 1)
    path = url("judged-again", dataset.slug)
    page = client.get(path).text
    assert "1 text keeps its verdicts" in page
    assert "Have these judged again" not in page

    refused = client.post(path)

    assert refused.status_code == 409
    assert "add reviewers first" in refused.text
    tasks.judge_again()
    assert state_of(message) == "accepted"

    ContributorFactory(member=dataset, member__roles=["reviewer"])  # now somebody may
    ask(dataset, boss)
    tasks.judge_again()
    assert state_of(message) == "submitted"


def test_texts_that_others_may_judge_go_on_and_the_rest_stays(dataset):
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    other = ContributorFactory(member=dataset)
    open_to_other = reviewed(dataset, by=boss)
    stuck = reviewed(dataset, by=boss, author=other)
    publish(dataset)
    found = foreseen(older_in(dataset), dataset.policy)
    assert (found.verdicts, found.reviews, found.stuck) == (1, 1, 1)
    ask(dataset, boss)

    tasks.judge_again()

    assert [state_of(open_to_other), state_of(stuck)] == ["submitted", "accepted"]
    assert SecondLook.objects.get().ended_at is not None
    assert Event.objects.get(kind="guideline.judge_again").data["left_standing"] == 1


@pytest.mark.parametrize("fit", [1, 2])
def test_as_many_are_needed_as_reviews_are_wanted(fit):
    dataset = DatasetFactory(policy__reviews_wanted=2, policy__approvals_needed=2)
    message = MessageFactory(conversation__dataset=dataset)
    for _ in range(2):
        reviewed(dataset, message=message)
    ContributorFactory(member=dataset, member__roles=["writer"])
    ContributorFactory.create_batch(fit, member=dataset, member__roles=["reviewer"])
    publish(dataset)
    found = foreseen(older_in(dataset), dataset.policy)

    assert (found.verdicts, found.stuck) == ((2, 0) if fit == 2 else (0, 1))


def test_verdicts_that_go_on_counting_ask_for_fewer_people():
    dataset = DatasetFactory(policy__reviews_wanted=2, policy__approvals_needed=2)
    boss = ContributorFactory(is_staff=True)  # no member
    message = MessageFactory(conversation__dataset=dataset)
    reviewed(dataset, message=message)
    publish(dataset)
    reviewed(dataset, message=message)
    ContributorFactory(member=dataset, member__roles=["reviewer"])
    ask(dataset, boss)

    tasks.judge_again()

    assert state_of(message) == "submitted"
    assert Review.objects.filter(set_aside_at=None).count() == 1


def test_who_pauses_or_wrote_the_words_before_a_rewrite_is_not_left(dataset):
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    author, editor = (ContributorFactory(member=dataset) for _ in range(2))
    text = MessageFactory(conversation__dataset=dataset, accepted=True, author=author)
    rewrite = MessageFactory(
        conversation=text.conversation, revises=text, author=editor, role=text.role
    )
    reviewed(dataset, by=boss, message=rewrite)
    old = reviewed(dataset, by=boss, author=author)
    publish(dataset)
    older = older_in(dataset)
    assert set(older.stuck().values_list("message", flat=True)) == {rewrite.pk}

    suspensions.suspend(person_id=editor.pk, dataset=dataset, by=boss, reason="Spam.")

    assert set(older.stuck().values_list("message", flat=True)) == {rewrite.pk, old.pk}


def test_texts_that_are_alike_are_looked_at_once(monkeypatch, dataset):
    ContributorFactory(member=dataset)
    by = ContributorFactory(member=dataset)
    for _ in range(4):
        reviewed(dataset, by=by)
    reviewed(dataset, "reject", by=by)
    publish(dataset)
    looked = []
    count = judged_again._reviews_for
    monkeypatch.setattr(
        judged_again, "_reviews_for", lambda *of: looked.append(of) or count(*of)
    )

    found = foreseen(older_in(dataset), dataset.policy)

    assert (found.texts, found.reviews, len(looked)) == (5, 5, 2)

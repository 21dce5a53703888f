"""The guideline has changed: what was judged under the old text is judged once more."""

from __future__ import annotations

import pytest
from django.db import connection

from curation import tasks
from curation.actions import messages, older_guidelines, versions
from curation.errors import CurationError, NotAllowed
from curation.judged_again import foreseen
from curation.models import Ballot, Event, Message, Review, SecondLook, Settlement
from tests.annotate.work import planned
from tests.curation.judged import (
    ask,
    older_in,
    open_slots,
    publish,
    ranked,
    reviewed,
    state_of,
)
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.races import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__rankings_wanted=2, policy__replies_wanted=2)


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


# ---- which -----------------------------------------------------------------------------
def test_verdicts_under_the_old_text_are_asked_for_again(dataset, curator):
    old, rejected = reviewed(dataset), reviewed(dataset, "reject")
    publish(dataset)
    new = reviewed(dataset)
    found = foreseen(older_in(dataset), dataset.policy)
    assert (found.verdicts, found.texts, found.reviews) == (2, 2, 2)
    ask(dataset, curator)

    tasks.judge_again()

    assert [state_of(one) for one in (old, rejected, new)] == [
        "submitted", "submitted", "accepted",
    ]  # fmt: skip
    for one in (old, rejected, new):
        planned(one)
    assert open_slots(kind="review") == found.reviews
    look = SecondLook.objects.get()
    assert (look.reopened, look.standing, look.ended_at is None) == (2, 0, False)
    asked = Event.objects.get(kind="guideline.judge_again")
    assert (asked.by, asked.data["reviews"], asked.data["rankings"]) == (curator, 2, 0)
    assert Event.objects.filter(kind="review.set_aside", by=curator).count() == 2
    other = ContributorFactory(member=dataset)
    messages.review(message_id=old.pk, by=other, verdict="accept")
    assert foreseen(older_in(dataset), dataset.policy).verdicts == 0


def test_rankings_under_the_old_text_too_and_by_the_same_people(dataset, curator):
    people = [ContributorFactory(member=dataset) for _ in range(2)]
    prompt = ranked(dataset, *people)
    planned(prompt)
    assert open_slots(kind="compare") == 0
    publish(dataset)
    found = foreseen(older_in(dataset), dataset.policy)
    assert (found.ballots, found.prompts, found.rankings) == (2, 1, 2)
    ask(dataset, curator)

    tasks.judge_again()

    there = Settlement.objects.get()
    assert (there.ballots, there.order, there.status) == (0, [], "insufficient")
    assert Ballot.objects.filter(set_aside_at=None).count() == 0
    planned(prompt)
    assert open_slots(kind="compare") == found.rankings
    ranked(dataset, *people, prompt=prompt)
    assert (Settlement.objects.get().ballots, Ballot.objects.count()) == (2, 4)
    assert SecondLook.objects.get().prompts == 1


def test_of_one_conversation_rankings_wait_until_its_texts_are_accepted_again(
    dataset, curator
):
    prompt = reviewed(dataset)
    for _ in range(2):
        reviewed(dataset, message=ReplyFactory(parent=Message.objects.get(pk=prompt.pk)))
    ranked(dataset, prompt=prompt)
    publish(dataset)
    found = foreseen(older_in(dataset), dataset.policy)
    assert (found.reviews, found.rankings) == (3, 1)
    ask(dataset, curator)

    tasks.judge_again()

    look = SecondLook.objects.get()
    assert (look.reopened, look.prompts) == (3, 1)
    assert not Ballot.objects.filter(set_aside_at=None).exists()
    for message in Message.objects.order_by("pk"):
        reviewed(dataset, message=message)
    planned(prompt)
    assert open_slots(kind="compare") == dataset.policy.rankings_wanted


def test_where_some_ranked_under_the_new_text_their_ballots_stay(dataset, curator):
    prompt = ranked(dataset)
    publish(dataset)
    ranked(dataset, prompt=prompt)
    found = foreseen(older_in(dataset), dataset.policy)
    ask(dataset, curator)

    tasks.judge_again()

    assert Settlement.objects.get().ballots == 1
    assert Message.objects.get(pk=prompt.pk).ranking_round == 1
    planned(prompt)
    assert (found.rankings, open_slots(kind="compare")) == (1, 1)


def test_one_version_or_one_category_can_be_chosen(dataset, curator):
    poems = CategoryFactory(dataset=dataset, slug="poems")
    first = reviewed(dataset)
    poem = reviewed(dataset, conversation__category=poems)
    second_version = publish(dataset)
    second = reviewed(dataset)
    publish(dataset, "Be brief.")

    ask(dataset, curator, category=poems)
    tasks.judge_again()
    assert [state_of(one) for one in (first, poem, second)] == [
        "accepted", "submitted", "accepted",
    ]  # fmt: skip
    ask(dataset, curator, guideline=second_version)
    tasks.judge_again()
    assert [state_of(one) for one in (first, second)] == ["accepted", "submitted"]


def test_what_was_judged_before_there_was_a_guideline_or_elsewhere_stays(dataset, curator):
    imported, elsewhere = reviewed(dataset), reviewed(DatasetFactory())
    Review.objects.filter(message=imported).update(guideline=None)
    publish(dataset)

    with pytest.raises(CurationError, match="Nothing that still counts"):
        ask(dataset, curator)
    assert (state_of(imported), state_of(elsewhere)) == ("accepted", "accepted")


def test_a_curators_last_word_stands(dataset, curator):
    message = MessageFactory(conversation__dataset=dataset)
    messages.review(message_id=message.pk, by=curator, verdict="accept", is_final=True)
    old = reviewed(dataset)
    publish(dataset)
    ask(dataset, curator)

    tasks.judge_again()

    assert (state_of(message), state_of(old)) == ("accepted", "submitted")


@pytest.mark.parametrize("adjudicates", [True, False])
def test_what_others_decide_under_the_new_text_makes_no_task(curator, adjudicates):
    dataset = DatasetFactory(
        policy__reviews_wanted=3,
        policy__approvals_needed=2,
        policy__adjudicates=adjudicates,
    )
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    message = MessageFactory(conversation__dataset=dataset)
    reviewed(dataset, message=message)
    publish(dataset)
    reviewed(dataset, message=message)
    if adjudicates:
        reviewed(dataset, message=message)
    else:
        Review.objects.create(
            message=message, reviewer=ContributorFactory(member=dataset), verdict="accept",
            guideline=dataset.guideline_in_force(),
        )  # fmt: skip
    assert state_of(message) == "accepted"
    found = foreseen(older_in(dataset), dataset.policy)
    ask(dataset, boss)

    tasks.judge_again()

    look = SecondLook.objects.get()
    planned(message)
    assert open_slots(kind="review") == found.reviews
    if adjudicates:  # all who are wanted have to be heard
        assert (look.reopened, found.reviews) == (1, 1)
    else:
        assert (look.reopened, look.standing, found.reviews) == (0, 1, 0)


def test_frozen_versions_stay_as_they_are(dataset, curator):
    reply = ReplyFactory(parent__conversation__dataset=dataset)
    reviewed(dataset, message=reply)
    prompt = ranked(dataset)
    version = versions.freeze(dataset_id=dataset.pk, by=curator, recipe={"pairs": "all"})
    facts = version.rankings.get().facts
    publish(dataset)
    assert foreseen(older_in(dataset), dataset.policy).versions == 1
    ask(dataset, curator)

    tasks.judge_again()

    assert state_of(reply) == "submitted"
    assert Settlement.objects.get(prompt=prompt).ballots == 0
    assert versions.verify(version) == []
    assert version.rankings.get().facts == facts


# ---- how -------------------------------------------------------------------------------
def test_it_goes_on_where_it_stopped(monkeypatch, dataset, curator):
    monkeypatch.setattr(older_guidelines, "AT_ONCE", 1)
    for _ in range(3):
        reviewed(dataset)
    publish(dataset)
    look = ask(dataset, curator)

    older_guidelines.carry_on(look.pk, seconds=0)
    look.refresh_from_db()
    assert (look.reopened, look.ended_at) == (1, None)
    tasks.judge_again()

    look.refresh_from_db()
    assert (look.reopened, look.ended_at is None) == (3, False)


def test_stopped_the_rest_counts_on(monkeypatch, dataset, curator):
    monkeypatch.setattr(older_guidelines, "AT_ONCE", 1)
    for _ in range(3):
        reviewed(dataset)
    publish(dataset)
    look = ask(dataset, curator)
    older_guidelines.carry_on(look.pk, seconds=0)

    for _ in range(2):
        older_guidelines.stop(look_id=look.pk, by=curator)
    tasks.judge_again()

    assert Review.objects.filter(set_aside_at=None).count() == 2
    assert Event.objects.filter(kind="guideline.judge_again_stopped").count() == 1


def test_one_at_a_time_and_by_curators(dataset, curator):
    reviewed(dataset)
    publish(dataset)
    with pytest.raises(NotAllowed):
        ask(dataset, ContributorFactory(member=dataset))
    look = ask(dataset, curator)
    with pytest.raises(CurationError, match="wait for that"):
        ask(dataset, curator)
    with pytest.raises(NotAllowed):
        older_guidelines.stop(look_id=look.pk, by=ContributorFactory(member=dataset))


def test_who_is_no_curator_any_more_changes_nothing(dataset, curator):
    old = reviewed(dataset)
    publish(dataset)
    ask(dataset, curator)
    curator.memberships.all().delete()

    tasks.judge_again()

    assert state_of(old) == "accepted"
    assert SecondLook.objects.get().ended_at is not None


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_do_each_judgement_once():
    dataset = DatasetFactory()
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    for _ in range(4):
        reviewed(dataset)
    for _ in range(2):
        ranked(dataset)
    publish(dataset)
    look = ask(dataset, boss)

    together(*[lambda: older_guidelines.carry_on(look.pk)] * 3)

    look.refresh_from_db()
    assert (look.reopened, look.standing, look.prompts) == (4, 0, 2)
    assert Event.objects.filter(kind="review.set_aside").count() == 4
    assert Event.objects.filter(kind="ballot.set_aside").count() == 2
    connection.close()


# ---- the page --------------------------------------------------------------------------
def test_all_datasets_share_the_seconds_of_a_turn(curator, monkeypatch):
    monkeypatch.setattr(older_guidelines, "AT_ONCE", 1)
    monkeypatch.setattr(older_guidelines, "SECONDS_AT_ONCE", 0)
    for _ in range(2):
        dataset = DatasetFactory()
        boss = ContributorFactory(member=dataset, member__roles=["curator"])
        reviewed(dataset), reviewed(dataset), publish(dataset)
        ask(dataset, boss)

    tasks.judge_again()

    looks = SecondLook.objects.order_by("pk").values_list("reopened", flat=True)
    assert list(looks) == [1, 1]

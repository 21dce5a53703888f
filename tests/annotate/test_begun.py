"""What was begun and left as it came goes back when its person chooses other work."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from annotate import actions, begun
from annotate.models import Assignment
from tests.annotate.work import planned
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__lease_minutes=30)


@pytest.fixture
def person(dataset):
    return ContributorFactory(member=dataset)


@pytest.fixture
def to_review(dataset, person):
    """A review that the person has begun, long enough ago to be on no screen."""
    planned(MessageFactory(conversation__dataset=dataset))
    slot = actions.claim(by=person, kind="review")
    return seen(slot, minutes=10)


@pytest.fixture
def to_rank(dataset):
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    ReplyFactory.create_batch(3, parent=prompt, accepted=True)
    return planned(prompt)


def seen(slot, *, minutes):
    """As if its page had last been in sight so long ago."""
    lease_until = now() + timedelta(minutes=30 - minutes)
    Assignment.objects.filter(pk=slot.pk).update(lease_until=lease_until)
    return slot


def state_of(slot):
    return Assignment.objects.get(pk=slot.pk).state


def test_left_as_it_came_it_goes_back_and_is_offered_to_others(
    dataset, person, to_review, to_rank
):
    chosen = begun.choose(by=person, kind="rank")

    assert chosen.message == to_rank
    assert (state_of(chosen), state_of(to_review)) == ("leased", "open")
    other = ContributorFactory(member=dataset)
    assert actions.claim(by=other, kind="review") == to_review


def test_it_comes_to_the_same_person_again(person, to_review, to_rank):
    begun.choose(by=person, kind="rank")

    assert begun.choose(by=person, kind="review") == to_review


def test_what_was_typed_into_stays(person, to_review, to_rank):
    actions.save_draft(assignment_id=to_review.pk, by=person, fields={"note": "Hm."})

    begun.choose(by=person, kind="rank")

    assert state_of(to_review) == "leased"


def test_what_somebody_else_typed_there_before_does_not_keep_it(person, to_review, to_rank):
    other = ContributorFactory()
    actions.save_draft(assignment_id=to_review.pk, by=other, fields={"note": "Hm."})

    begun.choose(by=person, kind="rank")

    assert state_of(to_review) == "open"


def test_what_is_in_sight_in_another_tab_stays(person, to_review, to_rank):
    actions.beat(assignment_id=to_review.pk, by=person)

    begun.choose(by=person, kind="rank")

    assert state_of(to_review) == "leased"


@pytest.mark.parametrize(("minutes", "state"), [(2, "leased"), (4, "open")])
def test_a_beat_may_get_lost(person, to_review, to_rank, minutes, state):
    seen(to_review, minutes=minutes)

    begun.choose(by=person, kind="rank")

    assert state_of(to_review) == state


def test_it_is_the_leases_own_length_that_counts(dataset, person, to_review, to_rank):
    dataset.policy.lease_minutes = 20  # so it was renewed just now
    dataset.policy.save()

    begun.choose(by=person, kind="rank")

    assert state_of(to_review) == "leased"


def test_going_on_with_what_one_has_gives_nothing_back(person, to_review, to_rank):
    other = seen(begun.choose(by=person, kind="rank"), minutes=10)
    Assignment.objects.filter(pk=to_review.pk).update(
        state="leased", person=person, lease_until=now() + timedelta(minutes=5)
    )

    assert begun.choose(by=person) in (other, to_review)

    assert (state_of(other), state_of(to_review)) == ("leased", "leased")


def test_with_nothing_of_the_kind_to_be_had_nothing_goes_back(person, to_review):
    assert begun.choose(by=person, kind="rank") is None

    assert state_of(to_review) == "leased"


def test_what_others_hold_is_theirs(dataset, person, to_review, to_rank):
    planned(MessageFactory(conversation__dataset=dataset))
    other = ContributorFactory(member=dataset)
    theirs = seen(actions.claim(by=other, kind="review"), minutes=20)

    begun.choose(by=person, kind="rank")

    assert state_of(theirs) == "leased"


def test_what_was_given_to_the_person_stays_promised_to_them(person, to_review, to_rank):
    Assignment.objects.filter(pk=to_review.pk).update(reserved_for=person)

    begun.choose(by=person, kind="rank")

    to_review.refresh_from_db()
    assert (to_review.state, to_review.reserved_for) == ("open", person)

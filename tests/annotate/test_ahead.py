"""The next task is taken ahead, for a short while, and never from somebody who has none."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.urls import resolve, reverse
from django.utils.timezone import now

from annotate import actions
from annotate.models import Assignment
from curation.models import Profile
from tests.annotate.work import claim, planned, submit
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory

pytestmark = pytest.mark.django_db
CARD = {"X-Requested-With": "card"}
AHEAD = {"X-Requested-With": "ahead"}


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def person(client, dataset):
    person = ContributorFactory(member=dataset)
    client.force_login(person)
    return person


@pytest.fixture
def current(client, dataset, person):
    """The task on the page; two more wait."""
    for _ in range(3):
        planned(MessageFactory(conversation__dataset=dataset))
    return claim(client, kind="review")


def ahead(client, slot):
    answer = client.post(reverse("annotate:ahead", args=[slot.pk])).json()["next"]
    return Assignment.objects.get(**resolve(answer["url"]).kwargs) if answer else None


def test_the_next_one_is_held_for_some_minutes_only(client, person, current):
    taken = ahead(client, current)

    assert taken != current
    assert (taken.person, taken.is_ahead) == (person, True)
    assert taken.lease_until < now() + timedelta(minutes=4)


def test_a_person_holds_one_ahead_at_most(client, person, current):
    assert ahead(client, current) == ahead(client, current)
    assert Assignment.objects.held_by(person).count() == 2


def test_the_page_that_is_open_keeps_it(client, current):
    taken = ahead(client, current)
    Assignment.objects.filter(pk=taken.pk).update(lease_until=now())

    client.post(reverse("annotate:beat", args=[current.pk]))

    taken.refresh_from_db()
    assert taken.lease_until > now() + timedelta(minutes=2)
    assert taken.is_ahead


def test_it_goes_back_when_the_person_goes_away(client, current):
    taken = ahead(client, current)

    client.post(reverse("annotate:ahead", args=[current.pk]), {"back": "1"})

    taken.refresh_from_db()
    assert (taken.state, taken.person, taken.is_ahead) == ("open", None, False)


def test_it_goes_back_by_itself_when_its_time_is_over(client, current):
    taken = ahead(client, current)
    Assignment.objects.filter(pk=taken.pk).update(lease_until=now() - timedelta(seconds=1))

    actions.expire_leases()

    taken.refresh_from_db()
    assert (taken.state, taken.is_ahead) == ("open", False)


def test_after_sending_it_is_the_next_card_with_all_its_time(client, current):
    taken = ahead(client, current)

    response = client.post(
        reverse("annotate:submit", args=[current.pk]),
        {"key": str(uuid.uuid4()), "verdict": "accept"},
        headers=CARD,
    )

    answer = response.json()
    assert answer["done"] == current.address
    assert answer["next"]["task"] == taken.address
    assert answer["next"]["url"] == reverse("annotate:task", args=[taken.pk])
    taken.refresh_from_db()
    assert not taken.is_ahead
    assert taken.lease_until > now() + timedelta(minutes=10)


def test_fetching_its_page_does_not_begin_it(client, current):
    taken = ahead(client, current)

    page = client.get(reverse("annotate:task", args=[taken.pk]), headers=AHEAD)

    assert page.status_code == 200
    taken.refresh_from_db()
    assert taken.is_ahead


def test_seeing_its_page_does(client, current):
    taken = ahead(client, current)

    client.get(reverse("annotate:task", args=[taken.pk]))

    taken.refresh_from_db()
    assert not taken.is_ahead


def test_what_is_said_to_the_person_waits_for_a_page_that_they_see(client, current):
    taken = ahead(client, current)
    client.get(reverse("annotate:task", args=[999_999]))  # says that it is gone

    unseen = client.get(reverse("annotate:task", args=[taken.pk]), headers=AHEAD)

    assert "went back to the queue" not in unseen.text
    assert list(get_messages(unseen.wsgi_request))


def test_it_is_not_what_one_had_begun(client, current):
    ahead(client, current)
    Assignment.objects.filter(pk=current.pk).update(
        state="open", person=None, lease_until=None
    )

    assert "You had begun" not in client.get("/").text


def test_whoever_has_nothing_gets_what_another_has_not_seen_yet(client, dataset, person):
    for _ in range(2):
        planned(MessageFactory(conversation__dataset=dataset))
    current = claim(client, kind="review")
    taken = ahead(client, current)
    other = ContributorFactory(member=dataset)

    given = actions.claim(by=other, kind="review")

    assert given == taken
    assert (given.person, given.is_ahead) == (other, False)


def test_what_another_has_begun_is_left_to_them(client, dataset, person):
    planned(MessageFactory(conversation__dataset=dataset))
    claim(client, kind="review")

    assert actions.claim(by=ContributorFactory(member=dataset), kind="review") is None


def test_skipping_leads_to_it_too(client, current):
    taken = ahead(client, current)

    response = client.post(reverse("annotate:skip", args=[current.pk]), headers=CARD)

    answer = response.json()
    assert answer["next"]["task"] == taken.address
    assert answer["message"] == "Skipped."
    assert "/work/skip/" in answer["undo"]


def test_the_last_one_leads_home(client, dataset, person):
    planned(MessageFactory(conversation__dataset=dataset))
    slot = claim(client, kind="review")

    response = client.post(
        reverse("annotate:submit", args=[slot.pk]),
        {"key": str(uuid.uuid4()), "verdict": "accept"},
        headers=CARD,
    )

    assert response.json() == {
        "done": slot.address,
        "next": None,
        "home": f"/?done={slot.address}",
    }
    assert "That was the last of this kind" in client.get("/").text


def test_a_refusal_comes_as_the_page_with_the_words_in_it(client, current):
    response = client.post(
        reverse("annotate:submit", args=[current.pk]),
        {"key": str(uuid.uuid4()), "verdict": "reject", "note": "Hm."},
        headers=CARD,
    )

    assert response.status_code == 422
    assert "Hm." in response.text


def test_sending_twice_by_script_counts_once(client, current):
    key = uuid.uuid4()
    for _ in range(2):
        response = client.post(
            reverse("annotate:submit", args=[current.pk]),
            {"key": str(key), "verdict": "accept"},
            headers=CARD,
        )
        assert response.json()["done"] == current.address


def test_without_a_script_the_next_page_is_a_redirect(client, current):
    response = submit(client, current, verdict="accept")

    assert response.status_code == 302
    assert response.url.endswith(f"?done={current.address}")


def held_ahead(person, message, *, is_ahead=True):
    """Somebody else has it."""
    Assignment.objects.filter(message=message).update(
        state="leased",
        person=person,
        lease_until=now() + timedelta(minutes=3),
        is_ahead=is_ahead,
    )


def test_what_one_skipped_is_not_taken_from_another_in_vain(client, dataset, person):
    skipped = planned(MessageFactory(conversation__dataset=dataset))
    client.post(reverse("annotate:skip", args=[claim(client, kind="review").pk]))
    wanted = planned(MessageFactory(conversation__dataset=dataset))
    other = ContributorFactory(member=dataset)
    held_ahead(other, skipped)
    held_ahead(ContributorFactory(member=dataset), wanted)

    given = actions.claim(by=person, kind="review")

    assert given.message == wanted
    assert Assignment.objects.held_by(other).get().message == skipped


def test_what_one_cannot_read_is_not_taken_from_another_in_vain(client, dataset, person):
    Profile.objects.create(contributor=person, languages=["de"])
    foreign = planned(
        MessageFactory(
            conversation__dataset=dataset, conversation__language="en", language="en"
        )
    )
    other = ContributorFactory(member=dataset)
    held_ahead(other, foreign)

    assert actions.claim(by=person, kind="review") is None
    assert Assignment.objects.held_by(other).get().message == foreign


def test_a_known_item_of_another_is_left_to_them(client, dataset, person):
    known = planned(MessageFactory(conversation__dataset=dataset))
    other = ContributorFactory(member=dataset)
    held_ahead(other, known)
    Assignment.objects.update(is_gold=True, reserved_for=other)

    assert actions.claim(by=person, kind="review") is None
    assert Assignment.objects.held_by(other).exists()


def test_whoever_has_no_part_in_the_dataset_any_more_gets_nothing_ahead(
    client, dataset, person, current
):
    dataset.memberships.filter(contributor=person).delete()

    assert ahead(client, current) is None
    assert Assignment.objects.held_by(person).get() == current

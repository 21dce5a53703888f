from __future__ import annotations

import pytest
from django.db import connection

from curation.actions import (
    conversations,
    messages,
    people,
    rights,
    suspensions,
    withdrawals,
)
from curation.errors import CurationError, NotAllowed
from curation.models import Event, Membership, Notification, Suspension
from tests.annotate.work import claim, planned, submit
from tests.curation.pages import signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory
from tests.races import together

pytestmark = pytest.mark.django_db

WHY = "Three of your answers were copied. Let us talk."


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


@pytest.fixture
def person(dataset):
    return ContributorFactory(member=dataset, name="Petra Person")


def pause(person, dataset, by):
    return suspensions.suspend(person_id=person.pk, dataset=dataset, reason=WHY, by=by)


def test_who_pauses_claims_sends_and_judges_nothing(client, dataset, curator, person):
    prompt = MessageFactory(conversation__dataset=dataset)
    planned(prompt)
    client.force_login(person)
    slot = claim(client, kind="review")
    assert slot is not None

    pause(person, dataset, curator)

    assert submit(client, slot, verdict="accept").status_code >= 400
    assert claim(client, kind="review") is None
    with pytest.raises(NotAllowed, match="paused for now: Three of your"):
        messages.review(message_id=prompt.pk, by=person, verdict="accept")
    with pytest.raises(NotAllowed, match="paused"):
        conversations.write_prompt(dataset=dataset, by=person, text="Why is it so?")
    assert not prompt.reviews.exists()


def test_they_read_why_and_keep_their_record(client, dataset, curator, person):
    mine = MessageFactory(conversation__dataset=dataset, author=person, accepted=True)
    pause(person, dataset, curator)
    client.force_login(person)

    home = client.get("/").text

    assert WHY in home and "paused for now" in home
    assert client.get(url("dataset", dataset.slug)).status_code == 200
    told = Notification.objects.get(person=person, kind="suspended")
    assert (told.data["why"], told.by) == (WHY, None)
    assert "is paused for now" in client.get(url("notifications")).text
    withdrawals.take_back(message_id=mine.pk, by=person)


def test_a_role_given_meanwhile_rests_as_well(dataset, curator, person):
    pause(person, dataset, curator)
    people.join(dataset=dataset, person=person, role="curator", by=curator)

    assert not rights.holds(person, dataset)


def test_each_browser_gets_another_key_as_their_rights_change(
    client, dataset, curator, person
):
    client.force_login(person)
    client.get("/")
    before = client.session.session_key
    made = pause(person, dataset, curator)
    client.get("/")
    paused = client.session.session_key
    suspensions.lift(suspension_id=made.pk, by=curator)
    client.get("/")

    assert len({before, paused, client.session.session_key}) == 3


def test_other_datasets_go_on(dataset, curator, person):
    other = DatasetFactory()
    Membership.objects.create(dataset=other, contributor=person, role="writer")
    pause(person, dataset, curator)

    assert rights.holds(person, other, "writer")
    assert not rights.holds(person, dataset, "writer")


def test_a_pause_everywhere_is_the_admins(client, dataset, curator, person):
    other = DatasetFactory()
    Membership.objects.create(dataset=other, contributor=person, role="writer")
    with pytest.raises(NotAllowed):
        pause(person, None, curator)
    signed_in(client, dataset, "curator")
    assert client.get(url("person-pause", person.pk)).status_code == 404

    signed_in(client, is_staff=True)
    client.post(url("person-pause", person.pk), {"reason": WHY})

    assert not rights.holds(person, other, "writer")
    assert not rights.holds(person, dataset, "writer")
    late = DatasetFactory()
    owner = ContributorFactory(member=late, member__roles=["curator"])
    people.join(dataset=late, person=person, role="writer", by=owner)
    assert not rights.holds(person, late, "writer")


def test_lifting_one_of_two_pauses_lifts_not_the_other(dataset, curator, person):
    admin = ContributorFactory(is_staff=True)
    here = pause(person, dataset, curator)
    everywhere = pause(person, None, admin)

    suspensions.lift(suspension_id=everywhere.pk, by=admin)
    assert not rights.holds(person, dataset, "writer")
    suspensions.lift(suspension_id=here.pk, by=curator)
    assert rights.holds(person, dataset, "writer")


def test_a_curator_lets_somebody_pause_and_go_on(client, dataset, person):
    signed_in(client, dataset, "curator")
    path = url("person", dataset.slug, person.pk)
    assert path in client.get(url("people", dataset.slug)).text

    assert client.post(path, {"reason": ""}).status_code == 422
    page = client.post(path, {"reason": WHY}, follow=True)
    assert "Petra Person pauses, and is told why." in page.text
    assert client.post(path, {"reason": "Again."}).status_code == 409
    made = Suspension.objects.get()
    page = client.post(url("suspension-lift", made.pk), follow=True)

    assert "Petra Person goes on, and is told so." in page.text
    assert rights.holds(person, dataset, "writer")
    assert Notification.objects.filter(person=person, kind="restored").exists()
    kinds = Event.objects.filter(subject_kind="contributor").values_list("kind", flat=True)
    assert list(kinds.order_by("pk")) == ["person.suspended", "person.restored"]
    assert client.post(url("suspension-lift", made.pk)).status_code == 302


def test_curators_and_admins_are_paused_by_admins_and_not_at_all(dataset, curator):
    other = ContributorFactory(member=dataset, member__roles=["curator"])
    admin = ContributorFactory(is_staff=True)

    with pytest.raises(NotAllowed, match="Only a site admin"):
        pause(other, dataset, curator)
    with pytest.raises(CurationError, match="cannot pause yourself"):
        pause(curator, dataset, curator)
    with pytest.raises(CurationError, match="close the account"):
        pause(admin, dataset, curator)
    pause(other, dataset, admin)
    assert not rights.holds(other, dataset)


def test_the_page_of_a_person_is_the_curators(client, dataset, curator, person):
    made = pause(person, dataset, curator)
    stranger = ContributorFactory()
    for roles in (["writer"], ["reviewer"]):
        signed_in(client, dataset, *roles)
        for path in (
            url("person", dataset.slug, person.pk),
            url("person-again", dataset.slug, person.pk),
            url("suspension-lift", made.pk),
        ):
            assert client.post(path, {"reason": WHY}).status_code == 404
        assert url("person", dataset.slug, person.pk) not in (
            client.get(url("people", dataset.slug)).text
        )
    client.force_login(curator)
    assert client.get(url("person", dataset.slug, stranger.pk)).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_who_pause_somebody_at_once_do_it_once():
    dataset = DatasetFactory()
    person = ContributorFactory(member=dataset)
    curators = [
        ContributorFactory(member=dataset, member__roles=["curator"]) for _ in range(2)
    ]

    outcomes = together(*(lambda by=by: pause(person, dataset, by) for by in curators))

    assert outcomes.count(CurationError) == 1
    assert Suspension.objects.count() == 1
    connection.close()

from __future__ import annotations

import pytest

from curation.models import Event, Membership
from tests.curation.pages import queries, signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


def add(client, dataset, email, role="reviewer"):
    return client.post(url("people", dataset.slug), {"email": email, "role": role})


def test_members_see_who_takes_part_but_no_addresses(client, dataset):
    colleague = ContributorFactory(member=dataset)
    signed_in(client, dataset, "writer")

    page = client.get(url("people", dataset.slug)).text

    assert str(colleague) in page
    assert colleague.email not in page
    assert "Add somebody" not in page


def test_a_curator_adds_somebody_by_their_address(client, dataset):
    person = ContributorFactory(email="joe@example.org")
    curator = signed_in(client, dataset, "curator")

    assert add(client, dataset, "Joe@Example.org").status_code == 302

    assert Membership.objects.filter(contributor=person, role="reviewer").exists()
    assert Event.objects.filter(kind="membership.added", by=curator).exists()


def test_an_unknown_address_is_told_what_to_do(client, dataset):
    signed_in(client, dataset, "curator")

    response = add(client, dataset, "nobody@example.org")

    assert response.status_code == 422
    assert "ask a site admin to add an account" in response.text
    assert "nobody@example.org" in response.text


@pytest.mark.parametrize(
    ("email", "role"),
    [("", "writer"), ("x", "writer"), ("a\0@b.cd", "writer"), ("", "king")],
)
def test_what_makes_no_sense_is_refused(client, dataset, email, role):
    signed_in(client, dataset, "curator")

    assert add(client, dataset, email, role).status_code == 422


def test_a_closed_account_cannot_be_added(client, dataset):
    ContributorFactory(email="gone@example.org", is_active=False)
    signed_in(client, dataset, "curator")

    assert add(client, dataset, "gone@example.org").status_code == 422


def test_a_curator_removes_a_role(client, dataset):
    membership = MembershipFactory(dataset=dataset)
    signed_in(client, dataset, "curator")

    assert client.post(url("remove", dataset.slug, membership.pk)).status_code == 302

    assert not Membership.objects.filter(pk=membership.pk).exists()


def test_only_curators_change_who_takes_part(client, dataset):
    membership = MembershipFactory(dataset=dataset)
    signed_in(client, dataset, "writer", "reviewer")

    assert add(client, dataset, "x@example.org").status_code == 404
    assert client.post(url("remove", dataset.slug, membership.pk)).status_code == 404


def test_a_role_is_removed_only_in_its_own_dataset(client, dataset):
    elsewhere = MembershipFactory(dataset=DatasetFactory())
    signed_in(client, dataset, "curator")

    assert client.post(url("remove", dataset.slug, elsewhere.pk)).status_code == 404


def test_it_costs_the_same_however_many_people_there_are(client, dataset):
    signed_in(client, dataset, "curator")
    before = queries(client, url("people", dataset.slug))
    for _ in range(9):
        ContributorFactory(member=dataset)

    # Expect 7 queries: the session, the dataset, the members, the role, what is
    # known of them, what is flagged, the bell
    assert (before, queries(client, url("people", dataset.slug))) == (7, 7)

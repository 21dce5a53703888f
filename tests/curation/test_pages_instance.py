from __future__ import annotations

import re

import pytest
from django.urls import NoReverseMatch, reverse

from curation.models import Contributor, Event, Instance
from tests.curation.pages import queries, signed_in, url
from tests.factories import ContributorFactory, DatasetFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    return signed_in(client, is_staff=True)


def test_the_settings_are_the_admins(client):
    person = signed_in(client, DatasetFactory(), "curator")

    assert client.get(url("instance")).status_code == 404
    assert client.post(url("instance"), {"is_open": "on"}).status_code == 404
    assert client.get(url("account-new")).status_code == 404
    assert client.post(url("account-new"), {"email": "x@example.org"}).status_code == 404
    assert client.post(url("account-active", person.pk)).status_code == 404
    assert Contributor.objects.count() == 1


def test_looking_at_the_settings_writes_nothing(client, admin):
    assert client.get(url("instance")).status_code == 200
    assert not Instance.objects.exists()


def test_an_admin_opens_and_closes_registration(client, admin):
    client.post(url("instance"), {"is_open": "on"})
    assert Instance.current().registration_open

    client.post(url("instance"), {})
    assert not Instance.current().registration_open
    assert Event.objects.filter(kind="instance.registration", by=admin).count() == 2


def test_an_added_person_can_sign_in_with_the_password_that_is_shown_once(client, admin):
    fields = {"email": "Joe@Example.org", "name": "Joe"}

    answer = client.post(url("account-new"), fields)

    assert "no-store" in answer["Cache-Control"]
    password = re.search(r'<code class="mono">(.+?)</code>', answer.text).group(1)
    person = Contributor.objects.get(email="joe@example.org")
    assert person.check_password(password)
    assert not person.is_staff
    event = Event.objects.get(kind="account.added", by=admin)
    assert password not in str(event.data)
    assert password not in client.get(url("instance")).text


@pytest.mark.parametrize("email", ["", "x", "JOE@example.org", "a\0@example.org"])
def test_an_account_that_cannot_be_is_refused(client, admin, email):
    ContributorFactory(email="joe@example.org")

    response = client.post(url("account-new"), {"email": email, "name": "My Joe"})

    assert response.status_code == 422
    assert "My Joe" in response.text


def test_an_admin_closes_and_opens_an_account(client, admin):
    person = ContributorFactory()

    client.post(url("account-active", person.pk), {"active": "no"})
    person.refresh_from_db()
    assert not person.is_active

    client.post(url("account-active", person.pk), {"active": "yes"})
    person.refresh_from_db()
    assert person.is_active
    kinds = Event.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["account.closed", "account.opened"]


def test_an_admin_cannot_shut_themselves_out(client, admin):
    answer = client.post(url("account-active", admin.pk), {"active": "no"}, follow=True)

    assert "You cannot close your own account" in answer.text
    admin.refresh_from_db()
    assert admin.is_active


def test_a_closed_account_is_out_at_once(client, admin):
    person = ContributorFactory()
    client.force_login(person)
    assert client.get(url("datasets")).status_code == 200

    Contributor.objects.filter(pk=person.pk).update(is_active=False)

    assert client.get(url("datasets")).status_code == 302


def test_they_cost_the_same_however_many_people_there_are(client, admin):
    before = queries(client, url("instance"))
    ContributorFactory.create_batch(9)

    # Expect 5 queries: the session, the settings, how many people, those of
    # this page, the bell
    assert (before, queries(client, url("instance"))) == (5, 5)


def test_the_back_office_shows_the_record_and_changes_none_of_it(client, admin):
    Contributor.objects.filter(pk=admin.pk).update(is_superuser=True)

    for name in ("message", "dataset", "event", "conversation", "datasetversion", "review"):
        assert client.get(f"/admin/curation/{name}/").status_code == 200
        assert client.get(f"/admin/curation/{name}/add/").status_code == 403


def test_the_back_office_adds_an_account_with_its_line_of_history(client, admin):
    Contributor.objects.filter(pk=admin.pk).update(is_superuser=True)
    fields = {
        "email": "New@Example.org",
        "usable_password": "true",
        "password1": "a-long-pass-1",
        "password2": "a-long-pass-1",
    }

    assert client.get("/admin/curation/contributor/add/").status_code == 200
    response = client.post("/admin/curation/contributor/add/", fields)

    assert response.status_code == 302
    person = Contributor.objects.get(email="new@example.org")
    assert person.check_password("a-long-pass-1")
    event = Event.objects.get(kind="account.added", by=admin)
    assert "a-long-pass-1" not in str(event.data)


def test_the_back_office_closes_no_account_and_notes_a_new_password(client, admin):
    Contributor.objects.filter(pk=admin.pk).update(is_superuser=True)
    person = ContributorFactory(name="Petra")
    there = reverse("admin:curation_contributor_change", args=[person.pk])
    assert 'name="is_active"' not in client.get(there).text
    client.post(there, {"email": person.email, "name": "Paula", "is_active": ""})
    person.refresh_from_db()
    assert (person.name, person.is_active) == ("Paula", True)

    word = "correct horse battery"
    sent = {"password1": word, "password2": word, "usable_password": "true"}
    answer = client.post(reverse("admin:auth_user_password_change", args=[person.pk]), sent)

    assert answer.status_code == 302
    told = Event.objects.filter(kind="account.changed", subject_id=person.pk).last()
    assert (told.by, told.data["fields"]) == (admin, ["password"])
    with pytest.raises(NoReverseMatch):
        reverse("admin:account_emailaddress_changelist")


def test_the_back_office_has_the_sign_in_of_everywhere_else(client):
    response = client.get("/admin/login/")

    assert response.status_code == 302
    assert response.url.startswith("/accounts/login/")

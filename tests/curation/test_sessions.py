"""Who is asking: the session, and the account that comes with it."""

from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.utils.timezone import now

from curation import tasks
from curation.models import Session
from tests.factories import ContributorFactory

pytestmark = pytest.mark.django_db
HOME = "/"


@pytest.fixture
def person():
    return ContributorFactory()


def test_a_session_names_its_account(client, person):
    client.force_login(person)

    assert Session.objects.get().person == person


def test_the_session_and_its_account_are_one_query(
    client, person, django_assert_max_num_queries
):
    client.force_login(person)

    with django_assert_max_num_queries(100) as asked:
        page = client.get(HOME, follow=True)

    sent = [query["sql"] for query in asked.captured_queries]
    reads = [sql for sql in sent if 'FROM "curation_session"' in sql]
    assert len(reads) == 1 + len(page.redirect_chain)
    assert not any('FROM "curation_contributor"' in sql for sql in sent)


def test_who_signs_in_as_somebody_else_is_somebody_else(client, person):
    other = ContributorFactory()
    client.force_login(person)
    client.force_login(other)

    assert list(Session.objects.values_list("person", flat=True)) == [other.pk]
    assert client.get(HOME, follow=True).wsgi_request.user == other


def test_the_session_says_who_it_is_and_the_column_only_spares_a_query(client, person):
    """Were they ever to differ, what was signed in counts."""
    other = ContributorFactory()
    client.force_login(person)
    Session.objects.update(person=other)

    assert client.get(HOME, follow=True).wsgi_request.user == person


def test_a_closed_account_is_signed_out(client, person):
    client.force_login(person)
    person.is_active = False
    person.save()

    assert not client.get(HOME, follow=True).wsgi_request.user.is_authenticated


def test_a_changed_password_signs_out_other_browsers(client, person):
    client.force_login(person)
    person.set_password("another one, and a long one")
    person.save()

    assert not client.get(HOME, follow=True).wsgi_request.user.is_authenticated


def test_signing_out_leaves_nothing(client, person):
    client.force_login(person)
    client.post("/accounts/logout/")

    assert not Session.objects.filter(person=person).exists()


def test_sessions_whose_time_is_over_are_forgotten(client, person):
    client.force_login(person)
    old = Session.objects.create(
        session_key="old", session_data="", expire_date=now() - timedelta(days=1)
    )

    tasks.forget_sessions()

    assert not Session.objects.filter(pk=old.pk).exists()
    assert SESSION_KEY in client.session

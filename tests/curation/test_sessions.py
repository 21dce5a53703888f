"""Who is asking: the session, and the account that comes with it."""

from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.http import HttpResponse
from django.test import Client
from django.utils.timezone import now

from curation import browsers, sessions, tasks
from curation.actions import people
from curation.models import Contributor, Event, Session
from tests.curation.pages import queries, signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, MembershipFactory

pytestmark = pytest.mark.django_db
HOME = "/"
PASSWORD = "correct horse battery"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0"


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


# ---- other rights, another key ----------------------------------------------------------
def key_of(client):
    return client.cookies["sessionid"].value


def test_signing_in_gives_a_new_key(client):
    Contributor.objects.create_user("ada@example.org", PASSWORD)
    client.get("/accounts/login/")
    session = client.session
    session["kept"] = "yes"
    session.save()
    before = key_of(client)

    client.post("/accounts/login/", {"login": "ada@example.org", "password": PASSWORD})

    assert key_of(client) != before
    assert not Session.objects.filter(session_key=before).exists()


@pytest.mark.parametrize("change", ["given", "taken"])
def test_other_rights_give_a_new_key_with_the_next_page(client, person, change):
    dataset, admin = DatasetFactory(), ContributorFactory(is_staff=True)
    held = MembershipFactory(dataset=dataset, contributor=person)
    client.force_login(person)
    before = key_of(client)
    client.get(HOME, follow=True)
    assert key_of(client) == before

    if change == "given":
        people.join(dataset=dataset, person=person, role="curator", by=admin)
    else:
        people.leave(membership_id=held.pk, by=admin)
    client.get(HOME, follow=True)

    assert key_of(client) != before
    assert client.get(HOME, follow=True).wsgi_request.user == person
    after = key_of(client)
    client.get(HOME, follow=True)
    assert key_of(client) == after


def test_what_was_under_way_with_the_old_key_still_comes_through(client, person):
    client.force_login(person)
    before = key_of(client)
    Session.objects.update(state="due")
    client.get(HOME, follow=True)

    client.cookies["sessionid"] = before
    late = client.get(HOME, follow=True)

    assert late.wsgi_request.user == person
    assert key_of(client) == before
    left = Session.objects.get(session_key=before)
    assert left.expire_date < now() + timedelta(minutes=5, seconds=1)


def test_an_old_key_is_not_kept_alive_by_using_it(client, person):
    client.force_login(person)
    Session.objects.update(state="left", expire_date=now() + timedelta(seconds=9))

    session = client.session
    session["x"] = 1
    session.save()

    assert Session.objects.get().expire_date < now() + timedelta(seconds=10)


def test_two_requests_at_once_give_one_new_key(client, person):
    client.force_login(person)
    Session.objects.update(state="due")
    first, second = (sessions.SessionStore(key_of(client)) for _ in range(2))
    assert dict(first.items()) == dict(second.items())

    first.renew()
    second.renew()

    assert first.session_key != key_of(client)
    assert second.session_key == key_of(client)
    assert Session.objects.open().count() == 1


def test_an_error_exchanges_no_key(client, person, monkeypatch):
    client.force_login(person)
    before = key_of(client)
    Session.objects.update(state="due")

    def broken(*_given, **_named):
        raise RuntimeError

    client.raise_request_exception = False
    with monkeypatch.context() as patched:
        patched.setattr("curation.views.profile.ProfileForm", broken)
        assert client.get(url("profile")).status_code == 500
    assert Session.objects.get().session_key == before

    assert client.get(url("profile")).status_code == 200
    assert Session.objects.open().get().session_key == key_of(client) != before


def test_a_change_under_way_does_not_bring_the_old_key_back(client, person, rf):
    """It began with a key that another request exchanged before it ended."""
    client.force_login(person)

    def late(request):
        request.session["step"] = "confirmed"
        sessions.SessionStore(key_of(client)).renew()
        return HttpResponse()

    rf.cookies["sessionid"] = key_of(client)

    answer = sessions.KeyMiddleware(late)(rf.get("/"))

    assert "sessionid" not in answer.cookies
    left = Session.objects.get(state="left")
    assert sessions.SessionStore(left.session_key)["step"] == "confirmed"


def test_a_session_keeps_its_beginning_when_its_key_changes(client, person):
    client.force_login(person)
    began = now() - timedelta(days=3)
    Session.objects.update(state="due", since=began)

    client.get(HOME, follow=True)

    assert Session.objects.open().get().since == began


# ---- which browsers, and ending them ----------------------------------------------------
def test_a_person_sees_their_browsers_and_ends_the_others(client, person):
    there = Client()
    there.force_login(person)
    Session.objects.update(agent=FIREFOX, address="203.0.113.9")
    client.force_login(person)

    page = client.get(url("sessions")).text
    assert "Firefox on Windows" in page
    assert "203.0.113.9" in page
    assert key_of(client) not in page
    assert key_of(there) not in page
    other = Session.objects.get(agent=FIREFOX)
    client.post(url("sessions"), {"name": other.name})

    assert there.get(url("sessions")).status_code == 302
    assert client.get(url("sessions")).status_code == 200
    assert Event.objects.filter(kind="sessions.ended", by=person).exists()


def test_all_others_are_ended_at_once(client, person):
    for _ in range(2):
        Client().force_login(person)
    client.force_login(person)

    client.post(url("sessions"))

    assert Session.objects.get(person=person).session_key == key_of(client)


@pytest.mark.parametrize("which", ["gone", "this one", "another's"])
def test_what_cannot_be_ended_is_refused(client, person, which):
    Client().force_login(ContributorFactory())
    elsewhere = Session.objects.get()
    client.force_login(person)
    here = Session.objects.get(person=person)
    name = {"gone": "x", "this one": here.name, "another's": elsewhere.name}[which]

    page = client.post(url("sessions"), {"name": name}, follow=True)

    assert page.status_code == 200
    assert "signed out already" in page.text or "sit at" in page.text
    assert Session.objects.count() == 2


def test_an_admin_ends_somebodys_sessions(client, person):
    there = Client()
    there.force_login(person)
    signed_in(client, is_staff=True)
    assert "Sign out everywhere" in client.get(url("person-sign-in", person.pk)).text

    client.post(url("person-sign-in", person.pk))

    assert there.get(url("profile")).status_code == 302
    assert "In no browser." in client.get(url("person-sign-in", person.pk)).text


def test_a_new_password_signs_out_all_other_browsers(client):
    person = Contributor.objects.create_user("ada@example.org", PASSWORD)
    Client().force_login(person)
    client.force_login(person)
    fields = {"oldpassword": PASSWORD, "password1": "another horse 77"}

    client.post("/accounts/password/change/", {**fields, "password2": "another horse 77"})

    assert Session.objects.open().get(person=person).session_key == key_of(client)
    assert client.get(url("profile")).status_code == 200


def test_it_is_noted_now_and_then_that_somebody_is_there(client, person):
    client.force_login(person)
    long_ago = now() - timedelta(hours=1)
    Session.objects.update(seen_at=long_ago)

    client.get(url("profile"), HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="203.0.113.9")

    noted = Session.objects.get()
    assert noted.seen_at > long_ago
    assert (noted.address, noted.agent) == ("203.0.113.9", FIREFOX)
    usual = queries(client, url("profile"))
    Session.objects.update(seen_at=long_ago)
    assert queries(client, url("profile")) == usual + 1


@pytest.mark.parametrize("address", ["", "unix:", "1.2.3.4:5678"])
def test_a_proxy_that_says_no_address_breaks_nothing(client, person, address):
    client.force_login(person)
    Session.objects.update(seen_at=now() - timedelta(hours=1))

    answer = client.get(url("profile"), REMOTE_ADDR=address, HTTP_USER_AGENT="a\0b")

    assert answer.status_code == 200
    assert Session.objects.get().agent == "ab"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
         "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0", "Edge on Linux"),
        ("curl/8.5.0", "curl"),
        ("", "An unknown browser"),
    ],
)  # fmt: skip
def test_browsers_are_told_in_words(agent, words):
    assert browsers.name_of(agent) == words

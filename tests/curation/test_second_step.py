"""A second step at sign-in: set up, asked for, wanted of some or all, and lost."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.urls import reverse

from curation import secrecy
from curation.actions import erasure, second_steps, tokens
from curation.actions.people import join
from curation.models import Contributor, Event, Instance, Session
from tests.curation.pages import queries, signed_in, url
from tests.factories import ContributorFactory, DatasetFactory

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SETUP = "/accounts/2fa/"


@pytest.fixture(autouse=True)
def nobody_was_counted():
    """What was tried too often is counted in a cache, by account."""
    cache.clear()


@pytest.fixture
def person():
    return Contributor.objects.create_user("ada@example.org", PASSWORD)


@pytest.fixture
def admin():
    return ContributorFactory(is_staff=True)


def code(secret=SECRET):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def has_app(person):
    data = {"secret": secrecy.lock(SECRET)}
    return Authenticator.objects.create(user=person, type="totp", data=data)


def sign_in(client, email="ada@example.org", password=PASSWORD):
    fields = {"login": email, "password": password}
    return client.post(reverse("account_login"), fields)


@pytest.mark.django_db(transaction=True)  # other browsers end after the commit
def test_an_app_is_set_up_and_its_secret_is_encrypted(client, person):
    client.force_login(person)
    elsewhere = client.session.session_key
    client.cookies.clear()
    sign_in(client)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    page = client.get(reverse("mfa_activate_totp"))
    svg = page.content.decode().split('class="qr"')[1].split("</svg>")[0]
    assert "<path d=" in svg and "<img" not in svg and "style" not in svg
    secret = client.session["mfa.totp.secret"]
    assert secret in page.text
    before = client.session.session_key
    response = client.post(reverse("mfa_activate_totp"), {"code": code(secret)})

    assert response.url == reverse("mfa_view_recovery_codes")
    app = Authenticator.objects.get(user=person, type="totp")
    assert secret not in str(app.data)
    assert app.wrap().validate_code(code(secret))
    assert Event.objects.filter(kind="second_step.added", by=person).exists()
    codes = client.get(response.url)
    assert codes.text.count("<li><code") == 10
    here = client.session.session_key
    assert here not in (before, elsewhere)
    assert list(Session.objects.values_list("pk", flat=True)) == [here]


def test_who_has_an_app_is_asked_for_its_number(client, person):
    has_app(person)

    assert sign_in(client).url == reverse("mfa_authenticate")
    assert not Session.objects.filter(person=person).exists()
    wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert wrong.status_code == 200
    assert "Incorrect code" in wrong.text
    client.post(reverse("mfa_authenticate"), {"code": code()})

    assert Session.objects.filter(person=person).exists()


def test_a_number_opens_the_account_once(client, person):
    has_app(person)
    number = code()
    sign_in(client)
    client.post(reverse("mfa_authenticate"), {"code": number})
    client.logout()

    sign_in(client)
    client.post(reverse("mfa_authenticate"), {"code": number})

    assert not Session.objects.filter(person=person).exists()


def test_a_number_of_a_slow_clock_opens_it_once(client, person, monkeypatch):
    app = has_app(person)
    monkeypatch.setattr(TOTP, "_mark_code_used", lambda *_said: True)  # it has forgotten
    number = code()
    for _ in range(2):
        sign_in(client)
        client.post(reverse("mfa_authenticate"), {"code": number})
        client.logout()
    assert app.wrap().validate_code(number)  # by the clock

    assert Event.objects.filter(kind="session.begun").count() == 1


def test_numbers_cannot_be_tried_for_ever(client, person):
    has_app(person)
    sign_in(client)
    for _ in range(10):
        client.post(reverse("mfa_authenticate"), {"code": "000000"})

    answer = client.post(reverse("mfa_authenticate"), {"code": code()})

    assert "Too many" in answer.text
    assert not Session.objects.filter(person=person).exists()


def test_an_app_of_another_key_of_this_server_opens_nothing(client, person, settings):
    has_app(person)
    settings.SECRET_KEY = "another key of this server, after a move"

    sign_in(client)
    answer = client.post(reverse("mfa_authenticate"), {"code": code()})

    assert answer.status_code == 200
    assert not Session.objects.filter(person=person).exists()


@pytest.mark.parametrize(
    ("of", "role", "is_staff", "is_asked"),
    [
        ("nobody", "curator", True, False),
        ("carers", "reviewer", False, False),
        ("carers", "curator", False, True),
        ("carers", None, True, True),
        ("everybody", "writer", False, True),
        ("everybody", None, False, True),
    ],
)
def test_of_whom_it_is_wanted(client, of, role, is_staff, is_asked):
    Instance.objects.create(second_step_of=of)
    dataset = DatasetFactory() if role else None
    signed_in(client, dataset, role, is_staff=is_staff)

    answer = client.get(url("datasets"))

    assert (answer.status_code, answer.headers.get("Location")) == (
        (302, SETUP) if is_asked else (200, None)
    )


def test_who_owes_one_is_told_and_can_do_nothing_else(client, admin):
    second_steps.want(of="everybody", by=admin)
    person = signed_in(client)

    page = client.get(SETUP)
    assert "Set one up to go on." in page.text
    assert (
        client.get(url("profile"), HTTP_HX_REQUEST="true").headers["HX-Redirect"] == SETUP
    )
    assert client.post(url("profile"), {"digest": "never"}).url == SETUP
    answer = client.get("/api/v1/datasets/")
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    assert client.post("/language/setlang/", {"language": "en"}).status_code == 302

    has_app(person)

    assert client.get(url("profile")).status_code == 200
    assert "Set one up to go on." not in client.get(SETUP).text


def test_recovery_codes_alone_are_no_second_step(client, admin):
    second_steps.want(of="everybody", by=admin)
    person = signed_in(client)
    Authenticator.objects.create(user=person, type="recovery_codes", data={})

    assert client.get(url("profile")).status_code == 302


def test_keys_for_programs_go_on_working(client, admin):
    second_steps.want(of="everybody", by=admin)
    _, secret = tokens.issue(by=ContributorFactory(), name="x", scopes=["read"], days=1)

    answer = client.get("/api/v1/datasets/", HTTP_AUTHORIZATION=f"Bearer {secret}")

    assert answer.status_code == 200


def test_asking_costs_no_query(client):
    signed_in(client)
    before = queries(client, url("profile"))
    Instance.objects.create(second_step_of="carers")

    assert queries(client, url("profile")) == before


def test_an_admin_says_of_whom_on_a_page(client):
    admin = signed_in(client, is_staff=True)
    has_app(admin)

    assert client.post(url("sign-in"), {"of": "king"}).status_code == 422
    assert client.post(url("sign-in"), {"of": "carers"}).status_code == 302

    assert Instance.current().second_step_of == "carers"
    assert 'value="carers" required id="id_of_1" checked' in client.get(url("sign-in")).text
    assert Event.objects.filter(kind="instance.second_step", by=admin).exists()


def test_pages_of_admins_do_not_exist_for_others(client, person):
    signed_in(client, DatasetFactory(), "curator")

    for address in (
        url("sign-in"),
        url("person-sign-in", person.pk),
        url("second-step-off", person.pk),
    ):
        assert client.post(address, {"of": "nobody"}).status_code == 404


def test_a_lost_one_is_taken_off_and_all_browsers_are_signed_out(client, person):
    has_app(person)
    theirs = Session.objects.create(
        session_key="theirs",
        session_data="",
        expire_date="2999-01-01T00:00Z",
        person=person,
    )
    signed_in(client, is_staff=True)
    assert "An app on the telephone" in client.get(url("person-sign-in", person.pk)).text

    client.post(url("second-step-off", person.pk))

    assert not Authenticator.objects.filter(user=person).exists()
    assert not Session.objects.filter(pk=theirs.pk).exists()
    assert Event.objects.filter(kind="second_step.taken_off").exists()
    again = client.post(url("second-step-off", person.pk), follow=True)
    assert "has no second step" in again.text


def test_nobody_takes_off_their_own_there(client):
    admin = signed_in(client, is_staff=True)
    has_app(admin)

    client.post(url("second-step-off", admin.pk))

    assert Authenticator.objects.filter(user=admin).exists()


def test_who_is_erased_leaves_no_second_step(person, admin):
    has_app(person)

    erasure.erase(person_id=person.pk, by=admin)

    assert not Authenticator.objects.filter(user=person).exists()


@pytest.mark.parametrize(
    "name", ["mfa_index", "mfa_list_webauthn", "mfa_add_webauthn", "mfa_activate_totp"]
)
def test_its_pages_look_like_ours(client, person, name):
    sign_in(client)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    page = client.get(reverse(name))

    assert page.status_code == 200
    assert "site-header" in page.text
    assert "crumbs" in page.text


def test_who_becomes_a_curator_owes_one_from_then_on(client, admin):
    second_steps.want(of="carers", by=admin)
    dataset = DatasetFactory()
    person = signed_in(client, dataset, "writer")
    assert client.get(url("profile")).status_code == 200

    join(dataset=dataset, person=person, role="curator", by=admin)

    assert client.get(url("profile")).url == SETUP

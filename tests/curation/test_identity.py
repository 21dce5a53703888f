"""Signing in where others vouch for people: by OIDC and by SAML, at a real provider."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from curation.actions import identities, people, tokens
from curation.models import Contributor, Event, IdentityProvider, Instance, Membership
from tests.curation.pages import url
from tests.curation.vouched import (
    KINDS,
    PASSWORD,
    ask,
    bring,
    is_in,
    leads_to,
    set_up,
    sign_in,
)
from tests.factories import ContributorFactory, DatasetFactory
from tests.identity import identity_provider

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server():
    with identity_provider() as there:
        yield there


@pytest.fixture(autouse=True)
def as_it_comes(server):
    cache.clear()
    server.says_as_it_came()


@pytest.fixture(params=KINDS)
def provider(request, server):
    return set_up(server, request.param)


# ---- both ways --------------------------------------------------------------------------
def test_who_comes_for_the_first_time_gets_an_account(client, provider):
    answer = sign_in(client, provider.kind)

    assert (answer.status_code, answer.headers.get("Location")) == (302, "/")
    person = Contributor.objects.get(email="ada@example.org")
    assert person.name == "Ada Lovelace"
    assert not person.has_usable_password()
    account = SocialAccount.objects.get(user=person)
    assert (account.provider, account.extra_data) == ("idp", {})
    assert is_in(client)
    client.logout()
    sign_in(client, provider.kind)
    assert is_in(client)
    assert SocialAccount.objects.get(user=person).extra_data == {}


def test_a_link_leads_to_a_form_of_ours_and_signs_nobody_in(provider):
    client = Client(enforce_csrf_checks=True)
    route = "openid_connect_login" if provider.kind == "oidc" else "saml_login"
    there = reverse(route, args=["idp"]) + "?next=/profile/"

    page = client.get(there, HTTP_HOST="testserver")
    assert client.head(there, HTTP_HOST="testserver").status_code == 200

    assert page.status_code == 200 and "Sign in with Work" in page.text
    assert f'action="{there}"' in page.text
    assert "127.0.0.1" not in page.text and not client.session.items()
    assert client.post(there, HTTP_HOST="testserver").status_code == 403
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
    sent = {"csrfmiddlewaretoken": token}
    leads_to(client.post(there, sent, HTTP_HOST="testserver"))


def test_the_page_of_signing_in_begins_it_by_a_form(client, provider):
    page = client.get(reverse("account_login"), {"next": "/profile/"})

    there = re.search(r'<form method="post" action="([^"]+/idp/login/[^"]*)"', page.text)[1]
    answer = httpx.get(leads_to(client.post(unescape(there), HTTP_HOST="testserver")))
    assert answer.status_code in (200, 302)
    answer = sign_in(client, provider.kind, next="/profile/")
    assert answer.url == "/profile/"


def test_groups_give_roles_and_take_back_what_they_gave(client, provider, server):
    dataset, other = DatasetFactory(), DatasetFactory()
    admin = ContributorFactory(is_staff=True)
    for group, place, role in (
        ("writers", dataset, "writer"),
        ("writers", other, "reviewer"),
        ("chiefs", dataset, "curator"),
    ):
        identities.map_group(
            provider=provider, group=group, dataset=place, role=role, by=admin
        )
    sign_in(client, provider.kind)
    person = Contributor.objects.get(email="ada@example.org")
    held = Membership.objects.filter(contributor=person)
    assert set(held.values_list("dataset", "role")) == {
        (dataset.pk, "writer"),
        (other.pk, "reviewer"),
    }
    people.join(dataset=other, person=person, role="reviewer", by=admin)  # by hand, too

    server.person["groups"] = ["chiefs"]
    client.logout()
    sign_in(client, provider.kind)

    assert set(held.values_list("dataset", "role")) == {
        (dataset.pk, "curator"),
        (other.pk, "reviewer"),
    }
    assert Event.objects.filter(kind="membership.removed", by=None).count() == 1


@pytest.mark.parametrize("links", [False, True])
def test_an_account_with_that_address_is_linked_only_where_an_admin_says_so(
    client, provider, links
):
    person = Contributor.objects.create_user("ada@example.org", PASSWORD)
    IdentityProvider.objects.update(links_by_email=links)

    answer = sign_in(client, provider.kind)

    assert SocialAccount.objects.filter(user=person).exists() is links
    assert is_in(client) is links
    if not links:
        assert answer.status_code == 403
        assert "connect the two under Profile" in answer.text
    assert Contributor.objects.count() == 1


@pytest.mark.parametrize("was_confirmed", [False, True])
def test_who_made_an_account_in_somebodys_name_is_out_once_they_come(
    client, provider, was_confirmed
):
    person = Contributor.objects.create_user("ada@example.org", PASSWORD)
    for email, is_first in (("ada@example.org", True), ("mallory@example.org", False)):
        EmailAddress.objects.create(
            user=person, email=email, primary=is_first, verified=was_confirmed
        )
    Authenticator.objects.create(user=person, type="webauthn", data={})
    SocialAccount.objects.create(user=person, provider="other", uid="mallory")
    _, secret = tokens.issue(by=person, name="x", scopes=["read"], days=9)
    IdentityProvider.objects.update(links_by_email=True)

    sign_in(client, provider.kind)

    person.refresh_from_db()
    assert SocialAccount.objects.filter(user=person, provider="idp").exists()
    assert person.has_usable_password() is was_confirmed
    assert Authenticator.objects.filter(user=person).exists() is was_confirmed
    assert SocialAccount.objects.filter(provider="other").exists() is was_confirmed
    assert (tokens.owner_of(secret) is not None) is was_confirmed
    left = {"ada@example.org"} | ({"mallory@example.org"} if was_confirmed else set())
    theirs = EmailAddress.objects.filter(user=person, verified=True)
    assert set(theirs.values_list("email", flat=True)) == left
    assert is_in(client) is not was_confirmed  # their own second step is asked for


def test_a_second_address_that_nobody_confirmed_leads_to_no_account(client, provider):
    mallory = Contributor.objects.create_user("mallory@example.org", PASSWORD)
    EmailAddress.objects.create(user=mallory, email="ada@example.org")
    IdentityProvider.objects.update(links_by_email=True)

    answer = sign_in(client, provider.kind)

    assert answer.status_code == 403
    assert not SocialAccount.objects.exists()
    assert Contributor.objects.get() == mallory


def test_no_form_asks_who_comes_from_elsewhere_for_another_address(client):
    assert client.get(reverse("socialaccount_signup")).status_code == 404


def test_another_address_at_the_provider_leads_to_nobody_elses_account(
    client, provider, server
):
    sign_in(client, provider.kind)
    mine = Contributor.objects.get(email="ada@example.org")
    Contributor.objects.create_user("boss@example.org", PASSWORD)
    IdentityProvider.objects.update(links_by_email=True)
    client.logout()

    server.person["email"] = "boss@example.org"
    sign_in(client, provider.kind)

    assert client.get(url("profile")).wsgi_request.user == mine


@pytest.mark.parametrize(
    "closed", [{"makes_accounts": False}, {"domains": ["example.com"]}]
)
def test_accounts_are_made_only_for_whom_an_admin_wants(client, provider, closed):
    IdentityProvider.objects.update(**closed)

    sign_in(client, provider.kind)

    assert not is_in(client)
    assert not Contributor.objects.exists()


def test_one_that_is_off_signs_nobody_in(client, provider):
    assert "Sign in with Work" in client.get(reverse("account_login")).text
    address, form = ask(client, provider.kind)
    IdentityProvider.objects.update(is_on=False)

    assert bring(client, address, form).status_code == 404
    assert ask(client, provider.kind)[0].status_code == 404
    assert "Sign in with Work" not in client.get(reverse("account_login")).text


def test_an_answer_is_good_once_and_in_one_browser(client, provider):
    address, form = ask(client, provider.kind)
    thief = type(client)()
    assert bring(thief, address, form).status_code in (401, 403)
    assert not is_in(thief)

    bring(client, address, form)
    assert is_in(client)
    client.logout()

    assert bring(client, address, form).status_code in (401, 403)
    assert not is_in(client)


def test_an_answer_for_somebody_else_is_refused(client, provider, server):
    server.audience = "https://elsewhere.example"

    assert sign_in(client, provider.kind).status_code == 401
    assert not is_in(client)
    assert not Contributor.objects.exists()


def test_a_closed_account_stays_closed(client, provider):
    sign_in(client, provider.kind)
    Contributor.objects.update(is_active=False)
    client.logout()

    sign_in(client, provider.kind)

    assert not is_in(client)


@pytest.mark.parametrize("asks", [False, True])
def test_a_second_step_over_there_is_enough(client, provider, asks):
    Instance.objects.create(second_step_of="everybody")
    IdentityProvider.objects.update(asks_second_step=asks)

    sign_in(client, provider.kind)

    assert is_in(client) is asks
    IdentityProvider.objects.update(is_on=False)
    assert not is_in(client)


# ---- SAML -------------------------------------------------------------------------------


# ---- OIDC -------------------------------------------------------------------------------

"""What SAML and OIDC answers must hold before somebody is let in."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.urls import reverse

from curation.models import Contributor, IdentityProvider
from tests.curation.vouched import PASSWORD, ask, bring, is_in, leads_to, set_up, sign_in
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


@pytest.fixture
def saml(server):
    return set_up(server, "saml")


def test_an_unsigned_assertion_is_refused(client, saml, server):
    server.is_signed = False

    assert sign_in(client, "saml").status_code == 401
    assert not Contributor.objects.exists()


def test_an_assertion_that_was_changed_is_refused(client, saml):
    address, form = ask(client, "saml")
    xml = base64.b64decode(form["SAMLResponse"]).replace(b"ada@", b"boss@")
    form["SAMLResponse"] = base64.b64encode(xml).decode()

    assert bring(client, address, form).status_code == 401
    assert not Contributor.objects.exists()


def test_nothing_that_was_not_asked_for_signs_in(client, saml):
    address, form = ask(client, "saml")
    xml = base64.b64decode(form["SAMLResponse"])
    xml = xml.replace(b'InResponseTo="', b'Elsewhere="', 1)
    form["SAMLResponse"] = base64.b64encode(xml).decode()

    assert bring(client, address, form).status_code in (401, 403)
    assert not is_in(client)


@pytest.mark.parametrize("response", ["", "x", "PHg+", base64.b64encode(b"<a/>").decode()])
def test_nonsense_is_refused(client, saml, response):
    answer = bring(client, reverse("saml_acs", args=["idp"]), {"SAMLResponse": response})

    assert answer.status_code == 401


def test_our_metadata_is_there(client, saml):
    answer = client.get(reverse("saml_metadata", args=["idp"]), HTTP_HOST="testserver")

    assert answer.status_code == 200
    assert "http://testserver/accounts/saml/idp/acs/" in answer.text


@pytest.fixture
def oidc(server):
    return set_up(server, "oidc")


def test_what_is_asked_for_has_a_state_and_a_challenge(client, oidc):
    page = client.post(reverse("openid_connect_login", args=["idp"]))
    asked = parse_qs(urlsplit(leads_to(page)).query)

    assert len(asked["state"][0]) >= 16
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"][0].split().sort() == ["email", "openid", "profile"].sort()


@pytest.mark.parametrize("said", [False, "false", 0, "no"])
def test_an_address_that_the_provider_calls_unverified_links_nothing(
    client, oidc, server, said
):
    Contributor.objects.create_user("ada@example.org", PASSWORD)
    IdentityProvider.objects.update(links_by_email=True)
    server.person["email_verified"] = said

    assert sign_in(client, "oidc").status_code == 403
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("said", [True, "true", "True", 1, None])
def test_an_address_that_it_calls_verified_or_nothing_links(client, oidc, server, said):
    person = Contributor.objects.create_user("ada@example.org", PASSWORD)
    IdentityProvider.objects.update(links_by_email=True)
    server.person["email_verified"] = said

    sign_in(client, "oidc")

    assert SocialAccount.objects.get().user == person


def test_an_address_is_confirmed_only_by_whom_an_admin_trusts_for_that(client, oidc):
    sign_in(client, "oidc")

    assert not EmailAddress.objects.get(email="ada@example.org").verified


def test_an_answer_about_two_people_is_refused(client, oidc, server, monkeypatch):
    token = server.token

    def of_another(sent):
        answer = token(sent)
        server.person = {**server.person, "sub": "u-2"}
        return answer

    monkeypatch.setattr(server, "token", of_another)

    assert sign_in(client, "oidc").status_code == 403
    assert not Contributor.objects.exists()


def test_the_server_goes_nowhere_inside(client, oidc, settings):
    settings.LOCAL = False

    answer = client.post(reverse("openid_connect_login", args=["idp"]))

    assert answer.status_code == 502
    assert "The address must begin with https" in answer.text


@pytest.mark.parametrize("said", [[], {}, {"sub": 1}, {"issuer": "x"}])
def test_a_provider_that_says_nonsense_breaks_nothing(
    client, oidc, server, said, monkeypatch
):
    monkeypatch.setattr(server, "discovery", lambda: said)

    assert client.post(reverse("openid_connect_login", args=["idp"])).status_code == 502


def test_a_provider_that_does_not_know_its_people_breaks_nothing(client, oidc, server):
    server.person["sub"] = None

    assert sign_in(client, "oidc").status_code == 502
    assert not Contributor.objects.exists()

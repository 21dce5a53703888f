"""An account elsewhere is connected by who wants it, and by no link of anybody else's."""

from __future__ import annotations

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.urls import reverse

from curation.models import Contributor, Event, IdentityProvider
from tests.curation.pages import url
from tests.curation.vouched import KINDS, PASSWORD, bring, leads_to, set_up, sign_in
from tests.identity import identity_provider

pytestmark = pytest.mark.django_db
HOST = {"HTTP_HOST": "testserver"}


@pytest.fixture(scope="module")
def server():
    with identity_provider() as there:
        yield there


@pytest.fixture(params=KINDS)
def provider(request, server):
    cache.clear()
    server.says_as_it_came()
    return set_up(server, request.param)


@pytest.fixture
def person(client):
    """Neither a password nor a second step: nothing that could be asked for once more."""
    person = Contributor.objects.create_user("bo@example.org")
    client.force_login(person)
    return person


def test_a_kind_of_provider_is_no_provider(client, person, server):
    for slug in ("idp", "other"):
        set_up(server, "oidc", **({} if slug == "idp" else {"slug": slug}))

    answer = client.post(url("connect", "openid_connect"), **HOST)

    assert answer.status_code == 404


def by_the_form(client, kind):
    """From our page there, and back with what is said there."""
    answer = httpx.get(leads_to(client.post(url("connect", "idp"), **HOST)))
    if kind == "oidc":
        return answer.headers["Location"], {}
    response = answer.text.partition('value="')[2].partition('"')[0]
    return reverse("saml_acs", args=["idp"]), {"SAMLResponse": response}


def test_a_link_alone_connects_nothing_and_says_why(client, provider, person):
    answer = sign_in(client, provider.kind, process="connect")

    assert answer.status_code == 403
    assert (
        "Nothing was connected" in answer.text and "A link led you to Work" in answer.text
    )
    assert not SocialAccount.objects.exists()
    assert client.get(url("profile")).wsgi_request.user == person  # still signed in


def test_the_form_of_our_page_connects(client, provider, person):
    page = client.get(reverse("socialaccount_connections"))
    assert f'action="{url("connect", "idp")}"' in page.text

    answer = bring(client, *by_the_form(client, provider.kind))

    assert answer.url == reverse("socialaccount_connections")
    assert SocialAccount.objects.get(user=person).uid == "u-1"
    assert Event.objects.filter(kind="identity.connected", by=person).exists()


def test_what_the_form_began_is_good_once_and_for_no_link(client, provider, person):
    there = by_the_form(client, provider.kind)
    assert sign_in(client, provider.kind, process="connect").status_code == 403
    bring(client, *there)
    SocialAccount.objects.all().delete()

    assert bring(client, *there).status_code in (401, 403)
    assert not SocialAccount.objects.exists()


def test_the_password_is_asked_for_first_where_there_is_one(client, provider):
    person = Contributor.objects.create_user("bo@example.org", PASSWORD)
    sent = {"login": "bo@example.org", "password": PASSWORD}
    client.post(reverse("account_login"), sent)

    asked = bring(client, *by_the_form(client, provider.kind))
    assert asked.url.startswith(reverse("account_reauthenticate"))
    assert not SocialAccount.objects.exists()
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    assert SocialAccount.objects.get(user=person).uid == "u-1"


def test_only_what_is_on_and_there_is_begun(client, provider, person):
    assert client.get(url("connect", "idp")).status_code == 405
    assert client.post(url("connect", "nobody"), **HOST).status_code == 404
    IdentityProvider.objects.update(is_on=False)
    assert client.post(url("connect", "idp"), **HOST).status_code == 404
    IdentityProvider.objects.update(is_on=True, server="http://127.0.0.1:1")
    broken = 200 if provider.kind == "saml" else 502
    assert client.post(url("connect", "idp"), **HOST).status_code == broken

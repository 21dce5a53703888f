"""Admins say who vouches for people, and who may still come with a password."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.urls import reverse

from curation import secrecy
from curation.actions import erasure, identities, passwords
from curation.errors import CurationError
from curation.models import Contributor, IdentityProvider, Instance, Session
from tests.curation.pages import signed_in, url
from tests.curation.vouched import KINDS, PASSWORD, set_up, sign_in
from tests.factories import ContributorFactory, DatasetFactory
from tests.identity import SECRET, identity_provider

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


@pytest.fixture
def oidc(server):
    return set_up(server, "oidc")


@pytest.mark.parametrize(
    ("of", "is_staff", "opens"),
    [("everybody", False, True), ("admins", False, False), ("admins", True, True),
     ("nobody", True, False)],
)  # fmt: skip
def test_who_may_sign_in_with_a_password(client, oidc, of, is_staff, opens):
    Contributor.objects.create_user("bo@example.org", PASSWORD, is_staff=is_staff)
    Instance.objects.create(passwords_of=of)
    fields = {"login": "bo@example.org", "password": PASSWORD}

    answer = client.post(reverse("account_login"), fields)

    assert Session.objects.filter(person__isnull=False).exists() is opens
    assert opens or "Passwords open nothing here any more" in answer.text


def test_without_a_provider_passwords_open_everything(client):
    person = Contributor.objects.create_user("bo@example.org", PASSWORD)
    Instance.objects.create(passwords_of="nobody")

    assert passwords.may_use(person)


def test_an_admin_sets_one_up_in_the_browser(client, server):
    signed_in(client, is_staff=True)
    fields = {
        "name": "Work", "slug": "work", "server": server.address, "client_id": "winnow",
        "new_secret": SECRET, "makes_accounts": "on", "domains": "@Example.org, b.org",
    }  # fmt: skip
    wrong = client.post(url("provider-new", "oidc"), {**fields, "slug": "saml"})
    assert wrong.status_code == 422

    made = client.post(url("provider-new", "oidc"), fields)

    provider = IdentityProvider.objects.get()
    assert made.url == url("provider", provider.pk)
    assert provider.domains == ["example.org", "b.org"]
    assert SECRET not in provider.secret
    page = client.get(made.url)
    assert SECRET not in page.text
    assert "/accounts/oidc/work/login/callback/" in page.text
    do = url("provider-do", provider.pk)
    assert server.address in client.post(do, {"do": "check"}, follow=True).text
    client.post(do, {"do": "on"})
    del fields["new_secret"]
    client.post(made.url, {**fields, "name": "Ours"})
    provider.refresh_from_db()
    assert (provider.name, provider.is_on) == ("Ours", True)
    assert secrecy.unlock(provider.secret) == SECRET
    dataset = DatasetFactory()
    group = {"group": "writers", "dataset": dataset.pk, "role": "writer"}
    client.post(url("group-map", provider.pk), group)
    rule = provider.groups.get()
    assert "writers" in client.get(made.url).text
    client.post(url("group-unmap", rule.pk))
    assert not provider.groups.exists()
    client.post(do, {"do": "remove"})
    assert not IdentityProvider.objects.exists()


@pytest.mark.parametrize("is_used", [False, True])
def test_one_that_people_sign_in_by_stays_the_same_server(
    client, provider, server, is_used
):
    admin = ContributorFactory(is_staff=True)
    if is_used:
        SocialAccount.objects.create(user=admin, provider="idp", uid="u-1")
    metadata = server.metadata()
    provider.server += "/"
    identities.save(provider=provider, by=admin, metadata=metadata)
    provider.server = "https://elsewhere.example"
    metadata = metadata.replace('entityID="', 'entityID="https://elsewhere.example/')

    with nullcontext() if not is_used else pytest.raises(CurationError):
        identities.save(provider=provider, by=admin, metadata=metadata)


def test_metadata_is_pasted_or_fetched(client, server):
    signed_in(client, is_staff=True)
    fields = {"name": "Work", "slug": "work", "new_metadata": "<nothing/>"}
    answer = client.post(url("provider-new", "saml"), fields)
    assert answer.status_code == 409
    assert "no metadata" in answer.text

    fields["new_metadata"] = f"{server.address}/metadata"
    made = client.post(url("provider-new", "saml"), fields)

    assert made.status_code == 302
    assert "<EntityDescriptor" in IdentityProvider.objects.get().metadata


@pytest.mark.parametrize(
    "address", ["http://10.0.0.1/", "https://169.254.169.254/", "file:///etc/passwd", "x"]
)
def test_a_typed_address_leads_nowhere_inside(client, server, address):
    admin = ContributorFactory(is_staff=True)
    provider = set_up(server, "oidc", server=address)
    client.force_login(admin)

    answer = client.post(url("provider-do", provider.pk), {"do": "check"}, follow=True)

    assert answer.status_code == 200
    assert "notice--error" in answer.text or "error" in answer.text


def test_passwords_are_not_switched_off_by_who_could_not_come_back(client, server):
    admin = signed_in(client, is_staff=True)
    send = {"passwords-of": "nobody"}
    assert client.post(url("sign-in"), send).status_code == 409
    set_up(server, "oidc")
    assert client.post(url("sign-in"), send).status_code == 409
    SocialAccount.objects.create(user=admin, provider="idp", uid="u-9")

    assert client.post(url("sign-in"), send).status_code == 302
    assert Instance.current().passwords_of == "nobody"


def test_who_is_erased_is_connected_to_nothing(client, provider):
    sign_in(client, provider.kind)
    person = Contributor.objects.get(email="ada@example.org")

    erasure.erase(person_id=person.pk, by=ContributorFactory(is_staff=True))

    assert not SocialAccount.objects.exists()

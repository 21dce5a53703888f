"""Signing in where others vouch for people: by OIDC and by SAML, at a real provider."""

from __future__ import annotations

import base64
from contextlib import nullcontext
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.urls import reverse

from curation import secrecy
from curation.actions import erasure, identities, passwords, people, tokens
from curation.errors import CurationError
from curation.models import (
    Contributor,
    Event,
    IdentityProvider,
    Instance,
    Membership,
    Session,
)
from tests.curation.pages import signed_in, url
from tests.factories import ContributorFactory, DatasetFactory
from tests.identity import SECRET, identity_provider

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
KINDS = ("oidc", "saml")


@pytest.fixture(scope="module")
def server():
    with identity_provider() as there:
        yield there


@pytest.fixture(autouse=True)
def as_it_comes(server):
    cache.clear()
    server.person = {
        "sub": "u-1", "email": "ada@example.org", "email_verified": True,
        "name": "Ada Lovelace", "groups": ["writers"],
    }  # fmt: skip
    server.audience, server.is_signed = None, True


def set_up(there, kind, **fields):
    usual = {"slug": "idp", "name": "Work", "is_on": True, "groups_from": "groups"}
    if kind == "oidc":
        own = {
            "server": there.address, "client_id": "winnow", "secret": secrecy.lock(SECRET)
        }  # fmt: skip
    else:
        own = {"metadata": there.metadata()}
    return IdentityProvider.objects.create(kind=kind, **{**usual, **own, **fields})


@pytest.fixture(params=KINDS)
def provider(request, server):
    return set_up(server, request.param)


def ask(client, kind, **query):
    """Begin here, go there, and bring back what it says: its address and its form."""
    route = "openid_connect_login" if kind == "oidc" else "saml_login"
    answer = client.get(reverse(route, args=["idp"]), query or None, HTTP_HOST="testserver")
    if answer.status_code != 302 or "127.0.0.1" not in answer.url:
        return answer, {}
    there = httpx.get(answer.url)
    if kind == "oidc":
        return there.headers["Location"], {}
    response = there.text.partition('value="')[2].partition('"')[0]
    return reverse("saml_acs", args=["idp"]), {"SAMLResponse": response}


def bring(client, address, form):
    if form:
        client.post(address, form, HTTP_HOST="testserver")
        return client.get(reverse("saml_finish_acs", args=["idp"]), HTTP_HOST="testserver")
    return client.get(address, HTTP_HOST="testserver")


def sign_in(client, kind, **query):
    return bring(client, *ask(client, kind, **query))


def is_in(client):
    return client.get(url("profile")).status_code == 200


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


# ---- OIDC -------------------------------------------------------------------------------
@pytest.fixture
def oidc(server):
    return set_up(server, "oidc")


def test_what_is_asked_for_has_a_state_and_a_challenge(client, oidc):
    asked = parse_qs(
        urlsplit(client.get(reverse("openid_connect_login", args=["idp"])).url).query
    )

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

    answer = client.get(reverse("openid_connect_login", args=["idp"]))

    assert answer.status_code == 502
    assert "The address must begin with https" in answer.text


@pytest.mark.parametrize("said", [[], {}, {"sub": 1}, {"issuer": "x"}])
def test_a_provider_that_says_nonsense_breaks_nothing(
    client, oidc, server, said, monkeypatch
):
    monkeypatch.setattr(server, "discovery", lambda: said)

    assert client.get(reverse("openid_connect_login", args=["idp"])).status_code == 502


def test_a_provider_that_does_not_know_its_people_breaks_nothing(client, oidc, server):
    server.person["sub"] = None

    assert sign_in(client, "oidc").status_code == 502
    assert not Contributor.objects.exists()


# ---- passwords --------------------------------------------------------------------------
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


# ---- the pages of admins ----------------------------------------------------------------
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


def test_an_account_is_connected_after_the_password_was_asked(client, oidc):
    person = Contributor.objects.create_user("bo@example.org", PASSWORD)
    fields = {"login": "bo@example.org", "password": PASSWORD}
    client.post(reverse("account_login"), fields)
    asked = sign_in(client, "oidc", process="connect")
    assert asked.url.startswith(reverse("account_reauthenticate"))
    assert not SocialAccount.objects.exists()

    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    account = SocialAccount.objects.get(user=person)
    assert account.uid == "u-1"
    assert Event.objects.filter(kind="identity.connected", by=person).exists()


def test_who_is_erased_is_connected_to_nothing(client, provider):
    sign_in(client, provider.kind)
    person = Contributor.objects.get(email="ada@example.org")

    erasure.erase(person_id=person.pk, by=ContributorFactory(is_staff=True))

    assert not SocialAccount.objects.exists()

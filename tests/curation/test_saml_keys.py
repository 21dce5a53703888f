"""A SAML provider takes a new key, and nobody has to type anything in for that."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import override

from curation import saml_metadata, tasks
from curation.actions import identities, metadata
from curation.errors import CurationError
from curation.models import Contributor, Event, IdentityProvider
from tests.curation.pages import signed_in, url
from tests.curation.vouched import ask, bring, is_in, set_up, sign_in
from tests.factories import ContributorFactory
from tests.identity import identity_provider

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server():
    with identity_provider() as there:
        yield there


@pytest.fixture
def saml(server):
    cache.clear()
    server.says_as_it_came()
    stands = {"metadata_url": f"{server.address}/metadata", "metadata_at": now()}
    return set_up(server, "saml", **stands)


def known(provider):
    provider.refresh_from_db()
    return len(saml_metadata.read(provider.metadata)["certificates"])


@pytest.mark.parametrize("which", [0, 1])
def test_any_key_of_the_metadata_may_sign(client, saml, server, which):
    server.announced, server.signing = [0, 1], which
    IdentityProvider.objects.update(metadata=server.metadata(), metadata_url="")

    sign_in(client, "saml")

    assert is_in(client)


def test_a_key_that_is_new_is_asked_for_while_somebody_signs_in(client, saml, server):
    server.announced, server.signing = [1], 1

    sign_in(client, "saml")

    assert is_in(client)
    assert Event.objects.get(kind="identity.metadata_renewed").by is None


def test_a_key_of_nobody_opens_nothing_and_makes_us_ask_but_once(client, saml, server):
    server.signing = 1
    for _ in range(3):
        assert sign_in(client, "saml").status_code == 401
    address, form = ask(client, "saml")
    bring(client, address, {**form, "SAMLResponse": "bm8="})

    assert server.asked == 1
    assert not is_in(client) and not Contributor.objects.exists()


def test_the_clock_asks_after_a_day(saml, server):
    server.announced = [0, 1]
    tasks.renew_metadata()
    assert (server.asked, known(saml)) == (0, 1)
    IdentityProvider.objects.update(metadata_at=now() - timedelta(hours=25))

    tasks.renew_metadata()
    tasks.renew_metadata()

    assert (server.asked, known(saml)) == (1, 2)
    assert Event.objects.filter(kind="identity.metadata_renewed").count() == 1


def test_another_provider_at_the_same_address_is_refused(saml, server, caplog):
    IdentityProvider.objects.update(metadata_at=now() - timedelta(days=2))
    server.entity, server.announced = "https://elsewhere.example", [1]
    before = saml.metadata

    with caplog.at_level(logging.WARNING, logger=metadata.logger.name):
        metadata.renew_old()

    saml.refresh_from_db()
    assert saml.metadata == before
    assert "stays as it is" in caplog.text
    with pytest.raises(CurationError, match="another provider now"):
        identities.check(provider=saml, by=ContributorFactory(is_staff=True))


def test_one_that_cannot_be_asked_says_so_until_it_can(client, saml, server):
    signed_in(client, is_staff=True)
    there = url("provider", saml.pk)
    IdentityProvider.objects.update(
        metadata_at=now() - timedelta(days=2), metadata_url="https://10.1.2.3/"
    )
    with override("de"):  # by whatever worker
        metadata.renew_old()
    saml.refresh_from_db()
    first = saml.unasked_since
    metadata.renew_old()

    page = client.get(there, headers={"accept-language": "en"}).text
    assert "It could not be asked again since" in page
    assert "10.1.2.3 is at 10.1.2.3, an address inside" in page
    assert "Cannot be asked for new keys" in client.get(url("sign-in")).text
    saml.refresh_from_db()
    assert saml.unasked_since == first and first is not None
    IdentityProvider.objects.update(metadata_url=f"{server.address}/metadata")
    metadata.renew_old()
    assert "It could not be asked again" not in client.get(there).text


def test_an_admin_who_enters_another_address_clears_the_warning(saml, server):
    saml.unasked_since, saml.unasked_why = now(), "Nobody answers there."
    saml.save()

    admin = ContributorFactory(is_staff=True)
    identities.save(provider=saml, by=admin, metadata=f"{server.address}/metadata")

    saml.refresh_from_db()
    assert (saml.unasked_since, saml.unasked_why) == (None, "")


def test_an_admin_is_told_that_what_was_pasted_does_not_renew_itself(client, saml):
    signed_in(client, is_staff=True)
    there, listed = url("provider", saml.pk), url("sign-in")
    for page in (there, listed):
        assert "cannot renew themselves" not in client.get(page).text

    IdentityProvider.objects.update(metadata_url="")

    for page in (there, listed):
        assert "cannot renew themselves" in client.get(page).text


@pytest.mark.parametrize("place", ["https://10.0.0.1/", "https://169.254.169.254/x"])
def test_it_is_asked_nowhere_inside(saml, place):
    IdentityProvider.objects.update(metadata_url=place, metadata_at=now() - timedelta(9))
    before = saml.metadata

    metadata.renew_old()

    saml.refresh_from_db()
    assert saml.metadata == before


def test_what_an_admin_pasted_is_not_asked_for(client, saml, server):
    admin = ContributorFactory(is_staff=True)
    identities.save(provider=saml, by=admin, metadata=f"{server.address}/metadata")
    assert (saml.metadata_url, server.asked) == (f"{server.address}/metadata", 1)

    identities.save(provider=saml, by=admin, metadata=server.metadata())

    assert saml.metadata_url == ""
    identities.check(provider=saml, by=admin)
    server.signing = 1
    assert sign_in(client, "saml").status_code == 401
    assert server.asked == 1


@pytest.fixture
def unread(saml):
    """Spoiled by hand, or what a parser of later does not take; somebody is connected."""
    person = ContributorFactory()
    SocialAccount.objects.create(user=person, provider=saml.slug, uid="u-1")
    IdentityProvider.objects.update(
        metadata=saml.metadata.replace("SingleSignOnService", "Gone"), metadata_url=""
    )
    return person


def test_metadata_that_cannot_be_read_is_said_and_breaks_no_page(client, unread, caplog):
    caplog.set_level(logging.CRITICAL)
    client.raise_request_exception = False
    assert "Sign in with Work" in client.get(reverse("account_login")).text
    begun = client.post(reverse("saml_login", args=["idp"]))
    answered = client.post(reverse("saml_acs", args=["idp"]), {"SAMLResponse": "bm8="})
    assert answered.status_code == 302
    doors = ("saml_finish_acs", "saml_sls", "saml_metadata")
    for page in (begun, *(client.get(reverse(name, args=["idp"])) for name in doors)):
        assert page.status_code == 503
        assert "tell an admin" in page.text

    client.force_login(unread)
    assert client.get(reverse("socialaccount_connections")).status_code == 200
    assert "tell an admin" in client.post(url("connect", "idp")).text


def test_an_admin_sees_metadata_that_cannot_be_read_and_enters_it_anew(
    client, saml, unread, server
):
    signed_in(client, is_staff=True)
    there = url("provider", saml.pk)
    assert "Cannot be read" in client.get(url("sign-in")).text
    assert "cannot be read, so nobody signs in by it" in client.get(there).text
    checked = client.post(url("provider-do", saml.pk), {"do": "check"}, follow=True)
    assert "This is no metadata of a SAML" in checked.text
    typed = {"name": "Work", "makes_accounts": "on"}
    other = server.metadata().replace(server.entity, "https://elsewhere.example")
    refused = client.post(there, {**typed, "new_metadata": other})
    assert "Set up a new provider" in refused.text

    saved = client.post(there, {**typed, "new_metadata": server.metadata()}, follow=True)

    assert "cannot be read" not in saved.text
    assert SocialAccount.objects.get().user == unread
    client.logout()
    sign_in(client, "saml")
    assert is_in(client)


@pytest.mark.parametrize("kept", ["<odd/>", ""])
def test_of_metadata_without_an_entity_id_no_other_advice_is_given(
    client, saml, unread, server, kept
):
    IdentityProvider.objects.update(metadata=kept)
    signed_in(client, is_staff=True)
    there = url("provider", saml.pk)

    assert "set up a new provider and remove this one" in client.get(there).text
    typed = {"name": "Work", "makes_accounts": "on", "new_metadata": server.metadata()}
    assert "Set up a new provider" in client.post(there, typed).text


def test_an_entity_id_is_read_as_it_is_meant():
    spelled = '<EntityDescriptor entityID="https://idp.example/?a=1&amp;b=2"/>'

    assert saml_metadata.entity_of(spelled) == "https://idp.example/?a=1&b=2"


def test_metadata_that_cannot_be_read_is_fetched_anew_where_it_stands(saml, unread, server):
    IdentityProvider.objects.update(
        metadata_url=f"{server.address}/metadata", metadata_at=now() - timedelta(days=2)
    )

    tasks.renew_metadata()

    assert known(saml) == 1


def test_metadata_without_a_key_is_refused(server):
    server.says_as_it_came()
    server.announced = []

    with pytest.raises(CurationError, match="no metadata"):
        saml_metadata.read(server.metadata())

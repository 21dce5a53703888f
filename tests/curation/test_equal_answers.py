"""Who asks in vain hears the same, and waits as long, whoever it is that they ask for."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from curation import afterwards
from curation.actions import tokens
from curation.models import AccessToken, Contributor

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
SORTS = ("nobody", "known", "plain", "closed", "keyless", "typed")


@pytest.fixture(autouse=True)
def people():
    """One who confirmed the address, one who did not, one whose account is closed, one who
    comes by the company's sign-in, and a second address."""
    cache.clear()
    make = Contributor.objects.create_user
    known = make("known@example.org", PASSWORD)
    make("plain@example.org", PASSWORD)
    make("closed@example.org", PASSWORD, is_active=False)
    make("keyless@example.org")
    for email, is_first in (("known@example.org", True), ("typed@example.org", False)):
        EmailAddress.objects.create(
            user=known, email=email, primary=is_first, verified=is_first
        )


def asked(send):
    """What it says, and the statements that it causes."""
    with CaptureQueriesContext(
        connection,
    ) as caught:
        answer = send(Client())
    said = re.sub(r'\w+@example\.org|csrf\w+" value="\w+|content="\w{64}"', "", answer.text)
    return (answer.status_code, said), len(caught)


def all_alike(sends):
    outcomes = [asked(send) for send in (sends[0], *sends)][1:]  # the first warms up
    assert len({said for said, _count in outcomes}) == 1
    assert len({count for _said, count in outcomes}) == 1, [n for _said, n in outcomes]


def test_a_wrong_password_is_as_wrong_for_whoever_it_is(monkeypatch):
    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher, "encode", lambda *one: hashed.append(1) or encode(*one)
    )

    def signing_in(name):
        sent = {"login": f"{name}@example.org", "password": "wrong and long"}
        return lambda client: client.post(reverse("account_login"), sent)

    all_alike([signing_in(name) for name in SORTS])
    assert len(hashed) == len(SORTS) + 1  # the first one came twice


def test_a_new_password_is_promised_to_whoever_it_is(monkeypatch):
    monkeypatch.setattr(afterwards, "do", lambda work: None)

    def resetting(name):
        sent = {"email": f"{name}@example.org"}
        return lambda client: client.post(reverse("account_reset_password"), sent)

    all_alike([resetting(name) for name in SORTS])


def test_a_key_that_opens_nothing_does_not_tell_why():
    person = Contributor.objects.get(email="known@example.org")
    secrets = {
        name: tokens.issue(by=person, name=name, scopes=["read"], days=1)
        for name in ("expired", "taken back", "closed", "gone")
    }
    there = {
        name: AccessToken.objects.filter(pk=one.pk) for name, (one, _) in secrets.items()
    }
    there["expired"].update(expires_at=now() - timedelta(hours=1))
    there["taken back"].update(revoked_at=now())
    there["closed"].update(person=Contributor.objects.get(email="closed@example.org"))
    there["gone"].delete()

    def knocking(secret):
        headers = {"Authorization": f"Bearer {secret}"}
        return lambda client: client.get("/api/v1/datasets/", headers=headers)

    all_alike([knocking(secret) for _token, secret in secrets.values()])

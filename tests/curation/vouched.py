"""Signing in at the provider that the tests run, step by step."""

from __future__ import annotations

import re
from html import unescape

import httpx
from django.urls import reverse

from curation import secrecy
from curation.models import IdentityProvider
from tests.curation.pages import url
from tests.identity import SECRET

PASSWORD = "correct horse battery"
KINDS = ("oidc", "saml")


def set_up(there, kind, **fields):
    usual = {"slug": "idp", "name": "Work", "is_on": True, "groups_from": "groups"}
    if kind == "oidc":
        own = {
            "server": there.address, "client_id": "winnow", "secret": secrecy.lock(SECRET)
        }  # fmt: skip
    else:
        own = {"metadata": there.metadata()}
    return IdentityProvider.objects.create(kind=kind, **{**usual, **own, **fields})


def ask(client, kind, **query):
    """Begin here, go there, and bring back what it says: its address and its form."""
    route = "openid_connect_login" if kind == "oidc" else "saml_login"
    answer = client.post(reverse(route, args=["idp"]), query, HTTP_HOST="testserver")
    if answer.status_code != 200:
        return answer, {}
    there = httpx.get(leads_to(answer))
    if kind == "oidc":
        return there.headers["Location"], {}
    response = there.text.partition('value="')[2].partition('"')[0]
    return reverse("saml_acs", args=["idp"]), {"SAMLResponse": response}


def leads_to(page):
    """The address there to which a page of ours goes on by itself."""
    assert page.status_code == 200
    there = unescape(re.search(r'content="0; url=([^"]+)"', page.text)[1])
    assert "127.0.0.1" in there
    return there


def bring(client, address, form):
    if form:
        client.post(address, form, HTTP_HOST="testserver")
        return client.get(reverse("saml_finish_acs", args=["idp"]), HTTP_HOST="testserver")
    return client.get(address, HTTP_HOST="testserver")


def sign_in(client, kind, **query):
    return bring(client, *ask(client, kind, **query))


def is_in(client):
    return client.get(url("profile")).status_code == 200

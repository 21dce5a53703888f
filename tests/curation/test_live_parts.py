"""Parts of pages that ask for themselves again: answered in full only where they differ."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from config.places import ROOT
from curation.actions import notices
from curation.http import unless_same
from curation.models import Notification
from tests.curation.pages import signed_in, url

TEMPLATES = ROOT / "templates"
pytestmark = pytest.mark.django_db


def test_the_bell_is_told_again_only_when_it_rings(client):
    person = signed_in(client)
    first = client.get(url("bell"))
    assert (first.status_code, first["Cache-Control"]) == (200, "private, no-store")
    assert 'data-live="120"' in first.content.decode()

    same = client.get(url("bell"), headers={"If-None-Match": first["ETag"]})
    assert (same.status_code, same.content) == (304, b"")

    notices.tell(person, Notification.Kind.SUSPENDED)
    rung = client.get(url("bell"), headers={"If-None-Match": first["ETag"]})
    assert rung.status_code == 200
    assert "1 unread notification" in rung.content.decode()


def test_a_form_in_it_is_no_difference(client):
    """Its token is another in each answer."""

    def answer(token):
        return HttpResponse(f'<input name="csrfmiddlewaretoken" value="{token}">')

    request = RequestFactory().get("/")
    tags = {unless_same(request, answer(token))["ETag"] for token in ("a", "b")}
    assert len(tags) == 1


def test_every_part_that_asks_again_has_an_id_and_asks_by_live_js():
    parts = [
        tag
        for path in TEMPLATES.rglob("*.html")
        for tag in re.findall(r"<[a-z]+ [^>]*?data-live=[^>]*>", path.read_text())
    ]

    assert len(parts) >= 7
    assert [
        tag for tag in parts if 'hx-trigger="live"' not in tag or " id=" not in tag
    ] == []
    assert not any('hx-trigger="every' in p.read_text() for p in TEMPLATES.rglob("*.html"))

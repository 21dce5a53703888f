"""Parts of pages that ask for themselves again: answered in full only where they differ."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.timezone import now

from config.places import ROOT
from curation.actions import notices
from curation.http import TOKEN, unless_same
from curation.models import Archiving, Extract, Freezing, Import, Notification
from tests.curation.pages import signed_in, url
from tests.factories import DatasetFactory

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


def importing(dataset, person):
    return Import.objects.create(
        dataset=dataset, asked_by=person, state="running", file_name="a.csv", size=1,
        kind="csv",
    )  # fmt: skip


def extracting(dataset, person):
    return Extract.objects.create(
        dataset=dataset, asked_by=person, state="running", format="dolly", kind="csv",
        pairs="all",
    )  # fmt: skip


def archiving(dataset, person):
    return Archiving.objects.create(dataset=dataset, asked_by=person, state="running")


def freezing(dataset, person):
    return Freezing.objects.create(
        dataset=dataset, asked_by=person, state="running", recipe={}
    )


@pytest.mark.parametrize(
    "begun, page, part",
    [
        (importing, "import", "errand"),
        (extracting, "extract", "errand"),
        (archiving, "archives", "archives"),
        (freezing, "versions", "freezing"),
    ],
)
def test_a_page_tells_how_far_work_is_only_when_it_is_further(client, begun, page, part):
    dataset = DatasetFactory()
    row = begun(dataset, signed_in(client, dataset, "curator"))
    own = [row.pk] if part == "errand" else []
    asked = {"HX-Request": "true", "HX-Target": part}
    there = url(page, dataset.slug, *own)
    whole = client.get(there).text
    first = client.get(there, headers=asked)

    assert f'id="{part}" hx-get="{there}"' in first.text
    assert "<html" not in first.text
    kept = TOKEN.sub(b"", first.content).decode().partition("id=")[2]
    assert kept in TOKEN.sub(b"", whole.encode()).decode(), "the same stands in the page"
    asked["If-None-Match"] = first["ETag"]
    same = client.get(there, headers=asked)
    assert (same.status_code, same.content) == (304, b"")

    type(row).objects.update(seen=3, of=9)
    assert "3 of 9" in client.get(there, headers=asked).text
    type(row).objects.update(state="failed", why="Not now.", ended_at=now())
    ended = client.get(there, headers=asked).text
    assert "Not now." in ended
    assert "data-live" not in ended


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

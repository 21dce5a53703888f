"""Browsing with what was counted a minute ago, and keeping a search."""

from __future__ import annotations

import re

import pytest
from django.core.cache import caches

from curation.actions import messages
from curation.models import SavedView
from tests.curation.pages import signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted_before():
    caches["own"].clear()


@pytest.fixture
def dataset():
    return DatasetFactory(slug="d")


def test_what_was_held_since_it_was_counted_is_not_shown(client, dataset):
    secret = MessageFactory(conversation__dataset=dataset, text="A seed that is secret")
    for _ in range(60):
        MessageFactory(conversation__dataset=dataset, text="Of no interest")
    signed_in(client, dataset)
    first = client.get(url("browse", dataset.slug)).text
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    messages.hold(message_id=secret.pk, by=curator, why="Look at it")

    last = re.search(r"after=(\d+)", first)[1]
    older = client.get(url("browse", dataset.slug), {"after": last})

    assert older.status_code == 200
    assert "Of no interest" in older.text
    assert "A seed that is secret" not in older.text


def test_only_who_wrote_here_is_named_as_an_author(client, dataset):
    stranger = ContributorFactory(name="Nora of another house")
    signed_in(client, dataset, "curator")

    page = client.get(url("browse", dataset.slug), {"author": stranger.pk})

    assert "Nora of another house" not in page.text


def test_a_search_too_long_to_keep_is_refused_with_a_sentence(client, dataset):
    signed_in(client, dataset, "curator")

    page = client.post(
        f"{url('browse', dataset.slug)}save/?q={'д' * 190}", {"name": "Long words"}
    )

    assert page.status_code == 409
    assert "too long to be kept" in page.text
    assert not SavedView.objects.exists()

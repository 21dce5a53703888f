"""The page on which curators ask for judgements again."""

from __future__ import annotations

import pytest

from curation import tasks
from curation.models import SecondLook
from tests.curation.judged import ask, publish, reviewed, state_of
from tests.curation.pages import signed_in, url
from tests.factories import ContributorFactory, DatasetFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__rankings_wanted=2, policy__replies_wanted=2)


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


def test_a_curator_sees_what_it_means_and_asks(client, monkeypatch, dataset):
    monkeypatch.setattr(tasks.judge_again, "delay", lambda: None)
    signed_in(client, dataset, "curator")
    old = reviewed(dataset)
    publish(dataset)
    path = url("judged-again", dataset.slug)
    assert path in client.get(url("guideline", dataset.slug)).text

    page = client.get(path, {"version": "1"})
    assert page.context["found"].reviews == 1
    assert "Have these judged again" in page.text
    sent = client.post(path, {"version": "1", "category": ""}, follow=True)
    assert "being put before people again" in sent.text
    assert state_of(old) == "accepted"  # the clock does it
    assert client.post(path, {"version": "1"}).status_code == 409
    tasks.judge_again()

    page = client.get(path)
    assert "Nothing to judge again" in page.text
    assert "Done" in page.text
    assert state_of(old) == "submitted"


def test_a_curator_stops_it(client, dataset):
    curator = signed_in(client, dataset, "curator")
    reviewed(dataset)
    publish(dataset)
    look = ask(dataset, curator)
    path = url("judged-again-stop", dataset.slug, look.pk)
    assert path in client.get(url("judged-again", dataset.slug)).text

    assert client.post(path).status_code == 302

    look.refresh_from_db()
    assert look.ended_at is not None


@pytest.mark.parametrize(
    "chosen", [{"version": "9"}, {"category": "none"}, {"version": "\0"}]
)
def test_what_there_is_not_is_refused(client, dataset, chosen):
    signed_in(client, dataset, "curator")
    publish(dataset)
    path = url("judged-again", dataset.slug)

    assert client.get(path, chosen).status_code == 422
    assert client.post(path, chosen).status_code == 422
    assert not SecondLook.objects.exists()


def test_it_is_the_curators(client, dataset, curator):
    reviewed(dataset)
    publish(dataset)
    look = ask(dataset, curator)
    other = DatasetFactory()
    signed_in(client, dataset, "writer", "reviewer")
    assert client.get(url("judged-again", dataset.slug)).status_code == 404
    assert client.post(url("judged-again-stop", dataset.slug, look.pk)).status_code == 404
    signed_in(client, other, "curator")
    assert client.post(url("judged-again-stop", other.slug, look.pk)).status_code == 404

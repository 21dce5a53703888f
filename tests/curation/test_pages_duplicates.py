from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils.timezone import now

from curation import tasks
from curation.actions import clusters, searches
from curation.actions.lookalikes import note_sketches
from curation.errors import CurationError, NotAllowed
from curation.models import Cluster, ClusterMember, DuplicateSearch, Event
from tests.curation.pages import queries, signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory
from tests.races import together

pytestmark = pytest.mark.django_db

ASKED = "How do {0}s differ from {0}istas, {0}ettes, {0}oons, {0}ades, {0}ists and {0}ia?"
ALIKE = (
    "How do {0}s differ from {0}istas, {0}ettes, {0}oons, {0}ades, {0}ists and {0}ia now?"
)
WITH_A = ("piano", "flute", "cello", "harp", "viola", "organ")


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def rung(monkeypatch):
    """What workers were called for."""
    calls = []
    monkeypatch.setattr(
        "curation.views.duplicates.ring", lambda task, **sent: calls.append((task, sent))
    )
    return calls


def group(dataset, of="piano", **fields):
    """Two prompts that are alike, put up for decision."""
    for text in (ASKED, ALIKE):
        message = MessageFactory(
            conversation__dataset=dataset, text=text.format(of), **fields
        )
        note_sketches([message])
    clusters.find(dataset=dataset)
    return ClusterMember.objects.filter(message__text__contains=f" {of}s ").last()


def states():
    return list(ClusterMember.objects.order_by("pk").values_list("state", flat=True))


def test_a_search_is_asked_for_and_done_by_a_worker(client, dataset, rung):
    person = signed_in(client, dataset, "curator")
    path = url("duplicates", dataset.slug)
    assert "Nobody has looked for them yet." in client.get(path).text

    client.post(url("duplicates-search", dataset.slug))
    assert rung == [(tasks.find_duplicates, {"dataset_id": dataset.pk})]
    assert "Waits for a worker." in client.get(path).text
    again = client.post(url("duplicates-search", dataset.slug))
    assert (again.status_code, len(rung)) == (409, 1)

    group(dataset)
    tasks.find_duplicates(dataset.pk)
    assert "1 prompt waited then." in client.get(path).text
    assert DuplicateSearch.objects.get().asked_by == person
    assert Event.objects.filter(kind="duplicates.asked", by=person).count() == 1


def test_a_search_whose_worker_is_gone_can_be_asked_for_again(client, dataset, rung):
    signed_in(client, dataset, "curator")
    client.post(url("duplicates-search", dataset.slug))
    DuplicateSearch.objects.update(asked_at=now() - timedelta(hours=2))

    page = client.get(url("duplicates", dataset.slug)).text
    client.post(url("duplicates-search", dataset.slug))

    assert "did not come to its end" in page
    assert len(rung) == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_once_start_one_search():
    dataset = DatasetFactory()
    curator = ContributorFactory(member=dataset, member__roles=["curator"])

    outcomes = together(
        *(lambda: searches.ask(dataset=dataset, by=curator) for _ in range(3))
    )

    assert outcomes.count(CurationError) == 2
    connection.close()


def test_the_page_shows_both_texts_and_what_differs(client, dataset):
    author = ContributorFactory(name="Pia Pianist")
    group(dataset, author=author)
    signed_in(client, dataset, "curator")

    page = client.get(url("duplicates", dataset.slug)).text

    assert ASKED.format("piano") in page or ALIKE.format("piano") in page
    assert 'class="diff"' in page
    assert "Pia Pianist" in page
    assert "% alike" in page


@pytest.mark.parametrize(
    ("button", "state"), [("merge", "merged"), ("dismiss", "dismissed")]
)
def test_a_member_is_decided_on_and_the_decision_changed(client, dataset, button, state):
    member = group(dataset)
    signed_in(client, dataset, "curator")
    path = url("duplicates", dataset.slug)

    client.post(path, {button: member.pk, "cluster": member.cluster_id})
    assert states() == [state]
    assert f'value="{member.pk}"' not in client.get(path).text
    other = "dismiss" if button == "merge" else "merge"
    assert f'name="{other}" value="{member.pk}"' in client.get(path + "?state=decided").text
    client.post(path, {other: member.pk})
    assert states() != [state]


def test_whole_groups_are_decided_on(client, dataset):
    chosen = [group(dataset, of).cluster_id for of in ("piano", "flute")]
    group(dataset, "cello")
    signed_in(client, dataset, "curator")

    client.post(url("duplicates", dataset.slug), {"merge": "all", "cluster": chosen})

    assert sorted(states()) == ["merged", "merged", "open"]


@pytest.mark.parametrize("sent", [{}, {"merge": "x"}, {"merge": "all"}, {"dismiss": "²"}])
def test_what_says_nothing_is_refused(client, dataset, sent):
    group(dataset)
    signed_in(client, dataset, "curator")

    assert client.post(url("duplicates", dataset.slug), sent).status_code == 422
    assert states() == ["open"]


def test_what_was_found_anew_meanwhile_is_not_there(client, dataset):
    member = group(dataset)
    signed_in(client, dataset, "curator")
    ClusterMember.objects.all().delete()

    path = url("duplicates", dataset.slug)
    assert client.post(path, {"merge": member.pk}).status_code == 404


def test_the_screen_is_the_curators(client, dataset, rung):
    member = group(dataset)
    path = url("duplicates", dataset.slug)
    for person in (dataset, DatasetFactory()):
        signed_in(client, person)
        assert client.get(path).status_code == 404
        assert client.post(path, {"merge": member.pk}).status_code == 404
        assert client.post(url("duplicates-search", dataset.slug)).status_code == 404
    other = DatasetFactory()
    signed_in(client, other, "curator")
    theirs = url("duplicates", other.slug)
    assert client.post(theirs, {"merge": member.pk}).status_code == 404
    sent = {"merge": "all", "cluster": member.cluster_id}
    assert client.post(theirs, sent).status_code == 404
    with pytest.raises(NotAllowed):
        searches.ask(dataset=dataset, by=ContributorFactory(member=dataset))
    assert (states(), rung) == (["open"], [])


def test_groups_go_by_pages_in_as_many_queries(client, dataset):
    signed_in(client, dataset, "curator")
    path = url("duplicates", dataset.slug)
    for of in WITH_A[:2]:
        group(dataset, of)
    few = queries(client, path)
    for of in (*WITH_A[2:], "lute", "drum", "horn", "oboe", "sitar", "banjo"):
        group(dataset, of)

    assert queries(client, path) == few
    found = client.get(path).context
    assert len(found["clusters"]) == 10
    after = client.get(f"{path}?after={found['following']}").context
    assert len(after["clusters"]) == Cluster.objects.count() - 10 > 0
    assert client.get(f"{path}?after=x&state=y").status_code == 200


def test_nothing_is_said_of_what_nobody_looked_for(client, dataset):
    signed_in(client, dataset, "curator")

    page = client.get(url("duplicates", dataset.slug)).text

    assert "It is not known yet which prompts are alike" in page
    assert "No prompts are alike here" not in page

"""Texts are looked for by programs, as on the browse page and as blind."""

from __future__ import annotations

import pytest

from curation.actions import gold
from curation.models import SavedView
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory
from tests.programs import Program, refused_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def here(dataset):
    return f"datasets/{dataset.slug}/search/"


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


def test_words_and_facets_find_page_after_page(dataset, here, curator, monkeypatch):
    monkeypatch.setattr("curation.api.searching.PAGE_SIZE", 2)
    monkeypatch.setattr("curation.hits.PAGE_SIZE", 2)
    texts = [
        MessageFactory(accepted=True, conversation__dataset=dataset, text=f"Zebra {n}?")
        for n in range(5)
    ]
    MessageFactory(conversation__dataset=dataset, text="A horse?")
    program, asked, seen = Program(curator), f"{here}?q=zebra&sort=newest", []

    while asked:
        found = program.get(asked).json()
        assert (found["total"], found["is_more"]) == (5, False)
        seen += [one["id"] for one in found["results"]]
        asked = (found["next"] or "").partition("/api/v1/")[2]

    assert seen == [text.address for text in reversed(texts)]
    both = program.get(f"{here}?state=submitted,accepted&role=prompter").json()
    assert both["total"] == 6
    saved = SavedView.objects.create(
        dataset=dataset, owner=curator, name="Mine", query="q=horse"
    )
    by_view = program.get(f"{here}?view={saved.pk}").json()["results"]
    assert [one["text"] for one in by_view] == ["A horse?"]
    assert refused_fields(program.get(f"{here}?view={saved.pk}&q=x")) == {"view"}
    assert program.get(f"{here}?q=zebra&cursor=abc").status_code == 404
    assert refused_fields(program.get(f"{here}?language=%25&state=odd")) == {
        "language", "state",
    }  # fmt: skip
    assert program.get(f"{here}?words=x").status_code == 400


def test_a_known_item_is_found_among_what_waits(dataset, here, curator):
    known, decided = (
        MessageFactory(accepted=True, conversation__dataset=dataset, text="Zebra?")
        for _ in range(2)
    )
    gold.make(message_id=known.pk, by=curator, verdict="accept", why="It is plain.")
    reviewer = Program(ContributorFactory(member=dataset, member__roles=["reviewer"]))

    def found(query):
        return {one["id"]: one for one in reviewer.get(here + query).json()["results"]}

    assert found("?q=zebra&state=accepted").keys() == {decided.address}
    blind = found("?q=zebra&state=submitted")[known.address]
    assert (blind["state"], blind["created_at"], blind["conversation"]) == (
        "submitted", None, None,
    )  # fmt: skip
    assert refused_fields(reviewer.get(f"{here}?agreement=contested")) == {"agreement"}
    viewer = Program(ContributorFactory(member=dataset, member__roles=["viewer"]))
    assert viewer.get(here).json()["total"] == 2
    assert Program(ContributorFactory()).get(here).status_code == 404

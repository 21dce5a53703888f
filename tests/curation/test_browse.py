"""Browsing and searching: what is found, by whom, and how many more there are."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.core.cache import caches

from curation import facets, hits
from curation.actions import tallies
from curation.models import (
    Conversation,
    Message,
    Settlement,
    Tally,
)
from tests.curation.browsing import asked, found, found_something, rated, wrote
from tests.curation.pages import held, queries, signed_in, url
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted_before():
    caches["own"].clear()


@pytest.fixture
def dataset():
    return DatasetFactory(slug="d")


# ---- words -------------------------------------------------------------------------
def test_every_word_must_be_there_in_any_case(dataset):
    wrote(dataset, "The Owl sleeps.")
    wrote(dataset, "An owl reads.")
    assert found(dataset, "q=owl+READS") == ["An owl reads."]


def test_the_last_word_may_be_only_begun(dataset):
    wrote(dataset, "Übungen macht sie täglich.")
    assert found(dataset, "q=täglich+übung") == ["Übungen macht sie täglich."]
    assert found(dataset, "q=übung+täglich") == []


@pytest.mark.parametrize(
    ("words", "texts"),
    [
        ('"red kite"', ["a red kite"]),
        ("kite or crow", ["a crow, red", "red, not a kite", "a red kite"]),
        ("red -kite", ["a crow, red"]),
    ],
)
def test_quotes_or_and_minus_are_understood(dataset, words, texts):
    for text in ("a red kite", "red, not a kite", "a crow, red"):
        wrote(dataset, text)
    assert found(dataset, urlencode({"q": words, "sort": "newest"})) == texts


@pytest.mark.parametrize("words", ["'", '"', "!!!", "a & | !", "\\", "(", ":*", "d:1", "%"])
def test_no_sign_breaks_the_search(client, dataset, words):
    wrote(dataset, "An owl.")
    signed_in(client, dataset)
    assert client.get(url("browse", "d"), {"q": words}).status_code == 200


def test_the_passage_beside_a_prompt_is_searched_too(dataset):
    wrote(dataset, "What is it?", context="The axolotl regrows its limbs.")
    assert found(dataset, "q=axolotl") == ["What is it?"]


def test_other_datasets_are_not_searched(dataset):
    wrote(DatasetFactory(), "An owl.")
    assert found(dataset, "q=owl") == []


def test_relevance_puts_the_best_first(dataset):
    wrote(dataset, "owl owl owl")
    wrote(dataset, "One owl among many other words that are about something else.")
    assert found(dataset, "q=owl")[0] == "owl owl owl"
    assert found(dataset, "q=owl&sort=newest")[1] == "owl owl owl"


def test_words_found_are_marked_and_markup_is_not_believed(client, dataset):
    wrote(dataset, "<b>An owl</b> \x02sleeps\x03.")
    signed_in(client, dataset)
    html = client.get(url("browse", "d"), {"q": "owl"}).content.decode()
    assert "<mark>owl</mark>" in html
    assert "<b>An" not in html


# ---- who finds what ----------------------------------------------------------------
def test_what_is_held_only_curators_find(dataset):
    text = held(dataset).text
    assert text in found(dataset, is_curator=True)
    assert text not in found(dataset, is_curator=False)
    assert found(dataset, "state=held", is_curator=False) == []


def test_what_was_taken_back_nobody_finds_or_counts(dataset):
    message = wrote(dataset, "An owl.")
    Message.objects.filter(pk=message.pk).update(
        state="withdrawn", decided_at=message.created_at
    )
    assert found(dataset, "q=owl") == []
    assert facets.counts_of(asked(dataset, "q=owl")).total == 0


@pytest.mark.parametrize("facet", ["author", "origin", "agreement", "score", "rating"])
def test_members_cannot_filter_by_what_would_tell_them_what_to_think(dataset, facet):
    message = wrote(dataset, "An owl.")
    value = {"author": message.author_id, "origin": "model", "agreement": "contested"}
    value |= {"score": "100", "rating": "6-7"}
    query = f"{facet}={value[facet]}"
    assert facet in asked(dataset, query, is_curator=True).chosen
    assert facet not in asked(dataset, query, is_curator=False).chosen
    assert facet not in facets.counts_of(asked(dataset, is_curator=False)).by_facet


def test_members_see_no_names(client, dataset):
    wrote(dataset, "An owl.", author=ContributorFactory(name="Ada Lovelace"))
    signed_in(client, dataset)
    assert b"Ada Lovelace" not in client.get(url("browse", "d")).content
    signed_in(client, dataset, "curator")
    assert b"Ada Lovelace" in client.get(url("browse", "d")).content


def test_others_have_no_such_page(client, dataset):
    signed_in(client)
    assert client.get(url("browse", "d")).status_code == 404


# ---- facets ------------------------------------------------------------------------
def test_facets_are_combined_and_values_of_one_are_either(dataset):
    qa = CategoryFactory(dataset=dataset, slug="qa")
    wrote(dataset, "in", conversation__category=qa, language="de")
    wrote(dataset, "other language", conversation__category=qa)
    wrote(dataset, "no category", language="de")
    assert found(dataset, "category=qa&language=de") == ["in"]
    assert len(found(dataset, "language=de&language=en")) == 3


def test_a_facet_counts_what_its_other_values_would_find(dataset):
    wrote(dataset, "a", accepted=True)
    wrote(dataset, "b", language="de")
    wrote(dataset, "c", language="de")
    counts = facets.counts_of(asked(dataset, "state=submitted"))
    assert counts.total == 2
    assert counts.by_facet["state"] == {"accepted": 1, "submitted": 2}
    assert counts.by_facet["language"] == {"de": 2}


def test_of_a_large_dataset_a_kept_table_counts_and_pages_are_found_anew(
    client, dataset, monkeypatch
):
    monkeypatch.setattr(facets, "LARGE", 2)
    for number in range(3):
        wrote(dataset, f"An owl {number}", language="de")
    assert tallies.count_large() == 1
    wrote(dataset, "A newer owl")
    signed_in(client, dataset)
    page = client.get(url("browse", "d"))
    counts = page.context["counts"]
    assert counts.total == 3
    assert counts.by_facet["language"] == {"de": 3}
    assert counts.at is not None
    assert page.context["found"][0].message.text == "A newer owl"
    assert len(client.get(f"{url('browse', 'd')}?language=en").context["found"]) == 1
    tallies.count_large()
    assert client.get(url("browse", "d")).context["counts"].total == 4


def test_a_large_dataset_that_no_worker_has_counted_yet_is_counted_in_part(
    dataset, monkeypatch
):
    monkeypatch.setattr(facets, "LARGE", 2)
    monkeypatch.setattr(hits, "LOOKED_AT", 2)
    wrote(dataset, "An owl of old", language="de")
    for number in range(3):
        wrote(dataset, f"An owl {number}")
    counts = facets.counts_of(asked(dataset))
    assert (counts.total, counts.is_more) == (2, True)
    assert found(dataset, "language=de") == ["An owl of old"]


def test_a_dataset_that_is_small_again_is_counted_by_its_pages(dataset, monkeypatch):
    wrote(dataset, "An owl.")
    monkeypatch.setattr(facets, "LARGE", 0)
    tallies.count_large()
    assert Tally.objects.get().messages == 1
    monkeypatch.undo()
    tallies.count_large()
    assert not Tally.objects.exists()


@pytest.mark.parametrize("is_large", [False, True])
def test_conversations_places_and_ratings_are_facets(dataset, monkeypatch, is_large):
    monkeypatch.setattr(facets, "LARGE", 0 if is_large else 100)
    prompt = wrote(dataset, "prompt", accepted=True)
    best, middle, worst = (
        ReplyFactory(parent=prompt, text=text, accepted=True)
        for text in ("best", "middle", "worst")
    )
    order = [[best.pk], [middle.pk], [worst.pk]]
    Settlement.objects.create(prompt=prompt, order=order, ballots=1, status="consensus")
    rated(prompt, {best: 7, middle: 4, worst: 2})
    rated(prompt, {best: 6, middle: 4})
    Conversation.objects.filter(pk=prompt.conversation_id).update(state="ranking")
    wrote(dataset, "elsewhere")
    tallies.count_large()
    assert found(dataset, "score=100") == ["best"]
    assert set(found(dataset, "score=100&score=0")) == {"best", "worst"}
    assert found(dataset, "rating=6-7") == ["best"]
    assert found(dataset, "rating=4-5&score=50-99") == ["middle"]
    assert found(dataset, "conversation=review") == ["elsewhere"]
    assert found(dataset, "conversation=ranking&rating=2-3") == ["worst"]
    counts = facets.counts_of(asked(dataset, "conversation=ranking"))
    assert counts.total == 4
    assert counts.by_facet["conversation"] == {"review": 1, "ranking": 4}
    assert counts.by_facet["score"] == {"100": 1, "50-99": 1, "0": 1}
    assert counts.by_facet["rating"] == {"6-7": 1, "4-5": 1, "2-3": 1}


def test_findings_are_counted_by_check(dataset):
    message = wrote(dataset, "An owl.")
    for check in ("secret", "personal_data.email", "context.personal_data.iban"):
        found_something(message, check)
    counts = facets.counts_of(asked(dataset))
    assert counts.by_facet["check"] == {"secret": 1, "personal_data": 1}
    assert found(dataset, "check=secret&check=echo") == ["An owl."]


@pytest.mark.parametrize("sort", ["newest", "relevance", "oldest"])
@pytest.mark.parametrize("who", ["author", "word"])
def test_beyond_the_bound_counts_are_at_least_and_all_is_still_found(
    dataset, monkeypatch, sort, who
):
    monkeypatch.setattr(hits, "LOOKED_AT", 2)
    old = wrote(dataset, "An owl of old", language="de")
    for number in range(5):
        wrote(dataset, f"An owl {number}", author=old.author)
    query = {"author": f"author={old.author_id}", "word": "q=owl"}[who]
    counts = facets.counts_of(asked(dataset, query))
    assert (counts.total, counts.is_more) == (2, True)
    assert "language" in counts.more_in
    assert found(dataset, f"{query}&language=de&sort={sort}") == ["An owl of old"]


@pytest.mark.parametrize(
    "query",
    [
        "state=withdrawn",
        "state=x%00",
        "category=none",
        "guideline=99",
        "guideline=99999999999",
        "author=x",
        "author=123456789",
        "score=5",
        "rating=7-8",
        "conversation=lost",
        "agreement=some",
        "check=<b>",
        "after=-1",
        "sort=x",
    ],
)
def test_what_cannot_be_asked_for_finds_nothing_and_says_why(client, dataset, query):
    wrote(dataset, "An owl.")
    signed_in(client, dataset, "curator")
    page = client.get(f"{url('browse', 'd')}?language=en&{query}")
    assert page.status_code == 400
    assert page.context["found"] == []
    assert len(page.context["unknown"]) == 1
    assert b"?language=en" in page.content


# ---- pages -------------------------------------------------------------------------
@pytest.mark.parametrize("sort", ["newest", "oldest", "relevance"])
def test_pages_follow_on_each_other_without_a_gap(client, dataset, sort):
    texts = {wrote(dataset, f"An owl {number}").text for number in range(60)}
    signed_in(client, dataset)
    path, seen = f"{url('browse', 'd')}?q=owl&sort={sort}", []
    while path:
        context = client.get(path).context
        seen += [one.message.pk for one in context["found"]]
        following = context["following"]
        path = f"{url('browse', 'd')}?{following}" if following else ""
    assert len(seen) == 60
    assert set(Message.objects.filter(pk__in=seen).values_list("text", flat=True)) == texts


def test_an_empty_page_says_what_would_find_some(client, dataset):
    wrote(dataset, "An owl.", language="de")
    signed_in(client, dataset)
    page = client.get(f"{url('browse', 'd')}?q=owl&language=de&state=accepted")
    assert [title for title, *_ in page.context["freed"]] == ["State"]


def test_more_texts_need_no_more_queries(client, dataset):
    signed_in(client, dataset, "curator")
    for number in range(3):
        wrote(dataset, f"An owl {number}")
    path = f"{url('browse', 'd')}?q=owl"
    few = queries(client, path)
    for number in range(20):
        wrote(dataset, f"An owl again {number}", accepted=True)
    assert queries(client, path) <= few

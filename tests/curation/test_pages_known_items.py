"""Until somebody has met a known item, no page tells it from what waits for verdicts."""

from __future__ import annotations

import re

import pytest
from django.core.cache import caches

from curation import facets
from curation.actions import gold, tallies
from curation.models import Conversation, Message
from tests.annotate.known_items import known
from tests.curation.pages import frozen, signed_in, url
from tests.factories import (
    ContributorFactory,
    ConversationFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.programs import Program

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted_before():
    caches["own"].clear()


@pytest.fixture
def dataset():
    return DatasetFactory(slug="d")


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


@pytest.fixture
def item(dataset, curator):
    """Long accepted, under a guideline, in a conversation that has answers to rank."""
    there = known(dataset, curator, text="A known owl.")
    Conversation.objects.filter(pk=there.message.conversation_id).update(state="ranking")
    return there


@pytest.fixture
def waiting(dataset):
    return MessageFactory(conversation__dataset=dataset, text="An owl that waits.")


@pytest.fixture(params=[10_000, 0], ids=["counted here", "counted by a worker"])
def counted(request, monkeypatch):
    """Once all is written."""

    def count():
        monkeypatch.setattr(facets, "LARGE", request.param)
        if not request.param:
            tallies.count_large()

    return count


def browsed(client, query=""):
    page = client.get(f"{url('browse', 'd')}?{query}")
    assert page.status_code == 200
    return [one.message.text for one in page.context["found"]], page


def line_of(page, text):
    """How a text is listed, without what is its own."""
    (line,) = (one for one in re.findall(r"<li.*?</li>", page.text, re.S) if text in one)
    return re.sub(r"[0-9a-f]{16}|\d+", "", line.replace(text, ""))


def test_in_the_list_it_looks_like_one_that_waits(client, dataset, item, waiting):
    other = MessageFactory(conversation__dataset=dataset, accepted=True, text="Another.")
    signed_in(client, dataset, "reviewer")

    texts, page = browsed(client)

    assert len(texts) == 3
    assert line_of(page, "A known owl.") == line_of(page, "An owl that waits.")
    assert "<time" not in line_of(page, "A known owl.")
    assert "<time" in line_of(page, other.text)


def test_it_is_found_and_counted_among_what_waits(client, dataset, item, waiting, counted):
    MessageFactory(conversation__dataset=dataset, accepted=True, text="Another.")
    both = ["An owl that waits.", "A known owl."]
    counted()
    signed_in(client, dataset, "reviewer")

    assert browsed(client, "state=submitted")[0] == both
    assert browsed(client, "state=submitted&q=owl")[0] in (both, both[::-1])
    assert browsed(client, "state=accepted")[0] == ["Another."]
    assert browsed(client, "state=accepted&q=owl")[0] == []
    assert browsed(client, "conversation=ranking")[0] == []
    assert browsed(client, "conversation=review")[0][-1] == "A known owl."
    for query in ("", "q=owl"):
        counts = browsed(client, query)[1].context["counts"]
        without_words = not query
        assert counts.total == 2 + without_words
        assert counts.by_facet["state"].get("submitted") == 2
        assert counts.by_facet["state"].get("accepted", 0) == without_words
        assert "ranking" not in counts.by_facet["conversation"]


def test_its_guideline_tells_nothing_of_its_age(client, dataset, item, counted):
    guideline = dataset.guidelines.get()
    MessageFactory(conversation__dataset=dataset, text="Old and waiting.")
    MessageFactory(conversation__dataset=dataset, text="Done.", accepted=True)
    Message.objects.update(guideline=guideline)
    counted()
    signed_in(client, dataset, "reviewer")

    texts, page = browsed(client, "guideline=1")

    assert texts == ["Done."]
    assert page.context["counts"].by_facet["guideline"] == {str(guideline.pk): 1}


def test_its_conversation_waits_for_review(client, dataset, item):
    ConversationFactory(dataset=dataset, state="ranking")
    signed_in(client, dataset, "writer")

    page = client.get(url("dataset", "d"))

    line = line_of(page, "A known owl.")
    assert "badge--review" in line and "<time" not in line
    counts = {one["value"]: one["count"] for one in page.context["states"]}
    assert counts == {"review": 1, "ranking": 1}
    for state, count in counts.items():
        found = client.get(f"{url('dataset', 'd')}?state={state}").context["page"]
        assert len(found) == count
        assert (item.message.conversation in found) is (state == "review")


def test_where_it_went_is_not_told(client, dataset, curator):
    frozen(dataset, 1)
    reply = Message.objects.get(role="assistant")
    gold.make(message_id=reply.pk, by=curator, verdict="accept", why="It is clear.")
    reviewer = signed_in(client, dataset, "reviewer")
    address = url("text-lineage", reply.pk)

    before = client.get(address).text
    gold.answer(message_id=reply.pk, by=reviewer, verdict="accept")
    after = client.get(address).text

    assert "It is in no frozen version" in before and "badge--submitted" in before
    assert "It is in no frozen version" not in after and "badge--accepted" in after


def test_met_it_is_what_it_is_and_curators_always_see_that(client, dataset, curator, item):
    reviewer = signed_in(client, dataset, "reviewer")
    assert browsed(client, "state=accepted")[0] == []

    gold.answer(message_id=item.message.pk, by=reviewer, verdict="accept")

    for who in (reviewer, curator):
        client.force_login(who)
        assert browsed(client, "state=accepted")[0] == ["A known owl."]
        assert "<time" in line_of(browsed(client)[1], "A known owl.")


def test_a_conversation_with_a_known_answer_grows_as_with_one_that_waits(
    client, dataset, curator, counted
):
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    reply = ReplyFactory(parent=prompt, accepted=True)
    Conversation.objects.update(state="ranking")
    gold.make(message_id=reply.pk, by=curator, verdict="accept", why="It is clear.")
    counted()
    reviewer = signed_in(client, dataset, "reviewer")
    tree = url("conversation", "d", prompt.conversation_id)
    api = f"datasets/d/conversations/{prompt.conversation_id}/"

    assert "badge--growing" in client.get(tree).text
    assert Program(reviewer).get(api).json()["state"] == "growing"
    assert len(browsed(client, "conversation=growing")[0]) == 2
    texts, page = browsed(client, "conversation=ranking")
    assert texts == []
    assert page.context["counts"].by_facet["conversation"] == {"growing": 2}
    page = client.get(f"{url('dataset', 'd')}?state=growing")
    assert [one["value"] for one in page.context["states"]] == ["growing"]
    assert len(page.context["page"]) == 1
    client.force_login(curator)
    assert "badge--ranking" in client.get(tree).text


def test_of_a_pair_both_texts_wait(client):
    dataset = DatasetFactory(slug="pairs", shape="pairs")
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    reviewer = signed_in(client, dataset, "reviewer")
    pairs = [
        ReplyFactory(
            accepted=is_known, parent__accepted=is_known,
            parent__conversation__dataset=dataset,
        )
        for is_known in (True, False)
    ]  # fmt: skip
    gold.make(message_id=pairs[0].pk, by=curator, verdict="accept", why="It is clear.")

    told = [
        Program(reviewer)
        .get(f"datasets/pairs/conversations/{pair.conversation_id}/")
        .json()
        for pair in pairs
    ]

    known_one, other = ([
        (one["state"], one["approvals"], one["parent"] == tree["messages"][0]["id"])
        for one in tree["messages"]
    ] for tree in told)  # fmt: skip
    assert known_one == other == [("submitted", None, False), ("submitted", None, True)]
    assert told[0]["state"] == told[1]["state"] == "review"
    browsed_too = client.get(f"{url('browse', 'pairs')}?state=submitted")
    assert len(browsed_too.context["found"]) == 4
    found = Program(reviewer).get("datasets/pairs/messages/?state=accepted").json()
    assert found["results"] == []

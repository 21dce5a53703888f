"""Known items from which something came: they wait as if nothing had."""

from __future__ import annotations

import re

import pytest
from django.core.cache import caches

from curation import facets
from curation.actions import gold, tallies
from curation.models import Conversation, Message
from tests.annotate.known_items import known
from tests.curation.pages import signed_in, url
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.programs import Program

pytestmark = pytest.mark.django_db

WORKERS = ["reviewer", "writer"]
ALL = {"A known owl.", "Its answer.", "And then?", "Another.", "A waiting owl."}
TOLD = {"A known owl.", "Another.", "A waiting owl."}


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
    """Of a prompt that was answered and talked on from, beside others."""
    there = known(dataset, curator, text="A known owl.")
    reply = ReplyFactory(parent=there.message, accepted=True, text="Its answer.")
    MessageFactory(
        parent=reply, conversation=reply.conversation, accepted=True, text="And then?"
    )
    Conversation.objects.update(state="complete", completed_at=reply.created_at)
    MessageFactory(conversation__dataset=dataset, accepted=True, text="Another.")
    MessageFactory(conversation__dataset=dataset, text="A waiting owl.")
    Conversation.objects.filter(messages__text="Another.").update(state="growing")
    return there


@pytest.fixture
def edited(dataset, curator):
    """Rejected for its edit, which was accepted and answered."""
    there = known(dataset, curator, "reject", text="A known owl.", state="rejected")
    edit = MessageFactory(
        conversation=there.message.conversation, revises=there.message, accepted=True,
        text="Its edit.",
    )  # fmt: skip
    ReplyFactory(parent=edit, accepted=True, text="Its answer.")
    Conversation.objects.update(state="ranking")
    MessageFactory(conversation__dataset=dataset, text="A waiting owl.")
    return there


def browsed(client, query="", slug="d"):
    page = client.get(f"{url('browse', slug)}?{query}")
    assert page.status_code == 200
    texts = {one.message.text for one in page.context["found"]}
    return texts, page.context["counts"]


def counted_on(client, query="", slug="d"):
    """How many messages each conversation is said to have."""
    page = client.get(url("dataset", slug) + query).text
    return [int(count) for count in re.findall(r"<span>(\d+) messages?</span>", page)]


def listed(person, path):
    return Program(person).get(f"datasets/d/{path}").json()["results"]


def told_of(trees):
    """What is told of whole conversations but their names and texts."""
    names = {"id", "number", "text"}
    of_tree = ("state", "message_count", "created_at")
    return [
        (
            [tree[name] for name in of_tree],
            [{k: v for k, v in one.items() if k not in names} for one in tree["messages"]],
        )
        for tree in trees
    ]


def trees_of(person, *messages, slug="d"):
    program = Program(person)
    return [
        program.get(f"datasets/{slug}/conversations/{one.conversation_id}/").json()
        for one in messages
    ]


@pytest.mark.parametrize("role", WORKERS)
@pytest.mark.parametrize("large", [10_000, 0])
def test_its_answers_are_neither_found_nor_counted(
    client, dataset, item, role, large, monkeypatch
):
    monkeypatch.setattr(facets, "LARGE", large)
    if not large:
        tallies.count_large()
    reader = signed_in(client, dataset, role)

    assert browsed(client, "state=accepted&conversation=review")[0] == set()
    assert browsed(client, "q=answer")[0] == set()
    for query in ("", "conversation=review&conversation=growing", "sort=oldest"):
        texts, counts = browsed(client, query)
        assert texts == TOLD
        assert counts.total == 3
        assert counts.by_facet["state"] == {"submitted": 2, "accepted": 1}
        assert counts.by_facet["conversation"] == {"review": 2, "growing": 1}
    found = Program(reader).get("datasets/d/search/").json()
    assert ({one["text"] for one in found["results"]}, found["total"]) == (TOLD, 3)


@pytest.mark.parametrize("role", WORKERS)
def test_its_conversation_counts_one_message(client, dataset, item, role):
    reader = signed_in(client, dataset, role)

    assert counted_on(client) == [1, 1, 1]
    assert counted_on(client, "?state=review") == [1, 1]
    counts = listed(reader, "conversations/?state=review")
    assert [one["message_count"] for one in counts] == [1, 1]


@pytest.mark.parametrize("role", WORKERS)
def test_programs_read_no_text_whose_prompt_is_hidden(client, dataset, item, role):
    reader = signed_in(client, dataset, role)
    waiting = Message.objects.get(text="A waiting owl.")

    assert {one["text"] for one in listed(reader, "messages/")} == TOLD
    assert [one["text"] for one in listed(reader, "messages/?state=accepted")] == [
        "Another."
    ]
    assert listed(reader, "messages/?role=assistant") == []
    one, other = told_of(trees_of(reader, item.message, waiting))
    assert one == other
    page = client.get(url("conversation", "d", item.message.conversation_id)).text
    assert "A known owl." in page
    assert "Its answer." not in page and "And then?" not in page
    reply = Message.objects.get(text="Its answer.")
    alone = Program(reader).get(f"messages/{reply.address}/").json()
    assert (alone["parent"], alone["conversation"]) == (None, None)


@pytest.mark.parametrize("role", WORKERS)
def test_a_rejected_one_hides_the_edit_that_was_accepted(client, dataset, edited, role):
    reader = signed_in(client, dataset, role)
    both = {"A known owl.", "A waiting owl."}
    waiting = Message.objects.get(text="A waiting owl.")

    for query in ("", "state=submitted", "conversation=review"):
        assert browsed(client, query)[0] == both
    for query in ("state=accepted", "state=rejected", "q=edit", "q=answer"):
        assert browsed(client, query)[0] == set()
    assert {one["text"] for one in listed(reader, "messages/")} == both
    page = client.get(url("dataset", "d")).text
    assert "A known owl." in page and "Its edit." not in page
    assert counted_on(client) == [1, 1]
    one, other = told_of(trees_of(reader, edited.message, waiting))
    assert one == other


@pytest.mark.parametrize("role", ["curator", "viewer"])
def test_curators_and_viewers_see_all_that_was_accepted(client, dataset, item, role):
    reader = signed_in(client, dataset, role)
    all_here = ALL if role == "curator" else ALL - {"A waiting owl."}

    assert browsed(client)[0] == all_here
    assert browsed(client, "state=accepted")[0] == ALL - {"A waiting owl."}
    assert browsed(client, "state=accepted&conversation=review")[0] == set()
    assert {one["text"] for one in listed(reader, "messages/")} == all_here
    (tree,) = trees_of(reader, item.message)
    assert (tree["state"], tree["message_count"]) == ("complete", 3)
    counts = {
        one["number"]: one["message_count"] for one in listed(reader, "conversations/")
    }
    assert counts[item.message.conversation_id] == 3
    reply = tree["messages"][1]
    alone = Program(reader).get(f"messages/{reply['id']}/").json()
    assert alone["parent"] == tree["messages"][0]["id"]


def test_met_it_tells_all(client, dataset, item):
    reviewer = signed_in(client, dataset, "reviewer")

    gold.answer(message_id=item.message_id, by=reviewer, verdict="accept")

    assert browsed(client)[0] == ALL
    (tree,) = trees_of(reviewer, item.message)
    assert tree["message_count"] == 3


def test_what_people_said_there_themselves_they_are_told(client, dataset, item):
    writer = signed_in(client, dataset, "writer")
    Message.objects.filter(text="And then?").update(author=writer)

    texts, counts = browsed(client)
    assert (texts, counts.total) == (TOLD | {"And then?"}, 4)
    assert {one["text"] for one in listed(writer, "messages/?author=me")} == {"And then?"}
    (tree,) = trees_of(writer, item.message)
    assert [one["text"] for one in tree["messages"]] == ["A known owl.", "And then?"]
    assert tree["message_count"] == 2
    assert counted_on(client) == [1, 1, 2]


def test_a_known_edit_stands_beside_the_words_it_revises(client, dataset, curator):
    """As any edit that waits; and nothing under it is told, known or not."""
    original = MessageFactory(
        conversation__dataset=dataset, accepted=True, state="rejected", text="Old."
    )
    edit = MessageFactory(
        conversation=original.conversation, revises=original, accepted=True, text="New."
    )
    reply = ReplyFactory(parent=edit, accepted=True, text="Its answer.")
    for one in (edit, reply):
        gold.make(message_id=one.pk, by=curator, verdict="accept", why="It is clear.")
    reader = signed_in(client, dataset, "reviewer")

    (tree,) = trees_of(reader, edit)
    told = [(one["text"], one["state"]) for one in tree["messages"]]
    assert told == [("Old.", "rejected"), ("New.", "submitted")]
    assert browsed(client)[0] == {"Old.", "New."}
    assert listed(reader, "conversations/")[0]["message_count"] == 2


def test_under_a_known_answer_nothing_stands(client, dataset, curator):
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True, text="Say.")
    reply = ReplyFactory(parent=prompt, accepted=True, text="So.")
    MessageFactory(
        parent=reply, conversation=prompt.conversation, accepted=True, text="And then?"
    )
    gold.make(message_id=reply.pk, by=curator, verdict="accept", why="It is clear.")
    reader = signed_in(client, dataset, "reviewer")

    assert browsed(client)[0] == {"Say.", "So."}
    assert {one["text"] for one in listed(reader, "messages/")} == {"Say.", "So."}
    (tree,) = trees_of(reader, reply)
    assert [one["text"] for one in tree["messages"]] == ["Say.", "So."]


@pytest.mark.parametrize("role", ["reviewer", "curator"])
def test_a_deep_answer_alone_does_not_name_its_conversation(client, dataset, curator, role):
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True, text="Say.")
    gold.make(message_id=prompt.pk, by=curator, verdict="accept", why="It is clear.")
    above = prompt
    for _ in range(3):
        above = ReplyFactory(parent=above, accepted=True)
    reader = signed_in(client, dataset, role)

    alone = Program(reader).get(f"messages/{above.address}/").json()

    told = (alone["parent"], alone["conversation"])
    there = (above.parent.address, prompt.conversation_id)
    assert told == (there if role == "curator" else (None, None))


def test_a_known_pair_hides_the_edit_of_its_answer(client):
    pairs = DatasetFactory(slug="pairs", pairs=True)
    curator = ContributorFactory(member=pairs, member__roles=["curator"])
    known_one, waiting = (
        ReplyFactory(
            accepted=is_known, state=state, text=text, parent__accepted=is_known,
            parent__conversation__dataset=pairs,
        )
        for is_known, state, text in (
            (True, "rejected", "Wrong."), (False, "submitted", "Waits."),
        )
    )  # fmt: skip
    ReplyFactory(
        parent=known_one.parent, revises=known_one, accepted=True, text="Its edit."
    )
    gold.make(message_id=known_one.pk, by=curator, verdict="reject", why="It is wrong.")
    reader = signed_in(client, pairs, "reviewer")

    assert "Its edit." not in browsed(client, slug="pairs")[0]
    trees = trees_of(reader, known_one, waiting, slug="pairs")
    assert [tree["message_count"] for tree in trees] == [2, 2]
    assert counted_on(client, slug="pairs") == [2, 2]


def test_browsing_costs_no_query_more_for_it(
    client, dataset, item, django_assert_max_num_queries
):
    signed_in(client, dataset, "reviewer")
    with django_assert_max_num_queries(100) as before:
        browsed(client)
    Message.objects.filter(parent__isnull=False).update(author=None, origin="import")
    for number in range(3):
        ReplyFactory(parent=item.message, accepted=True, text=f"More {number}.")
    caches["own"].clear()

    with django_assert_max_num_queries(len(before)):
        browsed(client)

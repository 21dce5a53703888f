"""Known items and second looks look like any other task to a program."""

from __future__ import annotations

import pytest

from annotate.models import Assignment
from curation.actions import gold, messages, second_looks
from tests.annotate.known_items import known
from tests.annotate.work import planned
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.programs import Program, claimed

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def reviewer(dataset):
    return ContributorFactory(member=dataset, member__roles=["reviewer"])


@pytest.fixture
def program(reviewer):
    return Program(reviewer)


@pytest.fixture
def prompt(dataset):
    category = CategoryFactory(dataset=dataset, brief="Ask of the house.")
    return planned(
        MessageFactory(
            text="Who is it?",
            conversation__dataset=dataset,
            conversation__category=category,
        )
    )


def test_a_known_item_looks_like_any_other_until_it_is_done(dataset, program):
    known(dataset, ContributorFactory(member=dataset, member__roles=["curator"]))
    dataset.policy.gold_every = 1
    dataset.policy.save()
    planned(MessageFactory(conversation__dataset=dataset))

    task = claimed(program)

    assert Assignment.objects.get(state="leased").is_gold
    assert not any("gold" in name or "known" in name for name in task)
    answer = program.post(f"tasks/{task['id']}/submit/", {"verdict": "accept"})
    assert "known item" in answer.json()["said"]


def test_nothing_that_is_told_of_its_text_tells_a_known_item(dataset, reviewer, program):
    """It was accepted long ago, answered, frozen under a number: none of that is said."""
    item = known(dataset, ContributorFactory(member=dataset, member__roles=["curator"]))
    answer = ReplyFactory(parent=item.message)
    ordinary = MessageFactory(conversation__dataset=dataset)
    here = f"datasets/{dataset.slug}/"

    told = [
        program.get(f"messages/{one.address}/").json() for one in (item.message, ordinary)
    ]

    same = [
        {name: value for name, value in one.items() if name not in ("id", "text")}
        for one in told
    ]
    assert same[0] == same[1]
    assert (told[0]["state"], told[0]["created_at"]) == ("submitted", None)
    assert program.get(f"messages/{answer.address}/").json()["parent"] is None
    both = {item.message.address, ordinary.address}
    for path in ("messages/?state=submitted&since=2099-01-01T00:00Z",
                 "messages/?since=2099-01-01T00:00Z"):  # fmt: skip
        found = program.get(f"{here}{path}").json()["results"]
        assert {one["state"] for one in found} == {"submitted"}
        assert both <= {one["id"] for one in found}, "neither alone"
    found = program.get(f"{here}conversations/?since=2099-01-01T00:00Z").json()["results"]
    assert {(one["number"], one["state"]) for one in found} == {
        (one.conversation_id, "review") for one in (item.message, ordinary)
    }
    assert program.get(f"{here}messages/?state=accepted").json()["results"] == []
    tree = program.get(f"{here}conversations/{item.message.conversation_id}/").json()
    assert (tree["state"], tree["created_at"]) == ("review", None)
    assert tree["messages"][0]["state"] == "submitted"
    assert tree["messages"][0]["approvals"] is None
    assert (len(tree["messages"]), tree["message_count"]) == (1, 1)
    listed = program.get(f"{here}conversations/?state=review").json()["results"]
    assert {one["created_at"] for one in listed} == {None}
    assert program.get(f"{here}conversations/?state=growing").json()["results"] == []

    gold.answer(message_id=item.message.pk, by=reviewer, verdict="accept")

    met = program.get(f"messages/{item.message.address}/").json()
    assert met["state"] == "accepted" and met["created_at"]


def test_curators_and_authors_are_told_all_of_a_known_item(dataset):
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    author = ContributorFactory(member=dataset, member__roles=["reviewer"])
    message = known(dataset, curator, author=author).message

    for person in (curator, author):
        told = Program(person).get(f"messages/{message.address}/").json()
        assert told["state"] == "accepted" and told["conversation"]


def test_a_text_that_is_looked_at_again_tells_nothing_of_its_first_verdict(
    dataset, program, prompt
):
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    first = ContributorFactory(member=dataset, member__roles=["reviewer"])
    messages.review(message_id=prompt.pk, by=first, verdict="accept")
    before = program.get(f"messages/{prompt.address}/").json()
    second_looks.ask_about(message_id=prompt.pk, by=curator, why="The rules changed.")

    told = program.get(f"messages/{prompt.address}/").json()

    assert (before["state"], told["state"]) == ("accepted", "submitted")
    assert (told["why"], told["created_at"], told["conversation"]) == (None, None, None)

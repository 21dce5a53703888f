"""What differs between two versions, and why."""

from __future__ import annotations

import re

import pytest

from curation.actions import groups, versions, withdrawals
from curation.comparison import compare
from curation.models import Conversation, MessageSalt
from tests.curation.pages import queries, signed_in, url
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


@pytest.fixture
def freeze(dataset, curator):
    return lambda **recipe: versions.freeze(
        dataset_id=dataset.pk, by=curator, recipe=recipe
    )


def accepted(dataset, count=1, **fields):
    return [
        ReplyFactory(accepted=True, parent__conversation__dataset=dataset, **fields)
        for _ in range(count)
    ]


def said(found):
    """The kind and the reasons of each answer, in plain words."""
    return {
        one.reply: (one.kind, *map(str, found.reasons[one.reply])) for one in found.shown
    }


def test_a_joined_group_is_a_difference(dataset, curator, freeze):
    first, second = accepted(dataset, 2)
    old = freeze()
    pks = [first.conversation_id, second.conversation_id]
    groups.join_groups(conversation_ids=pks, by=curator)

    found = compare(old, freeze())

    assert set(said(found).values()) == {("changed", "another group")}


def test_what_came_went_and_changed_is_told_with_its_reason(dataset, curator, freeze):
    kept, taken_back, orphaned, moved = accepted(dataset, 4)
    kind = CategoryFactory(dataset=dataset, slug="maths")
    old = freeze()
    withdrawals.take_back(message_id=taken_back.pk, by=taken_back.author)
    withdrawals.take_back(message_id=orphaned.parent_id, by=orphaned.parent.author)
    Conversation.objects.filter(pk=moved.conversation_id).update(
        category=kind, split="held_out"
    )
    [late] = accepted(dataset)

    found = compare(old, freeze())

    assert said(found) == {
        taken_back.pk: ("removed", "taken back by its author"),
        orphaned.pk: ("removed", "what it answers is no longer accepted"),
        moved.pk: ("changed", "another side", "another category"),
        late.pk: ("added", "accepted since"),
    }
    assert kept.pk not in said(found)
    assert found.counts == {"added": 1, "removed": 2, "changed": 1}


def test_another_recipe_is_a_reason(dataset, freeze):
    [german] = accepted(dataset, language="de")
    Conversation.objects.update(language="de")
    accepted(dataset)
    old = freeze()

    found = compare(old, freeze(languages=["en"]))

    assert said(found) == {german.pk: ("removed", "another recipe")}


def test_an_erased_text_is_no_difference_by_itself(dataset, freeze):
    first = accepted(dataset, 2)
    old = freeze()
    accepted(dataset)
    MessageSalt.objects.filter(message=first[0]).delete()

    assert compare(old, old).counts == {}
    assert compare(old, freeze()).counts["removed"] == 0


def test_a_page_shows_only_so_many_of_each(dataset, freeze):
    accepted(dataset)
    old = freeze()
    accepted(dataset, 5)

    found = compare(old, freeze(), at_most=2)

    assert (len(found.shown), found.counts["added"]) == (2, 5)


def test_members_read_the_page_and_outsiders_do_not(client, dataset, freeze):
    accepted(dataset)
    freeze()
    [late] = accepted(dataset, text="A late answer")
    freeze()
    path = url("version-diff", dataset.slug, 2, 1)
    signed_in(client, dataset)

    page = client.get(path).text

    assert "From version 1 to version 2" in page
    assert "A late answer" in page
    assert "accepted since" in page
    assert path in client.get(url("version", dataset.slug, 2)).text
    signed_in(client, DatasetFactory())
    assert client.get(path).status_code == 404


def test_the_page_does_not_show_what_was_taken_back(client, dataset, freeze):
    [gone, _] = accepted(dataset, 2, text="My own words")
    freeze()
    withdrawals.take_back(message_id=gone.pk, by=gone.author)
    freeze()
    signed_in(client, dataset, "curator")

    page = client.get(url("version-diff", dataset.slug, 2, 1)).text

    assert "taken back by its author" in page
    assert "My own words" not in page


def test_the_page_says_in_which_rules_the_recipes_differ(client, dataset, freeze):
    accepted(dataset, 2)
    freeze(with_models=True)
    freeze(with_models=False, cap_per_author=1)
    signed_in(client, dataset)

    page = client.get(url("version-diff", dataset.slug, 2, 1)).text

    rows = re.findall(r'<th scope="row">(.*?)</th><td.*?>(.*?)</td><td.*?>(.*?)</td>', page)
    assert rows == [
        ("With answers that a model wrote and a person accepted", "yes", "no"),
        ("At most so many answers by one author", "–", "1"),
    ]


def test_it_costs_the_same_however_much_differs(client, dataset, freeze):
    accepted(dataset)
    freeze()
    accepted(dataset)
    freeze()
    accepted(dataset, 5)
    freeze()
    signed_in(client, dataset)

    few = queries(client, url("version-diff", dataset.slug, 2, 1))
    assert queries(client, url("version-diff", dataset.slug, 3, 1)) == few


def test_programs_ask_for_it_by_digest(client, dataset, freeze):
    accepted(dataset)
    old = freeze()
    [late] = accepted(dataset)
    new = freeze()
    signed_in(client, dataset)

    path = f"/api/v1/versions/{new.digest}/diff/"
    found = client.get(f"{path}?since={old.digest}").json()

    assert found["counts"] == {"added": 1, "removed": 0, "changed": 0}
    assert found["shown"] == [
        {"id": str(late.uid), "kind": "added", "reasons": ["accepted since"]}
    ]
    assert client.get(f"{path}?since=x").status_code == 400
    assert client.get(f"{path}?since={'0' * 64}").status_code == 404

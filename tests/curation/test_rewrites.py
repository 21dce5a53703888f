from __future__ import annotations

import pytest

from curation.actions import messages, versions
from curation.aggregate.rewrites import with_rewrites
from curation.models import Settlement
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)


@pytest.mark.parametrize(
    ("order", "pairs", "expected"),
    [
        ([], [], []),
        ([], [(9, 1)], [[9], [1]]),
        ([[1], [2]], [(9, 1)], [[9], [1], [2]]),
        ([[1], [2]], [(9, 2)], [[1, 9], [2]]),
        ([[1, 2], [3]], [(9, 2)], [[9], [1, 2], [3]]),
        ([[1], [9]], [(9, 1)], [[1], [9]]),  # people preferred the original
        ([[1], [2]], [(9, 3)], [[1], [2]]),  # nobody ranked what it rewrites
        ([[1], [2]], [(8, 1), (9, 1)], [[8, 9], [1], [2]]),
    ],
)
def test_a_rewrite_stands_before_its_original(order, pairs, expected):
    assert with_rewrites(order, pairs) == expected


@pytest.fixture
def dataset(db):
    return DatasetFactory()


def rewritten(dataset, **fields):
    """An accepted answer and its accepted rewrite."""
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    original = ReplyFactory(parent=prompt, accepted=True)
    writer = ContributorFactory(member=dataset)
    rewrite = messages.improve(message_id=original.pk, by=writer, text="A better answer.")
    reviewer = ContributorFactory(member=dataset)
    messages.review(message_id=rewrite.pk, by=reviewer, verdict="accept", **fields)
    return original, rewrite


def frozen(dataset):
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    version = versions.freeze(dataset_id=dataset.pk, by=curator)
    assert versions.verify(version) == []
    return {item.reply_id: item.rank for item in version.items.all()}


def test_an_accepted_rewrite_and_its_original_are_a_preference_in_a_version(dataset):
    original, rewrite = rewritten(dataset)

    assert frozen(dataset) == {rewrite.pk: 0, original.pk: 1}


def test_a_rewrite_that_is_not_accepted_prefers_nothing(dataset):
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    original = ReplyFactory(parent=prompt, accepted=True)
    writer = ContributorFactory(member=dataset)
    messages.improve(message_id=original.pk, by=writer, text="A better answer.")

    assert frozen(dataset) == {original.pk: None}


def test_what_people_ranked_comes_before_what_a_rewrite_says(dataset):
    original, rewrite = rewritten(dataset)
    Settlement.objects.create(
        prompt=original.parent,
        order=[[original.pk], [rewrite.pk]],
        margins=[],
        ballots=1,
        status="consensus",
    )

    assert frozen(dataset) == {original.pk: 0, rewrite.pk: 1}


def test_a_reviewers_edit_of_a_rewrite_is_preferred_to_the_original_too(dataset):
    original, _ = rewritten_and_edited(dataset)

    ranks = frozen(dataset)

    assert ranks[original.pk] == 1
    assert sorted(ranks.values()) == [0, 1]


def rewritten_and_edited(dataset):
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    original = ReplyFactory(parent=prompt, accepted=True)
    writer = ContributorFactory(member=dataset)
    rewrite = messages.improve(message_id=original.pk, by=writer, text="A better answer.")
    reviewer = ContributorFactory(member=dataset)
    edit = messages.review(
        message_id=rewrite.pk, by=reviewer, verdict="edit", edited_text="The best answer."
    )
    return original, edit

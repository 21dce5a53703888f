"""What stands on one side together."""

from __future__ import annotations

import pytest

from curation.actions import conversations, groups, versions
from curation.errors import CurationError, NotAllowed
from curation.models import Conversation, Event
from tests.factories import (
    ContributorFactory,
    ConversationFactory,
    DatasetFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator", "writer"])


def sides(*there):
    found = Conversation.objects.in_bulk([one.pk for one in there])
    return [found[one.pk].split for one in there]


def group(one):
    one.refresh_from_db()
    return one.group or one.uid


def test_the_same_first_words_are_one_group(dataset, curator):
    for text in ("What is rain?", "what  is rain", "What is snow?"):
        conversations.write_prompt(dataset=dataset, by=curator, text=text)

    one, same, other = Conversation.objects.order_by("pk")
    assert group(one) == group(same) != group(other)


def test_evaluation_wins_where_a_part_is_held_out(dataset, curator):
    train, held_out, apart = (ConversationFactory(dataset=dataset) for _ in range(3))
    Conversation.objects.filter(pk=held_out.pk).update(split="held_out")

    moved = groups.join_groups(conversation_ids=[train.pk, held_out.pk], by=curator)

    assert moved == 1
    assert sides(train, held_out, apart) == ["held_out", "held_out", "train"]
    assert group(train) == group(held_out) == min(train.uid, held_out.uid)
    line = Event.objects.get(kind="conversation.joined", subject_id=train.pk)
    assert (line.by, line.data["moved"], line.data["was"]) == (curator, True, "train")


def test_everything_that_stands_with_them_comes_along(dataset, curator):
    a, b, c, d = (ConversationFactory(dataset=dataset) for _ in range(4))
    Conversation.objects.filter(pk__in=[c.pk, d.pk]).update(prompt_key="k" * 32)
    groups.join_groups(conversation_ids=[a.pk, b.pk], by=curator)
    Conversation.objects.filter(pk=d.pk).update(split="held_out")

    moved = groups.join_groups(conversation_ids=[b.pk, c.pk], by=curator)

    assert moved == 3
    assert sides(a, b, c, d) == ["held_out"] * 4
    assert len({group(one) for one in (a, b, c, d)}) == 1


def test_joining_twice_writes_nothing_twice(dataset, curator):
    a, b = (ConversationFactory(dataset=dataset) for _ in range(2))
    groups.join_groups(conversation_ids=[a.pk, b.pk], by=curator)
    a.refresh_from_db()
    before = a.changes

    assert groups.join_groups(conversation_ids=[a.pk, b.pk], by=curator) == 0
    a.refresh_from_db()
    assert a.changes == before
    assert Event.objects.filter(kind="conversation.joined").count() == 2


def test_new_words_join_the_group_and_the_side_that_their_like_has(dataset, curator):
    conversations.write_prompt(dataset=dataset, by=curator, text="What is rain?")
    one = Conversation.objects.get()
    other = ConversationFactory(dataset=dataset)
    Conversation.objects.filter(pk=other.pk).update(split="held_out")
    groups.join_groups(conversation_ids=[one.pk, other.pk], by=curator)

    conversations.write_prompt(dataset=dataset, by=curator, text="What is rain")

    late = Conversation.objects.latest("pk")
    assert (late.split, group(late)) == ("held_out", group(one))


def test_a_frozen_version_keeps_its_sides_and_the_next_has_the_new_ones(dataset, curator):
    replies = [
        ReplyFactory(accepted=True, parent__conversation__dataset=dataset) for _ in range(2)
    ]
    Conversation.objects.filter(pk=replies[0].conversation_id).update(split="held_out")
    before = versions.freeze(dataset_id=dataset.pk, by=curator)

    ids = [reply.conversation_id for reply in replies]
    groups.join_groups(conversation_ids=ids, by=curator)
    after = versions.freeze(dataset_id=dataset.pk, by=curator)

    assert (before.held_out_count, after.held_out_count) == (1, 2)
    assert len(set(after.items.values_list("group", flat=True))) == 1
    assert [versions.verify(one) for one in (before, after)] == [[], []]


def test_only_curators_join_and_only_within_a_dataset(dataset, curator):
    a, b = ConversationFactory(dataset=dataset), ConversationFactory()

    with pytest.raises(CurationError, match="not conversations of one dataset"):
        groups.join_groups(conversation_ids=[a.pk, b.pk], by=curator)
    with pytest.raises(CurationError, match="not conversations of one dataset"):
        groups.join_groups(conversation_ids=[], by=curator)
    with pytest.raises(NotAllowed):
        groups.join_groups(conversation_ids=[a.pk], by=ContributorFactory(member=dataset))

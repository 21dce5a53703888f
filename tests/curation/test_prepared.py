"""Prepared statements do what the querysets that they are made of would do."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from curation.copied import copy_in
from curation.models import Conversation, Event, Label, Message, Review, Sketch
from curation.prepared import Among, Prepared, PreparedUpdate, insert
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory
from tests.races import together

pytestmark = pytest.mark.django_db

with_parent = Prepared(
    lambda pk: Message.objects.select_related("parent", "author").filter(pk=pk)
)


def test_rows_come_with_what_they_are_joined_to():
    answer = MessageFactory(parent=MessageFactory(), role="assistant")
    other = MessageFactory()
    for message in (answer, other, answer):
        with CaptureQueriesContext(connection) as queries:
            (found,) = with_parent(pk=message.pk)
            assert (found, found.parent, found.author) == (
                message, message.parent, message.author,
            )  # fmt: skip
        assert len(queries) == 1
        kept = {f.attname: getattr(found, f.attname) for f in Message._meta.concrete_fields}
        plain = Message.objects.filter(pk=message.pk).values(*kept).get()
        assert kept == plain


def test_what_is_not_there_is_none_or_the_models_own_error():
    assert with_parent(pk=0) == []
    assert with_parent.first(pk=0) is None
    with pytest.raises(Message.DoesNotExist, match="no message"):
        with_parent.get(pk=0)


def test_columns_come_as_tuples_and_named():
    message = MessageFactory()
    plain = Prepared(lambda pk: Message.objects.filter(pk=pk).values_list("pk", "state"))
    named = Prepared(
        lambda pk: Message.objects.filter(pk=pk).values_list("pk", "state", named=True)
    )
    assert plain(pk=message.pk) == [(message.pk, message.state)]
    assert [row.state for row in named(pk=message.pk)] == [message.state]


def test_among_takes_lists_of_any_length():
    messages = MessageFactory.create_batch(3)
    among = Prepared(lambda pks: Message.objects.filter(Among("pk", pks)).order_by("pk"))
    assert among(pks=[m.pk for m in messages]) == messages
    assert among(pks=[messages[1].pk]) == [messages[1]]
    assert among(pks=[]) == []


def test_an_update_says_how_many_rows_it_changed():
    one, other = MessageFactory(), MessageFactory()
    raised = PreparedUpdate(
        lambda pk, state: (
            Conversation.objects.filter(pk=pk),
            {"changes": F("changes") + 1, "state": state},
        )
    )
    before = one.conversation.changes
    assert raised(pk=one.conversation_id, state="held") == 1
    assert raised(pk=0, state="held") == 0
    one.conversation.refresh_from_db()
    other.conversation.refresh_from_db()
    assert (one.conversation.changes, one.conversation.state) == (before + 1, "held")
    assert other.conversation.state != "held"


def test_what_is_inserted_is_what_bulk_create_would_write():
    message, dataset = MessageFactory(), DatasetFactory()

    def lines():
        return [
            Event.objects.line(
                kind, message, by=message.author, dataset=dataset, n=[1, "ä"]
            )
            for kind in ("one", "two")
        ]

    ours, theirs = lines(), lines()
    insert(*ours)
    Event.objects.bulk_create(theirs)
    assert [line.pk for line in ours] == sorted(line.pk for line in ours)
    for mine, other in zip(ours, theirs, strict=True):
        columns = ("kind", "subject_kind", "subject_id", "by", "dataset", "data")
        kept = [Event.objects.values(*columns).get(pk=line.pk) for line in (mine, other)]
        assert kept[0] == kept[1]


def test_nothing_is_inserted_without_a_statement():
    with CaptureQueriesContext(connection) as queries:
        insert()
    assert len(queries) == 0


def test_what_is_there_already_may_stay():
    message, reviewer = MessageFactory(), ContributorFactory()
    review = Review.objects.create(message=message, reviewer=reviewer, verdict="accept")
    twice = [Label(review=review, name="quality", value=value) for value in (3, 4)]
    insert(twice[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(twice[1])
    insert(twice[1], ignore_conflicts=True)
    assert [label.value for label in review.labels.all()] == [3]


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_through_its_own_connection():
    messages = MessageFactory.create_batch(4)
    found = together(*(lambda pk=m.pk: with_parent.get(pk=pk) for m in messages))
    assert {message.pk for message in found} == {message.pk for message in messages}


def test_what_is_copied_is_what_would_be_created():
    dataset, person = DatasetFactory(), ContributorFactory()

    def rows():
        there = Conversation(dataset=dataset, split="train", language="de")
        line = Event.objects.line("one", person, by=None, dataset=dataset, n=[1, "ä\t\\N"])
        return there, line

    ours, theirs = rows(), rows()
    for mine, other in zip(ours, theirs, strict=True):
        copy_in([mine])
        type(other).objects.bulk_create([other])
        same = {"id", "uid", "at", "created_at"}
        columns = [
            f.attname for f in mine._meta.local_concrete_fields if f.name not in same
        ]
        kept = [type(mine).objects.values(*columns).get(pk=one.pk) for one in (mine, other)]
        assert kept[0] == kept[1]
        assert not mine._state.adding
    prompt = MessageFactory()
    bands = [-(2**31), 0, 7]
    copy_in(
        [Sketch(message=prompt, dataset=dataset, bands=bands, signature=b"\0\\", version=1)]
    )
    sketch = Sketch.objects.get(pk=prompt.pk)
    assert (sketch.bands, bytes(sketch.signature)) == (bands, b"\0\\")
    copy_in([])
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_in([Conversation(dataset=dataset, split="no")])

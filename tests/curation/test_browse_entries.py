"""The tables beside the messages, from which browsing reads."""

from __future__ import annotations

import pytest
from django.db import connection

from curation.models import (
    Entry,
    Finding,
    Message,
    Settlement,
    Words,
)
from tests.curation.browsing import found, found_something, rated, wrote
from tests.factories import (
    CategoryFactory,
    DatasetFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(slug="d")


def test_whatever_changes_a_message_its_entry_follows(dataset):
    message = wrote(dataset, "An owl.")
    Message.objects.filter(pk=message.pk).update(language="de", text="A crow.")
    message.conversation.category = CategoryFactory(dataset=dataset)
    message.conversation.save()
    Settlement.objects.create(prompt=message, order=[], ballots=1, status="contested")
    finding = found_something(message, "context.personal_data.email")
    entry = Entry.objects.get(message=message)
    assert entry.language == "de"
    assert entry.category == message.conversation.category
    assert entry.status == "contested"
    assert entry.checks == ["personal_data"]
    assert found(dataset, "q=crow") == ["A crow."]
    assert found(dataset, "q=owl") == []
    finding.delete()
    Settlement.objects.all().delete()
    entry.refresh_from_db()
    assert (entry.checks, entry.status) == ([], "")


def test_what_changes_nothing_it_shows_writes_no_entry(dataset):
    message = wrote(dataset, "An owl.")
    settlement = Settlement.objects.create(
        prompt=message, order=[], ballots=1, status="contested"
    )
    found_something(message, "secret")
    before = place_of_entry(message)
    message.why = "It is short."
    message.save()
    message.conversation.changes += 1
    message.conversation.save()
    settlement.ballots = 2
    settlement.save()
    found_something(message, "context.secret")
    assert place_of_entry(message) == before
    settlement.status = "consensus"
    settlement.save()
    Finding.objects.filter(check_name="secret").update(check_name="echo")
    entry = Entry.objects.get(message=message)
    assert (entry.status, entry.checks) == ("consensus", ["echo", "secret"])


def test_findings_of_several_messages_at_once_are_entered_for_each(dataset):
    messages = [wrote(dataset, f"An owl {number}") for number in range(3)]
    Finding.objects.bulk_create(
        Finding(message=message, check_name=name, check_version=1, score=1, advice="Look.")
        for message in messages
        for name in ("secret", "echo")
    )
    Finding.objects.filter(message=messages[0]).delete()
    checks = Entry.objects.order_by("pk").values_list("checks", flat=True)
    assert list(checks) == [[], ["echo", "secret"], ["echo", "secret"]]


def place_of_entry(message):
    """Where its row lies: every write puts it elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ctid::text FROM curation_entry WHERE message_id = %s", [message.pk]
        )
        return cursor.fetchone()


def test_a_place_among_answers_follows_each_new_order(dataset):
    prompt = wrote(dataset, "prompt", accepted=True)
    first, second, third = (ReplyFactory(parent=prompt, accepted=True) for _ in range(3))
    settled = Settlement.objects.create(
        prompt=prompt,
        order=[[first.pk], [second.pk, third.pk]],
        ballots=1,
        status="consensus",
    )
    assert scores(first, second, third) == [100, 25, 25]
    settled.order = [[third.pk, first.pk]]
    settled.save()
    assert scores(first, second, third) == [50, None, 50]
    settled.order = [[third.pk]]
    settled.save()
    assert scores(first, second, third) == [None, None, None]
    settled.order = [[second.pk], [third.pk]]
    settled.save()
    settled.delete()
    assert scores(first, second, third) == [None, None, None]


def test_a_mean_rating_follows_each_ballot(dataset):
    prompt = wrote(dataset, "prompt", accepted=True)
    reply = ReplyFactory(parent=prompt, accepted=True)
    ballots = [rated(prompt, {reply: rating}) for rating in (7, 4, None)]
    assert Entry.objects.get(message=reply).rating == 55
    ballots[0].entries.update(rating=6)
    assert Entry.objects.get(message=reply).rating == 50
    ballots[0].entries.all().delete()
    assert Entry.objects.get(message=reply).rating == 40
    ballots[1].entries.all().delete()
    assert Entry.objects.get(message=reply).rating is None


def scores(*messages):
    there = dict(Entry.objects.values_list("message", "score"))
    return [there[message.pk] for message in messages]


def test_a_deleted_message_leaves_no_words(dataset):
    message = ReplyFactory(parent__conversation__dataset=dataset)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM curation_message WHERE id = %s", [message.pk])
    assert not Entry.objects.filter(message=message.pk).exists()
    assert not Words.objects.filter(message=message.pk).exists()

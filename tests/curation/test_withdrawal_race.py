"""Taking everything back beside somebody who judges a text of it, on PostgreSQL."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection, transaction

from curation.actions import conversations, messages, withdrawals
from curation.models import Message, Notification, Withdrawal
from tests.factories import ContributorFactory, ReplyFactory
from tests.races import together

pytestmark = pytest.mark.django_db(transaction=True)
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return cursor.fetchone()[0] > 0


def test_a_verdict_and_its_author_who_takes_all_back_wait_once_for_each_other():
    """The verdict's news points at the author's row, which must not be locked for that."""
    message = ReplyFactory()
    author = message.author
    reviewer = ContributorFactory(member=message.conversation.dataset)
    is_locked = threading.Event()

    def judge():
        with transaction.atomic():
            conversations.lock(message.conversation_id)
            is_locked.set()
            until = time.monotonic() + 20
            while not somebody_waits():
                assert time.monotonic() < until
                time.sleep(0.01)
            messages.review(message_id=message.pk, by=reviewer, verdict="accept")
        return "judged"

    def take_back():
        is_locked.wait(20)
        asked = withdrawals.take_back_all(person=author, dataset=None, by=author)
        return asked.state

    done = together(judge, take_back)

    assert sorted(done) == sorted(["judged", Withdrawal.State.FINISHED])
    assert Notification.objects.filter(person=author, kind="accepted").exists()
    assert Message.objects.get(pk=message.pk).state == "withdrawn"

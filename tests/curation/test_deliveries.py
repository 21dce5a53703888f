"""What happens is told to other programs: each event once, signed, retried, given up."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from config.places import ROOT
from curation import tasks
from curation.actions import deliveries, hooks, withdrawals
from curation.actions.deliveries import PAUSES
from curation.happenings import HAPPENINGS
from curation.models import Consent, Delivery, Event, Hook, Message, Notification
from tests.curation.hooks import added, due_now, happen, is_signed, sent, states, told
from tests.factories import DatasetFactory, MessageFactory, ReplyFactory
from tests.receiver import receiving
from trainer.models import Promotion
from trainer.models.fenced import Fenced

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


# ---- which events, and what of them ----------------------------------------------------


def test_an_event_reaches_the_hooks_that_want_it(receiver, dataset):
    hook, secret = added(receiver, dataset, wants=["run.finished"])
    added(f"{receiver.address}site", wants=["run.finished", "run.failed"])
    added(f"{receiver.address}other", DatasetFactory())
    happen(dataset, attempt=2, problem="It names Ada.", worker="gpu-1")
    happen(dataset, "run.failed")
    happen(dataset, "run.requested")
    happen(None, "run.failed", subject=hook)

    sent()

    paths = sorted(heard.first_line.split()[1] for heard in receiver.heard)
    assert paths == ["/", "/site", "/site", "/site"]
    mine = next(h for h in receiver.heard if h.first_line.startswith("POST / "))
    event = Event.objects.get(kind="run.finished")
    assert told(mine) == {
        "type": "run.finished",
        "timestamp": event.at.isoformat(),
        "data": {"event": event.pk, "dataset": dataset.slug, "attempt": 2},
    }
    assert is_signed(mine, secret)
    assert abs(int(mine.headers["webhook-timestamp"]) - time.time()) < 60
    assert mine.headers["webhook-id"] == str(hook.deliveries.get().uid)
    assert mine.headers["Content-Type"] == "application/json"


def test_what_is_rolled_back_is_never_told(receiver, dataset):
    added(receiver, dataset)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        happen(dataset)
        raise ZeroDivisionError

    assert states() == []


def test_history_that_is_restored_from_elsewhere_is_no_news(receiver, dataset):
    added(receiver, dataset)
    old = Event.objects.line("run.finished", dataset, by=None, dataset=dataset)
    old.at = now() - timedelta(days=2)
    Event.objects.record_all([old])

    assert states() == []


def test_a_text_goes_along_only_where_it_was_asked_for(receiver, dataset):
    added(f"{receiver.address}bare", dataset)
    added(f"{receiver.address}full", dataset, with_texts=True)
    message = MessageFactory(
        text="Why is the sky blue?", accepted=True, conversation__dataset=dataset
    )
    happen(dataset, "message.accepted", subject=message, why="Ada liked it")

    sent()

    facts = {heard.first_line.split()[1]: told(heard)["data"] for heard in receiver.heard}
    assert facts["/bare"] == {
        "event": Event.objects.get(kind="message.accepted").pk,
        "dataset": dataset.slug,
        "message": str(message.uid),
        "conversation": str(message.conversation.uid),
        "role": "prompter",
        "language": "en",
        "category": message.conversation.category and message.conversation.category.slug,
    }
    assert facts["/full"] == facts["/bare"] | {
        "text": "Why is the sky blue?", "context": "",
    }  # fmt: skip


def test_what_was_taken_back_meanwhile_is_not_sent(receiver, dataset):
    added(receiver, dataset, with_texts=True)
    reply = ReplyFactory(accepted=True, parent__conversation__dataset=dataset)
    happen(dataset, "message.accepted", subject=reply)
    withdrawals.take_back(message_id=reply.pk, by=reply.author)

    sent()

    (heard,) = receiver.heard
    assert told(heard)["data"]["message"] == str(reply.uid)
    assert "text" not in told(heard)["data"]


def test_every_kind_that_can_be_chosen_is_one_that_is_written():
    """A kind that was renamed would never be told of again."""
    literal = {
        kind
        for app in ("curation", "annotate", "trainer")
        for path in (ROOT / app).rglob("*.py")
        if path.name != "happenings.py"
        for kind in re.findall(r'"([a-z_]+\.[a-z_]+)"', path.read_text())
    }
    of_states = {f"message.{state}" for state in Message.State}
    of_states |= {f"consent.{act}" for act in Consent.Act}
    of_work = {"started", *Fenced.State, *Promotion.What}
    of_states |= {f"{noun}.{what}" for noun in ("run", "job") for what in of_work}

    assert sorted(HAPPENINGS.keys() - literal - of_states) == []


# ---- what receivers do -----------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 503, 404, 302])
def test_what_is_refused_is_sent_again_by_the_same_id(receiver, dataset, status):
    hook, _ = added(receiver, dataset)
    happen(dataset)
    receiver.says(status, b"not\0now " + b"x" * 3000)

    sent()

    waiting = Delivery.objects.get()
    assert (waiting.state, waiting.attempt) == ("waiting", 1)
    pause = waiting.due_at - now()
    assert PAUSES[0] * 0.8 < pause < PAUSES[0] * 1.2
    first = waiting.tries.get()
    assert (first.status, first.problem, len(first.answer)) == (status, "", 500)
    assert first.answer.startswith("not\N{REPLACEMENT CHARACTER}now")
    sent()
    assert len(receiver.heard) == 1

    receiver.says(204, b"")
    due_now()
    sent()

    assert states() == ["delivered"]
    ids = {heard.headers["webhook-id"] for heard in receiver.heard}
    assert (len(receiver.heard), ids) == (2, {str(waiting.uid)})
    hook.refresh_from_db()
    assert (hook.failures, hook.rests_until) == (0, None)
    assert hook.delivered_at is not None


def hang(connection):
    connection.recv(1)  # until the other side has gone


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (hang, "took too long"),
        (lambda connection: None, "broke off"),
        (lambda connection: connection.sendall(b"\x00\xff\r\n\r\n"), "broke off"),
    ],
)
def test_one_that_hangs_or_closes_is_tried_again(
    receiver, dataset, monkeypatch, reply, problem
):
    if reply is hang:
        monkeypatch.setattr(deliveries, "SECONDS", 0.2)
    added(receiver, dataset)
    happen(dataset)
    receiver.reply = reply

    sent()

    waiting = Delivery.objects.get()
    assert waiting.state == "waiting"
    assert problem in waiting.tries.get().problem


def test_one_that_says_gone_is_switched_off_at_once(receiver, dataset):
    hook, _ = added(receiver, dataset)
    happen(dataset)
    receiver.says(410)

    sent()

    hook.refresh_from_db()
    assert (hook.is_on, hook.off_why) == (False, deliveries.SAID_GONE)
    assert states() == ["failed"]
    notice = Notification.objects.get(person=hook.made_by)
    assert (notice.kind, notice.data["hook"]) == ("hook", hook.pk)
    assert Event.objects.get(kind="hook.given_up").data == {"why": deliveries.SAID_GONE}
    happen(dataset)
    assert states() == ["failed"]


def test_an_event_that_is_never_taken_is_given_up_after_eight_attempts(receiver, dataset):
    hook, _ = added(receiver, dataset)
    happen(dataset)
    receiver.says(500)
    for _ in range(8):
        due_now()
        sent()

    assert (states(), len(receiver.heard)) == (["failed"], 8)
    hook.refresh_from_db()
    assert hook.is_on, "others may be taken"


def test_one_that_takes_nothing_for_twenty_hours_is_switched_off(receiver, dataset):
    hook, _ = added(receiver, dataset)
    happen(dataset)
    receiver.says(500)
    sent()
    Hook.objects.update(failures=4, failing_since=now() - timedelta(hours=20))
    due_now()
    sent()

    hook.refresh_from_db()
    assert (hook.is_on, hook.off_why) == (False, deliveries.GAVE_UP)
    assert states() == ["waiting"]
    happen(dataset)
    due_now()
    sent()
    assert len(receiver.heard) == 2, "nothing is sent, or noted, while it is off"

    receiver.says()
    hooks.switch(hook_id=hook.pk, is_on=True, by=hook.made_by)
    sent()
    assert states() == ["delivered"]


def test_a_dead_receiver_is_not_asked_for_every_event(receiver, dataset):
    hook, _ = added(receiver, dataset)
    happen(dataset, count=20)
    receiver.says(500)

    sent()

    assert len(receiver.heard) == deliveries.OF_EACH
    hook.refresh_from_db()
    assert hook.rests_until > now()


def test_a_hanging_receiver_holds_up_no_other(receiver, dataset, monkeypatch):
    monkeypatch.setattr(deliveries, "SECONDS", 2.0)  # the other has that long, too
    added(receiver, dataset)
    with receiving() as hanging:
        hanging.reply = hang
        added(hanging, dataset)
        happen(dataset, count=10)

        sent()

    assert len(receiver.heard) == 10
    assert states() == ["delivered"] * 10 + ["waiting"] * 10


# ---- by hand ---------------------------------------------------------------------------


def test_old_ones_are_forgotten(receiver, dataset):
    added(receiver, dataset)
    happen(dataset, count=2)
    tasks.send_deliveries()
    Delivery.objects.filter(pk=Delivery.objects.first().pk).update(
        created_at=now() - timedelta(days=31)
    )

    tasks.forget_deliveries()

    assert Delivery.objects.count() == 1


def test_without_hooks_an_event_costs_no_row(dataset):
    happen(dataset, count=3)

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM curation_delivery")
        assert cursor.fetchone() == (0,)

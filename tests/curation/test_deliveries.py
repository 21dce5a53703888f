"""What happens is told to other programs: each event once, signed, retried, given up."""

from __future__ import annotations

import json
import re
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from config.places import ROOT
from curation import outbound, tasks
from curation.actions import deliveries, erasure, hooks, people, suspensions, withdrawals
from curation.actions.deliveries import PAUSES
from curation.errors import CurationError
from curation.happenings import HAPPENINGS
from curation.models import (
    Consent,
    Contributor,
    Delivery,
    Event,
    Hook,
    Membership,
    Message,
    Notification,
)
from tests.curation.hooks import added, due_now, happen, is_signed, told
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory
from tests.races import together
from tests.receiver import receiving
from trainer.models import Promotion
from trainer.models.fenced import Fenced

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server():
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def receiver(server):
    server.heard.clear()
    server.says()
    return server


@pytest.fixture
def dataset():
    return DatasetFactory()


def sent():
    assert deliveries.carry_on(seconds=30) is False


def states():
    return sorted(Delivery.objects.values_list("state", flat=True))


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


# ---- whose hook it is ------------------------------------------------------------------


def leaves(hook):
    Membership.objects.filter(contributor=hook.made_by).delete()


def is_paused(hook):
    admin = ContributorFactory(is_staff=True)
    suspensions.suspend(person_id=hook.made_by_id, dataset=None, reason="Spam.", by=admin)


def is_closed(hook):
    admin = ContributorFactory(is_staff=True)
    people.set_active(person_id=hook.made_by_id, is_active=False, by=admin)


def is_erased(hook):
    admin = ContributorFactory(is_staff=True)
    erasure.erase(person_id=hook.made_by_id, by=admin)


def only_reviews(hook):
    Membership.objects.filter(contributor=hook.made_by).update(role="reviewer")


@pytest.mark.parametrize("end", [leaves, is_paused, is_closed, is_erased, only_reviews])
def test_a_hook_ends_with_the_rights_of_who_made_it(receiver, dataset, end):
    hook, _ = added(receiver, dataset)
    other = ContributorFactory(member=dataset, member__roles=["curator"])
    ContributorFactory(member=dataset)
    happen(dataset)
    end(hook)
    Notification.objects.all().delete()

    sent()

    assert receiver.heard == []
    hook.refresh_from_db()
    assert (hook.is_on, hook.off_why) == (False, hooks.NO_LONGER)
    (notice,) = Notification.objects.filter(kind="hook")
    assert (notice.person, notice.data["hook"]) == (other, hook.pk)

    hooks.switch(hook_id=hook.pk, is_on=True, by=other)
    sent()
    assert len(receiver.heard) == 1, "who switches it on answers for it"


def test_a_hook_of_the_site_ends_with_its_admin(receiver, dataset):
    hook, _ = added(receiver)
    other = ContributorFactory(is_staff=True)
    added(f"{receiver.address}of", dataset)
    Contributor.objects.filter(pk=hook.made_by_id).update(is_staff=False)
    happen(dataset)

    sent()

    assert [heard.first_line.split()[1] for heard in receiver.heard] == ["/of"]
    assert Notification.objects.get(kind="hook").person == other


def test_where_no_curator_is_left_admins_are_told(receiver, dataset):
    hook, _ = added(receiver, dataset)
    admin = ContributorFactory(is_staff=True)
    leaves(hook)

    sent()

    assert Notification.objects.get(kind="hook").person == admin


def test_who_changes_a_hook_answers_for_it(receiver, dataset):
    hook, _ = added(f"{receiver.address}old", dataset)
    other = ContributorFactory(member=dataset, member__roles=["curator"])
    hooks.change(hook_id=hook.pk, by=other, url=receiver.address)
    leaves(hook)
    happen(dataset)
    sent()
    assert len(receiver.heard) == 1

    Membership.objects.filter(contributor=other).delete()
    happen(dataset)
    sent()
    assert len(receiver.heard) == 1


# ---- one that is odd, slow, or many ----------------------------------------------------


@pytest.mark.parametrize("part", ["payloads.body_of", "outbound.post"])
def test_one_that_raises_holds_up_no_other(receiver, dataset, monkeypatch, part):
    """It is given up like any that is never taken, and the others are sent once."""
    odd, _ = added(f"{receiver.address}odd", dataset)
    added(receiver, dataset)
    happen(dataset)
    module, _, name = part.partition(".")
    as_ever = getattr(getattr(deliveries, module), name)

    def raises(first, *args, **options):
        if first == odd.url or getattr(first, "hook", None) == odd:
            raise ZeroDivisionError
        return as_ever(first, *args, **options)

    monkeypatch.setattr(getattr(deliveries, module), name, raises)
    for _ in range(8):
        due_now()
        sent()

    assert len(receiver.heard) == 1
    assert states() == ["delivered", "failed"]
    problems = set(odd.deliveries.get().tries.values_list("problem", flat=True))
    assert problems == {deliveries.OUR_FAULT}


def test_what_came_of_one_is_noted_before_the_slow_are_through(
    receiver, dataset, monkeypatch
):
    quick, _ = added(receiver, dataset)
    added(f"{receiver.address}slow", dataset)
    happen(dataset)
    is_noted, as_ever = threading.Event(), deliveries.settle
    was_in_time = []

    def wait(address, *args, **options):
        if address.endswith("slow"):
            was_in_time.append(is_noted.wait(timeout=10))
        return outbound.Answer(200, {}, b"", address)

    def settle(delivery, outcome):
        as_ever(delivery, outcome)
        if delivery.hook_id == quick.pk:
            is_noted.set()

    monkeypatch.setattr(deliveries.outbound, "post", wait)
    monkeypatch.setattr(deliveries, "settle", settle)
    sent()

    assert was_in_time == [True]


def test_however_much_waits_a_claim_reads_one_row_of_each_hook(receiver, dataset):
    hook, _ = added(receiver, dataset)
    happen(dataset, count=300)

    with connection.cursor() as cursor:  # what the planner does where there are many
        for way in ("seqscan", "bitmapscan", "sort", "hashjoin", "mergejoin"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    asked = Hook.objects.filter(pk=hook.pk).with_due()
    (plan,) = json.loads(asked.explain(format="json", analyze=True))

    assert list(asked) == [hook]
    assert 1 <= most_rows(plan["Plan"]) < 10


def most_rows(node):
    rows = [most_rows(part) for part in node.get("Plans", [])]
    return max([node["Actual Rows"] * node["Actual Loops"], *rows])


# ---- several dispatchers ---------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_dispatchers_each_event_goes_to_one(receiver, dataset):
    added(receiver, dataset)
    added(f"{receiver.address}two", dataset)
    happen(dataset, count=30)

    together(*[lambda: deliveries.carry_on(seconds=30)] * 3)

    ids = [heard.headers["webhook-id"] for heard in receiver.heard]
    assert (len(ids), len(set(ids))) == (60, 60)
    assert states() == ["delivered"] * 60
    assert set(Delivery.objects.values_list("attempt", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_of_site", [True, False])
def test_of_two_that_add_the_same_address_one_is_refused(receiver, dataset, is_of_site):
    where = None if is_of_site else dataset
    first, _ = added(f"{receiver.address}1", where)
    second, _ = added(f"{receiver.address}2", where)
    url = f"{receiver.address}same"

    def add():
        hooks.add(dataset=where, name="Ours", url=url, wants=["run.failed"], by=by)

    def change(hook):
        hooks.change(hook_id=hook.pk, by=hook.made_by, url=url)

    by = first.made_by
    outcomes = together(add, add, lambda: change(first), lambda: change(second))

    assert sorted(outcomes, key=str) == [CurationError] * 3 + [None]


@pytest.mark.django_db(transaction=True)
def test_events_written_at_the_same_moment_are_all_noted(receiver, dataset):
    """In whatever order they commit, and while the hook itself is changed."""
    hook, _ = added(receiver, dataset)

    def write():
        with transaction.atomic():
            happen(dataset)
            deliveries.claim()
            happen(dataset)

    def change():
        hooks.change(hook_id=hook.pk, by=hook.made_by, name="Anew")

    together(write, write, change, write)

    assert Delivery.objects.count() == 6


def test_a_worker_that_was_taken_for_dead_writes_nothing(receiver, dataset):
    added(receiver, dataset)
    happen(dataset)
    (lost,) = deliveries.claim()
    assert deliveries.claim() == []
    Delivery.objects.update(lease_until=now() - timedelta(seconds=1))
    sent()

    late = deliveries.Outcome(500, "", 9, "")
    assert deliveries.settle(lost, late) is False

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempt) == ("delivered", 2)
    assert [tried.attempt for tried in delivery.tries.all()] == [2]


# ---- by hand ---------------------------------------------------------------------------


def test_a_test_is_sent_at_once_and_not_again(receiver, dataset):
    hook, secret = added(receiver, dataset)
    hooks.switch(hook_id=hook.pk, is_on=False, by=hook.made_by)
    receiver.says(400, b"Whatever")

    sent_now = deliveries.ping(hook_id=hook.pk, by=hook.made_by)

    assert (sent_now.state, sent_now.tries.get().answer) == ("failed", "Whatever")
    (heard,) = receiver.heard
    assert is_signed(heard, secret)
    assert (told(heard)["type"], told(heard)["data"]) == ("ping", {"hook": hook.pk})
    hook.refresh_from_db()
    assert (hook.failures, hook.rests_until) == (0, None)


def test_what_was_given_up_is_sent_again_by_hand(receiver, dataset):
    hook, _ = added(receiver, dataset)
    happen(dataset)
    receiver.says(500)
    for _ in range(8):
        due_now()
        sent()
    receiver.says()
    delivery = Delivery.objects.get()

    with pytest.raises(CurationError):
        deliveries.send_again(delivery_id=delivery.pk, by=ContributorFactory())
    deliveries.send_again(delivery_id=delivery.pk, by=hook.made_by)
    sent()

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempt, delivery.tried) == ("delivered", 9, 1)


def test_while_a_secret_changes_both_are_good(receiver, dataset):
    hook, old = added(receiver, dataset)
    _, new = hooks.new_secret(hook_id=hook.pk, by=hook.made_by)
    happen(dataset)
    sent()
    Hook.objects.update(salted_at=now() - timedelta(days=2))
    happen(dataset)
    sent()

    first, second = receiver.heard
    assert old != new
    assert is_signed(first, old) and is_signed(first, new)
    assert is_signed(second, new) and not is_signed(second, old)


def test_a_secret_that_is_made_twice_does_not_end_the_one_in_use(receiver, dataset):
    """The answer was lost, or the page was loaded again."""
    hook, old = added(receiver, dataset)
    _, lost = hooks.new_secret(hook_id=hook.pk, by=hook.made_by)
    begun = Hook.objects.get().salted_at
    _, new = hooks.new_secret(hook_id=hook.pk, by=hook.made_by)
    happen(dataset)
    sent()

    (heard,) = receiver.heard
    assert is_signed(heard, old) and is_signed(heard, new)
    assert not is_signed(heard, lost)
    assert Hook.objects.get().salted_at == begun, "its day is not made longer"


def test_while_the_key_of_the_installation_changes_both_are_good(
    receiver, dataset, settings
):
    _, old = added(receiver, dataset)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of fifty letters and more, made at random"
    happen(dataset)
    sent()
    settings.SECRET_KEY_FALLBACKS = []
    happen(dataset)
    sent()

    first, second = receiver.heard
    assert is_signed(first, old) and not is_signed(second, old)


def test_a_removed_hook_hears_nothing_more(receiver, dataset):
    hook, _ = added(receiver, dataset)
    happen(dataset)
    hooks.remove(hook_id=hook.pk, by=hook.made_by)
    happen(dataset)

    sent()

    assert receiver.heard == []
    assert states() == ["waiting"]


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

"""Hooks are sent what waits for them: claimed, posted, and written down, once an attempt.

A worker claims rows for two minutes by raising their attempt; what it writes afterwards
names that attempt, so that one which was taken for dead writes nothing. A receiver may
still get a delivery twice, by the same id: when a worker dies between the two.
"""

from __future__ import annotations

import logging
import random
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Value
from django.db.models.functions import Now
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from curation import outbound, payloads, signing
from curation.actions import hooks
from curation.errors import CurationError
from curation.happenings import PING
from curation.models import Contributor, Delivery, DeliveryTry, Event, Hook

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
SECONDS = 5.0  # a receiver that needs longer should answer first and work afterwards
ANSWER_KEPT = 500
KEPT_FOR = timedelta(days=30)
# After the first, the second, … attempt: eight within a day.
PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (30, 120, 600, 1_800, 7_200, 21_600, 57_000)
)
ATTEMPTS = len(PAUSES) + 1
# After failures in a row nothing at all is sent: a dead receiver must not be asked for each
# of ten thousand events.
REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=10)
FAILING_FOR, FAILURES = timedelta(hours=20), 5  # and then it is switched off
HOOKS_AT_ONCE, OF_EACH = 8, 4
FORGOTTEN_AT_ONCE = 1_000
GONE = 410
GAVE_UP = gettext_noop("It took nothing for twenty hours.")
OUR_FAULT = gettext_noop("It could not be made. The fault is here, not at the receiver.")
SAID_GONE = gettext_noop("It answered that it is gone (410).")

State = Delivery.State


class Outcome(NamedTuple):
    status: int | None
    answer: str
    milliseconds: int
    problem: str
    facts: dict[str, str | int]

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


# ---- what the clock does ---------------------------------------------------------------


def carry_on(*, seconds: float) -> bool:
    """Send what is due for about so long; True where more is waiting."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        claimed = claim()
        if not claimed:
            return False
        with ThreadPoolExecutor(max_workers=len(claimed)) as pool:
            sent = {pool.submit(_sent, each, _sealed(each)): each for each in claimed}
            for one in as_completed(sent):  # none waits for one that is slow
                settle(sent[one], one.result())
    return True


@transaction.atomic
def claim() -> list[Delivery]:
    """Some of what is due, of several hooks, for this worker alone."""
    hooks.give_up_orphans()
    taken: list[int] = []
    for hook_id in Hook.objects.with_due().values_list("pk", flat=True)[:HOOKS_AT_ONCE]:
        free = (
            Delivery.objects.due().filter(hook=hook_id).select_for_update(skip_locked=True)
        )
        rows = free.order_by("due_at").values_list("pk", flat=True)
        taken += rows[:OF_EACH]
    Delivery.objects.filter(pk__in=taken).update(**_claiming())
    joined = Delivery.objects.select_related("hook", "event__dataset")
    return list(joined.filter(pk__in=taken).order_by("due_at", "pk"))


@transaction.atomic
def settle(delivery: Delivery, outcome: Outcome) -> bool:
    """Write down what came of it. False where another worker has it by now."""
    mine = Delivery.objects.filter(
        pk=delivery.pk, state=State.SENDING, attempt=delivery.attempt
    )
    if not mine.select_for_update().exists():
        return False
    DeliveryTry.objects.create(
        delivery=delivery, attempt=delivery.attempt, **outcome._asdict()
    )
    if outcome.is_taken:
        _end(delivery, State.DELIVERED)
    elif delivery.kind == PING or outcome.status == GONE or delivery.tried >= ATTEMPTS:
        _end(delivery, State.FAILED)
    else:
        pause = PAUSES[delivery.tried - 1] * random.uniform(0.9, 1.1)
        delivery.state, delivery.lease_until = State.WAITING, None
        delivery.due_at = now() + pause
        delivery.save(update_fields=["state", "lease_until", "due_at"])
    if delivery.kind != PING:
        _note_on_hook(delivery, outcome)
    return True


def forget() -> int:
    """What was sent long ago, with what came of it. Return how many."""
    forgotten = 0
    while gone := _forget_some():
        forgotten += gone
    return forgotten


@transaction.atomic
def _forget_some() -> int:
    old = Delivery.objects.filter(created_at__lt=now() - KEPT_FOR)
    free = old.select_for_update(skip_locked=True).order_by("created_at")
    some = list(free.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
    Delivery.objects.filter(pk__in=some).delete()
    return len(some)


# ---- what people do --------------------------------------------------------------------


def ping(*, hook_id: int, by: Contributor) -> Delivery:
    """Send a test at once, while somebody waits; also where the hook is off."""
    with transaction.atomic():
        hook = hooks.lock(hook_id, by=by)
        sent = Delivery.objects.create(
            hook=hook,
            kind=PING,
            state=State.SENDING,
            attempt=1,
            tried=1,
            lease_until=now() + LEASE,
        )
        Event.objects.record("hook.tested", hook, by=by, dataset=hook.dataset)
    settle(sent, _sent(sent, _sealed(sent)))
    return sent


@transaction.atomic
def send_again(*, delivery_id: int, by: Contributor) -> Delivery:
    """Once more by the same id, whatever became of it, and at once."""
    sent = Delivery.objects.select_for_update().get(pk=delivery_id)
    hook = hooks.lock(sent.hook_id, by=by)
    if not hook.is_on:
        raise CurationError(_("The webhook is off. Switch it on first."))
    if sent.state == State.SENDING:
        raise CurationError(_("It is being sent just now."))
    sent.state, sent.tried, sent.due_at, sent.ended_at = State.WAITING, 0, now(), None
    sent.save(update_fields=["state", "tried", "due_at", "ended_at"])
    hook.rests_until = None
    hook.save(update_fields=["rests_until"])
    Event.objects.record(
        "hook.sent_again", hook, by=by, dataset=hook.dataset, delivery=str(sent.uid)
    )
    return sent


# ---- one attempt -----------------------------------------------------------------------


def _claiming() -> dict[str, Any]:
    """By the database's clock, which all workers share."""
    until = ExpressionWrapper(Now() + Value(LEASE), output_field=DateTimeField())
    return {
        "state": State.SENDING,
        "attempt": F("attempt") + 1,
        "tried": F("tried") + 1,
        "lease_until": until,
    }


class Sealed(NamedTuple):
    headers: dict[str, str]
    body: bytes


def _sealed(delivery: Delivery) -> Sealed | None:
    """What goes out, signed. Here and not in _post(), which has no database.

    None where it cannot be made: the others that were claimed with it are sent even so.
    """
    try:
        body = payloads.body_of(delivery)
    except Exception:
        log.exception("No body could be made for delivery %s.", delivery.pk)
        return None
    marks = signing.headers(
        str(delivery.uid), int(time.time()), body, salts=hooks.salts(delivery.hook)
    )
    return Sealed({"Content-Type": "application/json", **marks}, body)


def _sent(delivery: Delivery, sealed: Sealed | None) -> Outcome:
    """Whatever happens, something came of it: what raises would be claimed for ever."""
    if sealed is None:
        return Outcome(None, "", 0, OUR_FAULT, {})
    try:
        return _post(delivery, sealed)
    except Exception:
        log.exception("Delivery %s could not be sent.", delivery.pk)
        return Outcome(None, "", 0, OUR_FAULT, {})


def _post(delivery: Delivery, sealed: Sealed) -> Outcome:
    began = time.monotonic()
    status, said, problem, facts = None, "", "", dict[str, str | int]()
    try:
        with override("en"):  # what is kept is worded again for each reader
            answer = outbound.post(
                delivery.hook.url,
                sealed.body,
                headers=sealed.headers,
                seconds=SECONDS,
                at_most=4 * ANSWER_KEPT,  # a letter has up to four bytes
                is_beginning_enough=True,
            )
    except CurationError as refusal:
        problem, facts = refusal.said[:300], refusal.facts
    else:
        status = answer.status
        said = answer.text.replace("\0", "\N{REPLACEMENT CHARACTER}")[:ANSWER_KEPT]
    return Outcome(status, said, int(1000 * (time.monotonic() - began)), problem, facts)


def _end(delivery: Delivery, state: State) -> None:
    delivery.state, delivery.lease_until, delivery.ended_at = state, None, now()
    delivery.save(update_fields=["state", "lease_until", "ended_at"])


def _note_on_hook(delivery: Delivery, outcome: Outcome) -> None:
    joined = Hook.objects.select_related("dataset", "made_by")
    hook = joined.select_for_update(of=("self",), no_key=True).get(pk=delivery.hook_id)
    if outcome.is_taken:
        hook.delivered_at = now()
        hooks.forgive(hook)
    else:
        rest = min(REST * 2 ** min(hook.failures, 10), LONGEST_REST)
        hook.failures += 1
        hook.failing_since = hook.failing_since or now()
        hook.rests_until = now() + rest
    hook.save(update_fields=["delivered_at", *hooks.FAILURES])
    if hook.is_on and outcome.status == GONE:
        hooks.give_up(hook, why=SAID_GONE)
    elif hook.is_on and _fails_for_long(hook):
        hooks.give_up(hook, why=GAVE_UP)


def _fails_for_long(hook: Hook) -> bool:
    since = hook.failing_since
    return hook.failures >= FAILURES and since is not None and since <= now() - FAILING_FOR

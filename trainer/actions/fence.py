"""The life of a row that one worker at a time works on: claimed, kept, ended once.

A worker that was given up for dead cannot write any more: `attempt` is the fence, raised
by each claim, and every later write says `WHERE state = running AND attempt = mine`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce, Now
from django.utils.timezone import now
from django.utils.translation import gettext_noop

from curation import history
from curation.errors import WrongState
from curation.handoff import Person
from trainer.actions import attempts
from trainer.errors import Cancelled, Lost, Paused
from trainer.models.fenced import Fenced
from trainer.text import storable

State = Fenced.State
R = TypeVar("R", bound=Fenced)

# A worker beats each five seconds; what has not been heard of for this long is dead.
LEASE = timedelta(seconds=30)
RING_AGAIN = timedelta(seconds=20)
RINGS_AT_ONCE = 8  # a busy worker need not find a thousand doorbells when it is done
MAX_LOST = 3
PARKED = gettext_noop(
    "Its worker or its process was ended three times. Look at the log and at the memory of "
    "the machine, then start it again."
)


# ---- what people do: on a row that the caller has locked -------------------------------


def lock(model: type[R], pk: int) -> R:
    return (
        model._default_manager.select_for_update(of=("self",))
        .select_related("version")
        .get(pk=pk)
    )


def cancel(row: R, *, by: Person) -> R:
    """End one that waits at once; ask the worker of a running one, within seconds."""
    if row.state in {State.QUEUED, State.PAUSED}:
        return move(row, to=State.CANCELLED, by=by, finished_at=now())
    if row.state != State.RUNNING:
        raise WrongState(noun(row), row.state)
    if row.cancel_requested_at is None:
        row.cancel_requested_at = now()
        row.save(update_fields=["cancel_requested_at"])
        record("cancel_asked", row, by=by)
    return row


def pause(row: R, *, by: Person) -> R:
    """The same, to go on later from its last checkpoint."""
    if row.state == State.QUEUED:
        return move(row, to=State.PAUSED, by=by)
    if row.state != State.RUNNING:
        raise WrongState(noun(row), row.state)
    if row.pause_requested_at is None:
        row.pause_requested_at = now()
        row.save(update_fields=["pause_requested_at"])
        record("pause_asked", row, by=by)
    return row


def queue_again(row: R, *, by: Person | None) -> R:
    """An ended or paused one goes on from its last checkpoint."""
    return move(
        row,
        to=State.QUEUED,
        by=by,
        lost=0,
        problem="",
        finished_at=None,
        cancel_requested_at=None,
        queued_at=now(),
        rung_at=now(),
    )


# ---- what the worker does --------------------------------------------------------------


@transaction.atomic
def claim(model: type[R], pk: int, worker: str, **changes: Any) -> R | None:
    """Take one that waits, or return None when somebody else has it.

    The old state is in the UPDATE's own WHERE, so of two workers only one can win.
    """
    won = model._default_manager.filter(pk=pk, state=State.QUEUED).update(
        state=State.RUNNING,
        attempt=F("attempt") + 1,
        lease_until=lease_end(),
        started_at=Coalesce("started_at", Now()),
        worker=worker[:120],
        **changes,
    )
    if not won:
        return None
    row = model._default_manager.select_related("version").get(pk=pk)
    attempts.begin(row)
    record("started", row, by=None, attempt=row.attempt, worker=row.worker)
    return row


def beat(row: Fenced) -> bool:
    """Say that the worker lives. False means that the row is somebody else's: stop."""
    return update_mine(row, lease_until=lease_end())


def stop_asked(row: Fenced) -> type[Cancelled | Paused] | None:
    """How a person wants it to stop, if one does. A query."""
    asked = (
        type(row)
        ._default_manager.filter(pk=row.pk)
        .values_list("cancel_requested_at", "pause_requested_at")
        .first()
    )
    cancelled_at, paused_at = asked or (None, None)
    if cancelled_at:
        return Cancelled
    return Paused if paused_at else None


def hold(row: Fenced) -> None:
    """Lock the row for the rest of the transaction, or raise Lost when it is not ours."""
    let_go_in_time()
    if not mine(row).select_for_update().exists():
        raise Lost


def report(row: Fenced, **facts: Any) -> None:
    """Progress, and a beat."""
    let_go_in_time()
    must(update_mine(row, lease_until=lease_end(), **facts))


@transaction.atomic
def end(row: Fenced, *, to: State, **changes: Any) -> bool:
    """False where the row is somebody else's by now. A wish that came late is moot."""
    locked = mine(row).select_for_update(of=("self",)).select_related("version").first()
    if locked is None:
        return False
    if to != State.CANCELLED:
        changes["cancel_requested_at"] = None
    move(locked, to=to, by=None, finished_at=now(), **changes)
    return True


@transaction.atomic
def halve(row: Fenced) -> None:
    """Memory ran out: from here on, also after a restart, it takes fewer at once."""
    must(update_mine(row, is_halved=True))
    row.is_halved = True
    record("halved", row, by=None)


@transaction.atomic
def lose(row: Fenced) -> None:
    """Its process is gone and nobody knows why: back to the queue, a few times."""
    locked = mine(row).select_for_update(of=("self",)).select_related("version").first()
    if locked is not None:
        _take_back(locked)


def fail(row: Fenced, *, problem: str) -> bool:
    assert problem, "a failure says why"
    return end(row, to=State.FAILED, problem=storable(problem))


def acknowledge_cancel(row: Fenced) -> bool:
    """The child is gone; now the row may say so."""
    return end(row, to=State.CANCELLED)


@transaction.atomic
def acknowledge_pause(row: Fenced) -> bool:
    locked = mine(row).select_for_update(of=("self",)).select_related("version").first()
    if locked is None:
        return False
    move(locked, to=State.PAUSED, by=None, cancel_requested_at=None)
    return True


# ---- what the clock does ---------------------------------------------------------------


@transaction.atomic
def requeue_silent(model: type[R]) -> list[int]:
    """Take back rows whose worker is dead; return the ids to ring for, as they are due.

    Also those that were rung for some time ago: a doorbell may have been lost.
    """
    rows = model._default_manager
    locked = rows.select_for_update(skip_locked=True, of=("self",))
    # The condition stands on the locked row itself: PostgreSQL looks at it once more where
    # a beat or an end came first.
    silent = locked.filter(state=State.RUNNING, lease_until__lt=Now())
    for row in silent.select_related("version"):
        _take_back(row)
    unheard = Q(rung_at=None) | Q(rung_at__lt=Now() - RING_AGAIN)
    waiting = locked.filter(unheard, state=State.QUEUED).order_by("-priority", "queued_at")
    ids = list(waiting.values_list("pk", flat=True)[:RINGS_AT_ONCE])
    rows.filter(pk__in=ids).update(rung_at=Now())
    return ids


def _take_back(row: Fenced) -> None:
    lost = row.lost + 1
    if row.cancel_requested_at:
        move(row, to=State.CANCELLED, by=None, lost=lost, finished_at=now())
    elif row.pause_requested_at:
        move(row, to=State.PAUSED, by=None, lost=lost)
    elif lost >= MAX_LOST:
        # One that kills every worker it gets must not go round for ever.
        move(row, to=State.FAILED, by=None, lost=lost, problem=PARKED, finished_at=now())
    else:
        move(row, to=State.QUEUED, by=None, lost=lost, queued_at=now(), rung_at=None)


# ---- the only writers of a state -------------------------------------------------------


def move(row: R, *, to: State, by: Person | None, **changes: Any) -> R:
    """Change the state of a locked row, and write its line of history with it."""
    if to not in row.MOVES[State(row.state)]:
        raise WrongState(noun(row), row.state)
    if row.state == State.RUNNING:
        attempts.close(row)
    changes |= {"state": to, "lease_until": None, "pause_requested_at": None}
    if hasattr(row, "phase"):
        changes["phase"] = ""
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=list(changes))
    record(to, row, by=by, attempt=row.attempt, problem=row.problem)
    return row


def let_go_in_time() -> None:
    """A worker that freezes within a transaction must not keep its row from others."""
    milliseconds = str(int(LEASE.total_seconds() * 1000))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('idle_in_transaction_session_timeout', %s, true)",
            [milliseconds],
        )


def mine(row: Fenced) -> Any:
    return type(row)._default_manager.filter(
        pk=row.pk, state=State.RUNNING, attempt=row.attempt
    )


def update_mine(row: Fenced, **changes: object) -> bool:
    return bool(mine(row).update(**changes) == 1)


def must(is_mine: bool) -> None:  # noqa: FBT001 (reads as a sentence)
    if not is_mine:
        raise Lost


def lease_end() -> ExpressionWrapper[CombinedExpression]:
    """By the database's clock, which all workers share."""
    return ExpressionWrapper(Now() + Value(LEASE), output_field=DateTimeField())


def noun(row: Fenced) -> str:
    return row._meta.model_name or ""


def record(what: str, row: Fenced, *, by: Person | None, **data: Any) -> None:
    """A line of its history, as `run.started`."""
    told = {name: value for name, value in data.items() if value not in ("", None)}
    kind = f"{noun(row)}.{what}"
    history.record(kind, row, by=by, dataset_id=row.dataset_id, **told)

"""A run's life: asked for, claimed by one worker, ended once.

A worker that was given up for dead cannot write any more: `attempt` is the fence, raised
by each claim, and every later write says `WHERE state = running AND attempt = mine`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce, Now
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation import handoff, history
from curation.errors import NotAllowed, WrongState
from curation.handoff import Person
from trainer.config import RunConfig
from trainer.errors import Lost, NotConfirmed, TrainerError
from trainer.models import BaseModel, Checkpoint, Metric, Run
from trainer.models.runs import RunQuerySet
from trainer.text import storable

State = Run.State

# A worker beats each five seconds; what has not been heard of for this long is dead.
LEASE = timedelta(seconds=30)
RING_AGAIN = timedelta(seconds=20)
RINGS_AT_ONCE = 8  # a busy worker need not find a thousand doorbells when it is done
MAX_LOST = 3
PARKED = gettext_noop(
    "Its worker was lost three times. Look at the log and memory, then start it again."
)


class Point(NamedTuple):
    name: str
    step: int
    value: float


# ---- what people do --------------------------------------------------------------------


@transaction.atomic
def request(
    *,
    version_id: int,
    base_id: int,
    config: dict[str, Any],
    by: Person,
    recalled: int = 0,
) -> Run:
    """Queue a run. The caller rings: `ring(tasks.execute_run, run_id=run.pk)`.

    `recalled` is how many texts of the version the person knows to be taken back; if they
    are more, they are asked again. A version with destroyed words is refused.
    """
    _require(by, version_id)
    handoff.require_whole(version_id)
    if (taken_back := handoff.recalled(version_id).texts) > recalled:
        raise NotConfirmed(taken_back)
    version = handoff.frozen(version_id)
    base = BaseModel.objects.get(pk=base_id)
    if not base.is_ready:
        raise TrainerError(
            _("%(base)s is not ready yet: %(why)s")
            % {"base": base, "why": _(base.problem or gettext_noop("wait until it is."))}
        )
    if not version.train_count:
        raise TrainerError(
            _("%(version)s has no example to train on. Freeze another one.")
            % {"version": version.title}
        )
    if not version.held_out_count:
        raise TrainerError(
            _(
                "%(version)s keeps no example for the evaluation. "
                "Review more conversations, then freeze again."
            )
            % {"version": version.title}
        )
    settings = RunConfig.parse(config)
    run = Run.objects.create(
        version_id=version.id,
        version_digest=version.digest,
        base=base,
        config=settings.as_json(),
        of=settings.steps,
        requested_by=by,
        rung_at=now(),
    )
    told = {"base": base.slug, "digest": version.digest, "recalled": taken_back or None}
    record("run.requested", run, by=by, **told)
    return run


@transaction.atomic
def cancel(*, run_id: int, by: Person) -> Run:
    """End a queued run at once; ask the worker of a running one, who sees it in seconds."""
    run = _lock(run_id)
    _require(by, run.version_id)
    if run.state == State.QUEUED:
        return _move(run, to=State.CANCELLED, by=by, finished_at=now())
    if run.state != State.RUNNING:
        raise WrongState("run", run.state)
    if run.cancel_requested_at is None:
        run.cancel_requested_at = now()
        run.save(update_fields=["cancel_requested_at"])
        record("run.cancel_asked", run, by=by)
    return run


@transaction.atomic
def retry(*, run_id: int, by: Person) -> Run:
    """Queue an ended run again. It goes on from its last checkpoint."""
    run = _lock(run_id)
    _require(by, run.version_id)
    handoff.require_whole(run.version_id)
    return _move(
        run,
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
def claim(run_id: int, worker: str) -> Run | None:
    """Take a queued run, or return None when somebody else has it.

    The old state is in the UPDATE's own WHERE, so of two workers only one can win.
    """
    won = Run.objects.filter(pk=run_id, state=State.QUEUED).update(
        state=State.RUNNING,
        phase=Run.Phase.PREPARING,
        attempt=F("attempt") + 1,
        lease_until=lease_end(),
        started_at=Coalesce("started_at", Now()),
        worker=worker[:120],
    )
    if not won:
        return None
    run = Run.objects.select_related("base", "version").get(pk=run_id)
    record("run.started", run, by=None, attempt=run.attempt, worker=run.worker)
    return run


def beat(run: Run) -> bool:
    """Say that the worker lives. False means that the run is somebody else's: stop."""
    return _update_mine(run, lease_until=lease_end())


def is_cancel_asked(run: Run) -> bool:
    return Run.objects.filter(pk=run.pk, cancel_requested_at__isnull=False).exists()


def enter(run: Run, phase: Run.Phase) -> None:
    _must(_update_mine(run, phase=phase))


@transaction.atomic
def report(run: Run, points: Iterable[Point], **facts: Any) -> None:
    """Progress and new points of the curves, and a beat. The row first: it is the fence."""
    _must(_update_mine(run, lease_until=lease_end(), **facts))
    rows = (Metric(run=run, name=p.name, step=p.step, value=p.value) for p in points)
    Metric.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic
def publish(run: Run, *, path: str, sha256: str, size: int) -> None:
    """Make the adapter known, and move on to its evaluation, in one go."""
    _must(
        _update_mine(run, phase=Run.Phase.EVALUATING, adapter_sha256=sha256, step=F("of"))
    )
    _, is_new = Checkpoint.objects.update_or_create(
        run=run,
        kind=Checkpoint.Kind.ADAPTER,
        defaults={"path": path, "sha256": sha256, "size": size},
    )
    if is_new:
        record("run.adapter", run, by=None, sha256=sha256)


def finish(run: Run) -> bool:
    """False where the run is somebody else's by now. A cancel that came late is moot."""
    return _end(run, to=State.FINISHED, cancel_requested_at=None)


def fail(run: Run, *, problem: str) -> bool:
    assert problem, "a failure says why"
    return _end(run, to=State.FAILED, problem=storable(problem), cancel_requested_at=None)


def acknowledge_cancel(run: Run) -> bool:
    """The child is gone; now the row may say so."""
    return _end(run, to=State.CANCELLED)


def hold(run: Run) -> None:
    """Lock the row for the rest of the transaction, or raise Lost when it is not ours."""
    if not _mine(run).select_for_update().exists():
        raise Lost


def record(kind: str, run: Run, *, by: Person | None, **data: Any) -> None:
    told = {name: value for name, value in data.items() if value not in ("", None)}
    history.record(kind, run, by=by, dataset_id=run.version.dataset_id, **told)


# ---- what the clock does ---------------------------------------------------------------


@transaction.atomic
def requeue_silent() -> list[int]:
    """Take back runs whose worker is dead; return the ids to ring for, oldest first.

    Also those that were rung for some time ago: a doorbell may have been lost.
    """
    locked = Run.objects.select_for_update(skip_locked=True, of=("self",))
    for run in locked.filter(pk__in=Run.objects.silent().values("pk")):
        _take_back(run)
    unheard = Q(rung_at=None) | Q(rung_at__lt=Now() - RING_AGAIN)
    waiting = locked.filter(unheard, state=State.QUEUED).order_by("queued_at")
    ids = list(waiting.values_list("pk", flat=True)[:RINGS_AT_ONCE])
    Run.objects.filter(pk__in=ids).update(rung_at=Now())
    return ids


def _take_back(run: Run) -> None:
    lost = run.lost + 1
    if run.cancel_requested_at:
        _move(run, to=State.CANCELLED, by=None, lost=lost, finished_at=now())
    elif lost >= MAX_LOST:
        # A run that kills every worker it gets must not go round for ever.
        _move(run, to=State.FAILED, by=None, lost=lost, problem=PARKED, finished_at=now())
    else:
        _move(run, to=State.QUEUED, by=None, lost=lost, queued_at=now(), rung_at=None)


# ---- the only writers of a state -------------------------------------------------------


def _lock(run_id: int) -> Run:
    return (
        Run.objects.select_for_update(of=("self",)).select_related("version").get(pk=run_id)
    )


def _move(run: Run, *, to: Run.State, by: Person | None, **changes: Any) -> Run:
    """Change the state of a locked row, and write its line of history with it."""
    if to not in Run.MOVES[State(run.state)]:
        raise WrongState("run", run.state)
    changes |= {"state": to, "phase": "", "lease_until": None}
    for name, value in changes.items():
        setattr(run, name, value)
    run.save(update_fields=list(changes))
    record(f"run.{to}", run, by=by, attempt=run.attempt, problem=run.problem)
    return run


@transaction.atomic
def _end(run: Run, *, to: Run.State, **changes: Any) -> bool:
    locked = _mine(run).select_for_update(of=("self",)).select_related("version").first()
    if locked is None:
        return False
    _move(locked, to=to, by=None, finished_at=now(), **changes)
    return True


def _mine(run: Run) -> RunQuerySet:
    return Run.objects.filter(pk=run.pk, state=State.RUNNING, attempt=run.attempt)


def _update_mine(run: Run, **changes: object) -> bool:
    return _mine(run).update(**changes) == 1


def _must(is_mine: bool) -> None:  # noqa: FBT001 (reads as a sentence)
    if not is_mine:
        raise Lost


def lease_end() -> ExpressionWrapper[CombinedExpression]:
    """By the database's clock, which all workers share."""
    return ExpressionWrapper(Now() + Value(LEASE), output_field=DateTimeField())


def _require(person: Person, version_id: int) -> None:
    if not handoff.may_train(person, version_id):
        raise NotAllowed(_("Only a curator of the dataset can start and stop its runs."))

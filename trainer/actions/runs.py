"""A run's life: asked for, claimed by one worker, ended once. See `fence.py`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation import handoff
from curation.errors import NotAllowed
from curation.handoff import Person
from trainer import estimates, methods
from trainer.actions import fence, merges
from trainer.actions.checks import require_data, require_lengths, require_parent
from trainer.errors import NotConfirmed, TrainerError
from trainer.models import BaseModel, Checkpoint, Metric, Run

State = Run.State


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
    priority: int = 0,
    method: str = Run.Method.SFT,
    parent_id: int | None = None,
    replaces: Run | None = None,
) -> Run:
    """Queue a run. The caller rings: `ring(tasks.execute_run, run_id=run.pk)`.

    `parent_id` is the fine-tuned run that it goes on from; without one it begins with the
    base. `recalled` is how many texts of the version the person knows to be taken back; if
    they are more, they are asked again. A version with destroyed words is refused.
    """
    how = methods.named(method)
    settings = how.config.parse(config)
    require(by, version_id)
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
    require_data(how, version)
    parent = require_parent(parent_id, base=base, by=by) if parent_id else None
    require_lengths(how, version, base, settings)
    expected = estimates.guess(
        base=base,
        method=how.name,
        config=settings.as_json(),
        dataset_id=version.dataset_id,
    )
    estimates.require_room(expected)
    run = Run.objects.create(
        method=how.name,
        parent=parent,
        replaces=replaces,
        version_id=version.id,
        version_digest=version.digest,
        base=base,
        config=settings.as_json(),
        of=settings.steps,
        requested_by=by,
        priority=priority,
        rung_at=now(),
    )
    estimates.keep(run, expected)
    told = {
        "base": base.slug, "digest": version.digest, "recalled": taken_back or None,
        "method": how.name.value, "parent": parent_id,
        "replaces": replaces.pk if replaces else None,
    }  # fmt: skip
    fence.record("requested", run, by=by, **told)
    return run


@transaction.atomic
def cancel(*, run_id: int, by: Person) -> Run:
    """End one that waits at once; ask the worker of a running one, within seconds."""
    return fence.cancel(_to_steer(run_id, by), by=by)


@transaction.atomic
def pause(*, run_id: int, by: Person) -> Run:
    """Stop it as `cancel` does, to go on later from its last checkpoint."""
    return fence.pause(_to_steer(run_id, by), by=by)


@transaction.atomic
def retry(*, run_id: int, by: Person) -> Run:
    """Queue an ended or paused run again. It goes on from its last checkpoint.

    Who asks must be one who could ask for it anew, with the same runs to go on from.
    """
    run = _to_steer(run_id, by)
    if run.parent_id:
        require_parent(run.parent_id, base=run.base, by=by)
    if run.is_merged:
        parts = run.parts.select_related("run")
        merges.require_parts([part.run for part in parts], by=by)
    for version_id in run.learned_from():
        handoff.require_whole(version_id)
    return fence.queue_again(run, by=by)


def _to_steer(run_id: int, person: Person) -> Run:
    run = fence.lock(Run, run_id)
    require(person, run.version_id)
    return run


# ---- what the worker does --------------------------------------------------------------


@transaction.atomic
def claim(run_id: int, worker: str) -> Run | None:
    """Take a queued run, or return None when somebody else has it."""
    return fence.claim(Run, run_id, worker, phase=Run.Phase.PREPARING)


def enter(run: Run, phase: Run.Phase) -> None:
    fence.must(fence.update_mine(run, phase=phase))


@transaction.atomic
def report(run: Run, points: Iterable[Point], **facts: Any) -> None:
    """Progress and new points of the curves, and a beat. The row first: it is the fence."""
    fence.report(run, **facts)
    rows = (Metric(run=run, name=p.name, step=p.step, value=p.value) for p in points)
    Metric.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic
def publish(
    run: Run, *, path: str, sha256: str, size: int, kind: str = Checkpoint.Kind.ADAPTER
) -> None:
    """Make the weights known, and move on to their evaluation, in one go."""
    fence.must(
        fence.update_mine(
            run, phase=Run.Phase.EVALUATING, adapter_sha256=sha256, step=F("of")
        )
    )
    _, is_new = Checkpoint.objects.update_or_create(
        run=run,
        kind=kind,
        defaults={"path": path, "sha256": sha256, "size": size},
    )
    if is_new:
        fence.record(kind, run, by=None, sha256=sha256)


def finish(run: Run) -> bool:
    """False where the run is somebody else's by now."""
    return fence.end(run, to=State.FINISHED)


def require(person: Person, version_id: int) -> None:
    if not handoff.may_train(person, version_id):
        raise NotAllowed(_("Only a curator of the dataset can start and stop its runs."))

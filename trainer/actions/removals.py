"""Models that saw texts which were taken back are trained again without them.

What people do: ask for it, put a model in place that came out worse, delete what the old
one weighs. Each of them leaves a row; `replacements.py` goes on with those.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation import handoff, history, intake
from curation.errors import CurationError, NotAllowed
from curation.handoff import Person
from trainer import saw
from trainer.actions import fence, promotions
from trainer.errors import TrainerError
from trainer.folders import ADAPTER, MODEL, SHARDS, folder_of, folder_of_job
from trainer.models import Job, Removal, Run

State = Removal.State
WEIGHTS = (ADAPTER, MODEL, SHARDS, "checkpoints")
TAKEN_AWAY = ("export",)  # the same in folders of jobs
WITH_WEIGHTS = ("export",)  # kinds of jobs


# ---- asked for ---------------------------------------------------------------------------


@transaction.atomic
def ask(*, run_id: int, by: Person) -> Removal:
    """Have a finished run's model trained again without what was taken back since.

    Where it goes on from models that saw such texts, those come first. Asked twice, it is
    the same row. The caller rings: `ring(tasks.follow_removals)`.
    """
    run = _locked_with_ancestors(run_id)
    there = Removal.objects.standing().filter(run=run).first()
    if there is not None and run.retired_at is None:
        return there
    _require_model(run)
    wanted = _wanted(run, by)
    if wanted is None:
        said = _("No text that run %(number)d learned from was taken back.")
        raise TrainerError(said % {"number": run.pk})
    return wanted


def ask_all(*, dataset_id: int, by: Person) -> tuple[list[Removal], list[str]]:
    """The same for all models of a dataset that saw any, its champions first; and why not,
    of those that were refused."""
    asked, refused = [], []
    for one in saw.texts_taken_back(dataset_id):
        try:
            asked.append(ask(run_id=one.run.pk, by=by))
        except CurationError as refusal:
            refused.append(str(refusal))
    return asked, refused


def _locked_with_ancestors(run_id: int) -> Run:
    """Always in one order, so that of two who ask the second finds what the first made."""
    run = Run.objects.get(pk=run_id)
    ids = [run.pk, *(one.pk for one in run.ancestors())]
    locked = Run.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    found = {one.pk: one for one in locked.select_related("version")}
    return found[run_id]


def _require_model(run: Run) -> None:
    if run.state != Run.State.FINISHED:
        raise TrainerError(_("Run %(number)d has no model yet.") % {"number": run.pk})
    if run.retired_at is not None:
        raise TrainerError(saw.why_retired(run))
    if run.is_merged:
        said = _(
            "Run %(number)d was merged of others. Have those trained again, then merge "
            "what takes their place."
        )
        raise TrainerError(said % {"number": run.pk})


def _wanted(run: Run, by: Person) -> Removal | None:
    """What makes the model clean; None where it is. Rows are made from the root on."""
    run = saw.in_its_place(run)
    there = Removal.objects.standing().filter(run=run).first()
    if there is not None:
        return there
    before = _wanted(run.parent, by) if run.parent else None
    stands_on = saw.in_its_place(run.parent) if run.parent else None
    found = handoff.recalled(run.version_id)
    if before is None and stands_on == run.parent and not found.texts:
        return None
    _require(by, run)
    texts = handoff.recalled_in_all(run.learned_from()).texts
    try:
        with transaction.atomic():
            made = Removal.objects.create(run=run, after=before, asked_by=by, texts=texts)
    except IntegrityError:  # somebody asked for it by way of another model, just now
        return Removal.objects.standing().get(run=run)
    fence.record("removal_asked", run, by=by, texts=texts)
    return made


def _require(person: Person, run: Run) -> None:
    if not handoff.may_train(person, run.version_id):
        said = _("Only a curator of its dataset can have run %(number)d trained again.")
        raise NotAllowed(said % {"number": run.pk})


# ---- put in its place --------------------------------------------------------------------


@transaction.atomic
def put_in_place(*, removal_id: int, by: Person) -> Removal:
    """A curator's click, where the new model came out worse: the removal is owed."""
    rows = Removal.objects.select_for_update(of=("self",))
    removal = rows.select_related("run__version", "made__version").get(pk=removal_id)
    _require(by, removal.run)
    if removal.state != State.COMPARED:
        raise TrainerError(_("There is nothing to decide here any more."))
    settle(removal, by=by)
    return removal


def settle(removal: Removal, *, by: Person) -> None:
    """Of a locked row: the old model is retired, and the new one stands where it stood."""
    old, new = removal.run, removal.made
    assert new is not None, "it was trained"
    said = _("Trained again without texts that were taken back, in place of run %(old)d.")
    promotions.replace(run_id=new.pk, old_id=old.pk, by=by, reason=said % {"old": old.pk})
    Run.objects.filter(pk=old.pk).update(retired_at=now())
    fence.record("retired", old, by=by, replaced_by=new.pk)
    removal.state, removal.ended_at = State.DONE, now()
    removal.save(update_fields=["state", "ended_at", "comparison"])
    history.record("removal.done", removal, by=by, dataset_id=old.dataset_id)
    intake.tell_of_replacement(source=f"run-{old.pk}", by_source=f"run-{new.pk}")


# ---- what it weighs ----------------------------------------------------------------------


@transaction.atomic
def delete_weights(*, run_id: int, by: Person) -> None:
    """Delete a retired model's files, checkpoints and exports with them. Its row, its
    figures and all that it learned from stay."""
    run = (
        Run.objects.select_for_update(of=("self",)).select_related("version").get(pk=run_id)
    )
    _require(by, run)
    if run.retired_at is None:
        raise TrainerError(
            _("Run %(number)d is in use. Only a retired model can be deleted.")
            % {"number": run.pk}
        )
    jobs = Job.objects.filter(run=run)
    wholes = Run.objects.filter(parts__run=run)
    at_work = (run.children.all(), wholes, jobs)
    if any(rows.unended().exists() for rows in at_work):
        raise TrainerError(_("Something is at work with this model. Wait for its end."))
    _delete(folder_of(run) / name for name in WEIGHTS)
    for job in jobs.filter(kind__in=WITH_WEIGHTS):
        _delete(folder_of_job(job) / name for name in TAKEN_AWAY)
    if run.weights_deleted_at is None:
        Run.objects.filter(pk=run.pk).update(weights_deleted_at=now())
        fence.record("weights_deleted", run, by=by)


def _delete(folders: Iterable[Path]) -> None:
    for folder in folders:
        if folder.exists():
            shutil.rmtree(folder)

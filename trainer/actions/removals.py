"""Models that saw texts which were taken back are trained again without them.

What people do: ask for it, put a model in place that came out worse, delete what the old
one weighs. Each of them leaves a row; `replacements.py` goes on with those.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation import handoff, history, intake
from curation.errors import CurationError, NotAllowed
from curation.handoff import Person
from trainer import saw, trials
from trainer.actions import contests, fence, promotions
from trainer.errors import TrainerError
from trainer.folders import ADAPTER, MODEL, SHARDS, folder_of, folder_of_job
from trainer.jobs.kinds import models
from trainer.models import Job, Removal, Run

State = Removal.State
WEIGHTS = (ADAPTER, MODEL, SHARDS, "checkpoints")
TAKEN_AWAY = ("export", trials.FOLDER)  # the same in folders of jobs
WITH_WEIGHTS = ("export", "effect", "forecast")  # kinds of jobs


# ---- asked for ---------------------------------------------------------------------------


@transaction.atomic
def ask(*, run_id: int, by: Person) -> Removal:
    """Have a finished run's model trained again without what was taken back since.

    Where it goes on from models that saw such texts, or was merged of them, those come
    first. Asked twice, it is the same row. The caller rings: `ring(tasks.follow_removals)`.
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


def _wanted(run: Run, by: Person) -> Removal | None:
    """What makes the model clean; None where it is. Rows are made from the root on."""
    run = saw.in_its_place(run)
    there = Removal.objects.standing().filter(run=run).first()
    if there is not None:
        return there
    stands_on = run.made_of()
    before = [_wanted(one, by) for one in stands_on]
    is_clean = run.is_merged or not handoff.recalled(run.version_id).texts
    if is_clean and not any(before) and all(one.retired_at is None for one in stands_on):
        return None
    _require(by, run)
    texts = handoff.recalled_in_all(run.learned_from()).texts
    after = next(filter(None, reversed(before)), None)  # of a merge's parts the last one
    try:
        with transaction.atomic():
            made = Removal.objects.create(run=run, after=after, asked_by=by, texts=texts)
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
    """Of a locked row: the old model is retired, and the new one stands where it stood;
    or what took that one's place, while a person was asked about this one."""
    old, made = removal.run, removal.made
    assert made is not None, "it was trained"
    new = saw.in_its_place(made)
    said = _("Trained again without texts that were taken back, in place of run %(old)d.")
    promotions.replace(run_id=new.pk, old_id=old.pk, by=by, reason=said % {"old": old.pk})
    Run.objects.filter(pk=old.pk).update(retired_at=now())
    fence.record("retired", old, by=by, replaced_by=new.pk)
    removal.state, removal.ended_at = State.DONE, now()
    removal.save(update_fields=["state", "ended_at", "comparison"])
    history.record("removal.done", removal, by=by, dataset_id=old.dataset_id)
    intake.tell_of_replacement(source=f"run-{old.pk}", by_source=f"run-{new.pk}")
    contests.stop_all_of(old)


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
    _require_unneeded(run)
    _delete(folder_of(run) / name for name in WEIGHTS)
    for job in run.jobs.filter(kind__in=WITH_WEIGHTS):
        _delete(folder_of_job(job) / name for name in TAKEN_AWAY)
    if run.weights_deleted_at is None:
        Run.objects.filter(pk=run.pk).update(weights_deleted_at=now())
        fence.record("weights_deleted", run, by=by)


def _require_unneeded(run: Run) -> None:
    """No job has it at work, and no model in use goes on from it or was merged of it: that
    learned the same texts, and what is asked of it may start at these weights."""
    made = Run.objects.filter(Q(parent=run) | Q(parts__run=run)).distinct()
    jobs = Job.objects.unended().select_related("run__version")
    if made.unended().exists() or any(
        run.pk in models(job.kind, job.run, job.config) for job in jobs
    ):
        raise TrainerError(_("Something is at work with this model. Wait for its end."))
    if (first := made.usable().order_by("pk").first()) is not None:
        said = _(
            "Run %(made)d is in use, and run %(number)d is part of it. Have that one "
            "replaced first."
        )
        raise TrainerError(said % {"made": first.pk, "number": run.pk})


def _delete(folders: Iterable[Path]) -> None:
    for folder in folders:
        if folder.exists():
            shutil.rmtree(folder)

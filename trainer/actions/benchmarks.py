"""Benchmarks: added and removed by curators, and what models came to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation import handoff, history
from curation.errors import NotAllowed
from curation.handoff import Person
from trainer import benchmark_files
from trainer.benchmark_files import Question
from trainer.errors import TrainerError
from trainer.models import Benchmark, BenchmarkScore, Job


@transaction.atomic
def add(
    *, dataset_id: int, name: str, questions: Sequence[Question], by: Person
) -> Benchmark:
    _require(by, dataset_id)
    packed = benchmark_files.packed(questions)
    theirs = Benchmark.objects.filter(dataset=dataset_id)
    if there := theirs.filter(digest=packed.digest).defer("packed").first():
        said = _("The same questions are there already, as “%(name)s”.")
        raise TrainerError(said % {"name": there})
    try:
        with transaction.atomic():
            made = Benchmark.objects.create(
                dataset_id=dataset_id,
                name=name,
                questions=packed.questions,
                with_options=packed.with_options,
                packed=packed.data,
                digest=packed.digest,
                added_by=by,
            )
    except IntegrityError as error:
        raise TrainerError(_("There is a set with this name already.")) from error
    history.record(
        "benchmark.added", made, by=by, dataset_id=dataset_id, name=name,
        digest=packed.digest,
    )  # fmt: skip
    return made


@transaction.atomic
def remove(*, benchmark_id: int, by: Person) -> None:
    """With all that models came to on it."""
    there = Benchmark.objects.select_for_update().filter(pk=benchmark_id).first()
    if there is None:
        raise TrainerError(_("Somebody has removed this set already."))
    _require(by, there.dataset_id)
    history.record(
        "benchmark.removed", there, by=by, dataset_id=there.dataset_id, name=there.name,
        digest=there.digest,
    )  # fmt: skip
    there.delete()


def keep(job: Job, result: dict[str, Any]) -> None:
    """In place of what the same model came to before. In the job's transaction."""
    there = Benchmark.objects.filter(pk=job.config["benchmark"]).defer("packed").first()
    if there is None:
        return  # it was removed meanwhile; the job's page still tells the figures
    BenchmarkScore.objects.update_or_create(
        benchmark=there,
        base=job.base,
        run=job.run,
        defaults={
            "digest": result["digest"],
            "job": job,
            "asked": result["asked"],
            "contaminated": result["contaminated"],
            "figures": result["figures"],
            "scored_at": now(),
        },
    )


def _require(person: Person, dataset_id: int) -> None:
    if not handoff.may_curate(person, dataset_id):
        raise NotAllowed(_("Only curators of the dataset change its benchmarks."))

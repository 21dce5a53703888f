"""Lines of the tables that tell how models did on benchmarks."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from trainer.models import BaseModel, BenchmarkScore, Job, Run

Figure = dict[str, Any]


class Row(NamedTuple):
    """`clean` is without what was learned from; empty where nothing is left."""

    label: str
    address: str
    asked: int
    contaminated: int
    clean: Figure
    whole: Figure


def of_model(score: BenchmarkScore) -> Row:
    """In a table of one set."""
    return _row(*_model(score.base, score.run), score.asked, score.contaminated,
                score.figures)  # fmt: skip


def of_set(score: BenchmarkScore) -> Row:
    """In a table of one model."""
    return _row(score.benchmark.name, "", score.asked, score.contaminated, score.figures)


def of_job(job: Job) -> Row:
    found = job.result
    return _row(*_model(job.base, job.run), found["asked"], found["contaminated"],
                found["figures"])  # fmt: skip


def _model(base: BaseModel, run: Run | None) -> tuple[str, str]:
    if run is None:
        return _("%(base)s, without any fine-tuning") % {"base": base.slug}, ""
    return run.signature, reverse("trainer:evaluation", args=[run.pk])


def _row(label: str, address: str, asked: int, known: int, figures: Figure) -> Row:
    return Row(label, address, asked, known, figures["clean"] or {}, figures["all"])

"""All kinds of jobs, by name."""

from __future__ import annotations

from typing import Any

from trainer import saw
from trainer.errors import TrainerError
from trainer.jobs import (
    benchmark,
    effect,
    export,
    forecast,
    generate,
    influence,
    probes,
    score,
    talk,
    wins,
)
from trainer.jobs.kind import Kind
from trainer.models import Run

EVERY: tuple[Kind, ...] = (
    benchmark.KIND,
    effect.KIND,
    export.KIND,
    forecast.KIND,
    generate.KIND,
    influence.KIND,
    probes.KIND,
    score.KIND,
    talk.KIND,
    wins.KIND,
)
KINDS = {kind.name: kind for kind in EVERY}


def models(name: str, run: Run | None, config: dict[str, Any]) -> set[int]:
    """The numbers of all runs whose models such a job has at work."""
    own = [run.pk] if run is not None else []
    return {*own, *KINDS[name].others(run, config)} if name in KINDS else {*own}


def require_in_use(name: str, run: Run | None, config: dict[str, Any]) -> None:
    """Refuse a job with a model that is retired. A query, and one for a kind's others."""
    retired = Run.objects.filter(pk__in=models(name, run, config), retired_at__isnull=False)
    if (first := retired.order_by("pk").first()) is not None:
        raise TrainerError(saw.why_retired(first))

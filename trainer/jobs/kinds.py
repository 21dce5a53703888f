"""All kinds of jobs, by name."""

from __future__ import annotations

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

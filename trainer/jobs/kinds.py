"""All kinds of jobs, by name."""

from __future__ import annotations

from trainer.jobs import (
    effect,
    export,
    forecast,
    generate,
    influence,
    merge,
    score,
    talk,
)
from trainer.jobs.kind import Kind

EVERY: tuple[Kind, ...] = (
    effect.KIND,
    export.KIND,
    forecast.KIND,
    generate.KIND,
    influence.KIND,
    merge.KIND,
    score.KIND,
    talk.KIND,
)
KINDS = {kind.name: kind for kind in EVERY}

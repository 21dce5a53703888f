"""All kinds of jobs, by name."""

from __future__ import annotations

from trainer.jobs import export, generate, influence, merge, score
from trainer.jobs.kind import Kind

EVERY: tuple[Kind, ...] = (
    export.KIND,
    generate.KIND,
    influence.KIND,
    merge.KIND,
    score.KIND,
)
KINDS = {kind.name: kind for kind in EVERY}

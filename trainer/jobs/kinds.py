"""All kinds of jobs, by name."""

from __future__ import annotations

from trainer.jobs import generate, influence, score
from trainer.jobs.kind import Kind

EVERY: tuple[Kind, ...] = (generate.KIND, influence.KIND, score.KIND)
KINDS = {kind.name: kind for kind in EVERY}

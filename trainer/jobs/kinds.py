"""All kinds of jobs, by name."""

from __future__ import annotations

from trainer.jobs import generate, score
from trainer.jobs.kind import Kind

EVERY: tuple[Kind, ...] = (generate.KIND, score.KIND)
KINDS = {kind.name: kind for kind in EVERY}

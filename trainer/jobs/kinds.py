"""All kinds of jobs, by name."""

from __future__ import annotations

from trainer.jobs import generate
from trainer.jobs.kind import Kind

EVERY: tuple[Kind, ...] = (generate.KIND,)
KINDS = {kind.name: kind for kind in EVERY}

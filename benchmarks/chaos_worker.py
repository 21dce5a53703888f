"""A trainer worker for `benchmarks.chaos`: the product's own, on recipes without torch.

python -m benchmarks.chaos_worker LEASE_SECONDS
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from trainer.models import Job
    from trainer.work import Work

RECIPES = "tests.trainer.fake_recipes"


def main() -> None:
    prepare(float(sys.argv[1]))
    from config.celery import app
    from trainer import child, launch, watch

    # The audit knows by it who wrote; PostgreSQL's library reads it at each connection.
    os.environ["PGAPPNAME"] = launch.worker_name()
    child.RECIPES = RECIPES
    watch.SECONDS = float(sys.argv[1]) / 6  # as the product's 5 of 30
    # As config/up.py starts it.
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    name = ["--hostname", f"chaos-{os.getpid()}@%h"]
    app.worker_main(["worker", "--pool", "solo", "--queues", "gpu", *quiet, *name])


def prepare(lease: float) -> None:
    """Django, a shorter lease, and a kind of job for this measurement alone."""
    import django

    django.setup()

    from trainer import watch
    from trainer.actions import fence
    from trainer.jobs import kinds
    from trainer.jobs.kind import Kind

    for module in (fence, watch):
        vars(module)["LEASE"] = timedelta(seconds=lease)
    kinds.KINDS["chaos"] = Kind("chaos", cast(Any, "Chaos"), perform, keep)


def perform(work: Work[Job]) -> dict[str, Any]:
    from trainer.recipes.common import read_object

    result = work.folder / "result.json"
    if not result.exists():
        work.recipe("short", {"out": str(work.folder)}, take=lambda event: None)
    return read_object(result) or {}


def keep(job: Job, result: dict[str, Any]) -> None:
    """In the transaction that ends the job; nothing but the fence stops a second one."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO chaos_result (job, attempt) VALUES (%s, %s)", [job.pk, job.attempt]
        )


if __name__ == "__main__":
    main()

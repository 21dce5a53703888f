"""Runs, jobs, workers and GPUs as numbers, for whoever watches the server."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Min
from django.utils.timezone import now

from curation.health.figures import Figure, queue
from trainer.actions.fence import LEASE
from trainer.models import Job, Run, Worker
from trainer.models.fenced import Fenced

STATES = "Rows by state."
BEAT = "How long the most silent worker of a running row has said nothing of it."
HEARD = "How long ago that trainer worker was heard of."
FREE, TOTAL = "Bytes free on that GPU.", "Bytes of that GPU."


def of_models() -> Iterator[Figure]:
    yield from _rows("run", Run)
    yield from _rows("job", Job)
    for worker in Worker.objects.for_listing():
        labels = {"worker": worker.name}
        silent = (now() - worker.heard_at).total_seconds()
        yield Figure("winnow_worker_heard_seconds", HEARD, silent, labels)
        for number, gpu in enumerate(worker.devices):
            which = labels | {"gpu": str(number), "name": gpu["name"]}
            yield Figure("winnow_gpu_free_bytes", FREE, gpu["free"], which)
            yield Figure("winnow_gpu_bytes", TOTAL, gpu["total"], which)


def _rows(kind: str, model: type[Fenced]) -> Iterator[Figure]:
    there = model._default_manager.order_by()
    counts = dict(there.values_list("state").annotate(rows=Count("pk")))
    for state in Fenced.State.values:
        yield Figure(f"winnow_{kind}s", STATES, counts.get(state, 0), {"state": state})
    facts = there.filter(state=Fenced.State.QUEUED).aggregate(
        waiting=Count("pk"), since=Min("queued_at")
    )
    yield from queue(kind, facts["waiting"], facts["since"])
    running = there.filter(state=Fenced.State.RUNNING)
    lease = running.aggregate(first=Min("lease_until"))["first"]
    silent = max((now() - (lease - LEASE)).total_seconds(), 0.0) if lease else 0.0
    yield Figure("winnow_heartbeat_seconds", BEAT, silent, {"kind": kind})

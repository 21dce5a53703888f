"""What a trainer worker works on: runs and jobs, which are steered in one way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from curation.background import ring
from curation.http import SignedInRequest
from trainer import access, tasks
from trainer.actions import jobs, runs
from trainer.child import LOG
from trainer.folders import folder_of, folder_of_job

Access = Callable[[SignedInRequest, int], Any]  # the row, or 404


@dataclass(frozen=True)
class Noun:
    """One kind of rows: `run` has the page trainer:run, `_run_live.html`, and `run_id`."""

    name: str
    to_watch: Access
    to_read_log: Access
    to_steer: Access
    actions: ModuleType  # cancel, pause and retry
    ring: Callable[[int], None]  # a worker, when one is queued again
    folder: Callable[[Any], Path]
    said_again: str | Promise  # to whoever queued one again

    @property
    def page(self) -> str:
        return f"trainer:{self.name}"

    def id(self, pk: int) -> dict[str, int]:
        return {f"{self.name}_id": pk}


RUN = Noun(
    name="run",
    to_watch=access.run_to_watch,
    to_read_log=access.run_to_watch,
    to_steer=access.run_to_steer,
    actions=runs,
    ring=lambda pk: ring(tasks.execute_run, run_id=pk),
    folder=folder_of,
    said_again=gettext_lazy("It is queued again, and goes on where it stopped."),
)
JOB = Noun(
    name="job",
    to_watch=access.job,
    to_read_log=access.job_to_steer,
    to_steer=access.job_to_steer,
    actions=jobs,
    ring=lambda pk: ring(tasks.execute_job, job_id=pk),
    folder=folder_of_job,
    said_again=gettext_lazy("It is queued again."),
)


def logged(noun: Noun, row: Any) -> HttpResponse:
    """The log of one that the person may read it of."""
    path = noun.folder(row) / LOG
    if not path.exists():
        raise Http404
    answer = HttpResponse(path.read_bytes(), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{noun.name}-{row.pk}.log"'
    return answer

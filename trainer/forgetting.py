"""What the trainer keeps of words that are destroyed elsewhere, it forgets."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from django.conf import settings

from curation import handoff
from trainer.actions import scores
from trainer.folders import folder_of_job
from trainer.models import Influence, Job, Run, Sample, Score
from trainer.work import COPIES


def forget(*, person_id: int, message_ids: Sequence[int], uids: Sequence[UUID]) -> None:
    """Prompts that samples were asked for, what was answered to them, scores of answers,
    and copies of files, in the rows and on disk. Weights stay: who trained them is told.
    See settings.FORGETTERS."""
    held = handoff.versions_with(message_ids)
    for pk in Run.objects.filter(version__in=held).values_list("pk", flat=True):
        shutil.rmtree(Path(settings.RUNS_DIR) / str(pk) / COPIES, ignore_errors=True)
    for pk in Job.objects.filter(version__in=held).values_list("pk", flat=True):
        shutil.rmtree(Path(settings.RUNS_DIR) / f"job-{pk}" / COPIES, ignore_errors=True)
    Score.objects.filter(message_uid__in=uids).delete()
    scores.forget(uids)
    asked = Sample.objects.filter(prompt_uid__in=uids)
    runs = list(asked.values_list("run", flat=True).distinct())
    for pk in runs:
        folder = Path(settings.RUNS_DIR) / str(pk)
        (folder / "prompts.jsonl").unlink(missing_ok=True)
        shutil.rmtree(folder / "samples", ignore_errors=True)
    for job in Job.objects.filter(run__in=runs, kind="influence"):
        (folder_of_job(job) / "queries.jsonl").unlink(missing_ok=True)
    Influence.objects.filter(message_uid__in=uids).delete()
    asked.update(prompt_text="", base_text="", tuned_text="")

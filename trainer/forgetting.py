"""What the trainer keeps of words that are destroyed elsewhere, it forgets."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from django.db.models import Q

from curation import handoff
from trainer import trials
from trainer.actions import scores
from trainer.folders import TALK_ASKED, TALK_SAID, folder_of, folder_of_job
from trainer.models import Influence, Job, Run, Sample, Score, Talk
from trainer.work import COPIES

# What the folders of runs and jobs hold of people's words, and of what models made of each
# text. Ids alone may stay, as in order.jsonl.
WORDS = (
    COPIES, "prompts.jsonl", "samples", "queries.jsonl", "side-*/prompts.jsonl",
    "side-*/answers.jsonl", TALK_ASKED, TALK_SAID, trials.FOLDER,
)  # fmt: skip
FIGURES = (
    "eval.json", "losses.jsonl", "rewards.jsonl", "known.txt", "influence.json",
    "sketches.f16", "reference.jsonl",
)  # fmt: skip


def forget(*, person_id: int, message_ids: Sequence[int], uids: Sequence[UUID]) -> None:
    """The person's talks, prompts that samples were asked for, what was answered to them,
    scores of answers, and copies of files, in the rows and on disk. Weights stay: who
    trained them is told. See settings.FORGETTERS."""
    held = handoff.versions_with(message_ids)
    asked = Sample.objects.filter(prompt_uid__in=uids)
    theirs = Q(version__in=held)
    for run in Run.objects.filter(theirs | Q(pk__in=asked.values("run"))):
        _clear(folder_of(run))
    # Those that generate ask about whatever waits for answers, frozen or not.
    anything = Q(kind="generate") & ~Q(state=Job.State.RUNNING)
    talked = Q(kind="talk", requested_by=person_id)
    about = theirs | Q(run__in=asked.values("run")) | anything | talked
    for job in Job.objects.filter(about):
        _clear(folder_of_job(job))
    Score.objects.filter(message_uid__in=uids).delete()
    scores.forget(uids)
    Influence.objects.filter(message_uid__in=uids).delete()
    Talk.objects.filter(owner=person_id).delete()
    asked.update(prompt_text="", base_text="", tuned_text="")


def _clear(folder: Path) -> None:
    for pattern in WORDS + FIGURES:
        for path in folder.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

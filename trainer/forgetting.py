"""What the trainer keeps of words that are destroyed elsewhere, it forgets."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from django.conf import settings

from trainer.models import Run, Sample


def forget(*, person_id: int, message_ids: Sequence[int], uids: Sequence[UUID]) -> None:
    """Prompts that samples were asked for, and what was answered to them, in the rows and
    on disk. Weights stay: who trained them is told. See settings.FORGETTERS."""
    asked = Sample.objects.filter(prompt_uid__in=uids)
    runs = Run.objects.filter(pk__in=asked.values("run")).values_list("pk", flat=True)
    for pk in list(runs):
        folder = Path(settings.RUNS_DIR) / str(pk)
        (folder / "prompts.jsonl").unlink(missing_ok=True)
        shutil.rmtree(folder / "samples", ignore_errors=True)
    asked.update(prompt_text="", base_text="", tuned_text="")

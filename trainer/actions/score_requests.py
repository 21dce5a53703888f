"""Which models are to score which examples: asked for when a model or a version is new."""

from __future__ import annotations

import logging
from typing import Any

from curation import handoff
from curation.errors import CurationError
from curation.handoff import FrozenVersion
from trainer.actions import jobs
from trainer.models import Job, Run

logger = logging.getLogger(__name__)

KIND = "score"
LATER = -1  # what people asked for comes first
Method = Run.Method


def due() -> list[int]:
    """Ask for the scores of each dataset's newest version by its newest model, where that
    was not done. Return the jobs; the caller rings."""
    asked = [_due(version) for version in handoff.newest_versions()]
    return [job.pk for job in asked if job is not None]


def _due(version: FrozenVersion) -> Job | None:
    run = newest(version.dataset_id)
    if run is None:
        return None
    config = config_for(version.dataset_id)
    before = Job.objects.filter(kind=KIND, run=run, version=version.id, config=config)
    if before.exists():
        return None  # one that failed is started again by a person
    try:
        return jobs.request(
            kind=KIND, run=run, version_id=version.id, config=config, by=run.requested_by,
            priority=LATER,
        )  # fmt: skip
    except CurationError as refusal:
        logger.info("%s is not scored by %s: %s", version.title, run, refusal)
        return None


def newest(dataset_id: int, *methods: str) -> Run | None:
    """The newest model of a dataset, of those that write unless methods are named."""
    wanted = methods or (Method.SFT, Method.DPO, Method.UNPAIRED, Method.MERGE)
    theirs = Run.objects.usable().filter(method__in=wanted, version__dataset=dataset_id)
    return theirs.select_related("base", "requested_by").order_by("-pk").first()


def config_for(dataset_id: int) -> dict[str, Any]:
    """Marked by the dataset's newest reward model, where there is one."""
    judge = newest(dataset_id, Method.REWARD)
    return {"reward_run": judge.pk if judge else None}

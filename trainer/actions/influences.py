"""What shaped a model's answers, as `recipes/influence.py` found it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from curation import handoff
from trainer.models import Influence, Job


def keep(job: Job, result: dict[str, Any]) -> None:
    """In place of what an earlier job found for this model. In the job's transaction."""
    assert job.run is not None, "influence is asked of a run's model"
    handoff.require_whole(job.version_id)  # what was destroyed meanwhile must not come back
    found = result.pop("answers")
    samples = {str(sample.position): sample for sample in job.run.samples.all()}
    Influence.objects.filter(run=job.run).delete()
    Influence.objects.bulk_create(
        Influence(
            run=job.run,
            sample=samples[answer["id"]],
            message_uid=UUID(one["id"]),
            score=one["score"],
            share=one["share"],
        )
        for answer in found
        if answer["id"] in samples
        for one in answer["helped"] + answer["hindered"]
    )

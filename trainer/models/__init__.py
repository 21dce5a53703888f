"""Base models, runs on frozen versions, and what came of them."""

from trainer.models.bases import BaseModel
from trainer.models.checkpoints import Checkpoint, Evaluation, Sample, Score
from trainer.models.jobs import Job
from trainer.models.runs import Metric, Run

__all__ = [
    "BaseModel",
    "Checkpoint",
    "Evaluation",
    "Job",
    "Metric",
    "Run",
    "Sample",
    "Score",
]

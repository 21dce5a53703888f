"""Base models, runs on frozen versions, and what came of them."""

from trainer.models.bases import BaseModel
from trainer.models.benchmarks import Benchmark, BenchmarkScore
from trainer.models.checkpoints import Checkpoint, Evaluation, Sample, Score
from trainer.models.contests import Contest
from trainer.models.estimates import Estimate
from trainer.models.influences import Influence
from trainer.models.jobs import Job
from trainer.models.parts import Part
from trainer.models.promotions import Champion, Promotion, PromotionPolicy
from trainer.models.queues import Attempt, Budget, QueueRules
from trainer.models.removals import Removal
from trainer.models.runs import Metric, Run
from trainer.models.schedules import Firing, Schedule
from trainer.models.scores import ExampleScore, SecondThought, Surprise
from trainer.models.talks import Talk, TalkAnswer, TalkTurn, TalkVoice
from trainer.models.workers import Worker

__all__ = [
    "Attempt",
    "BaseModel",
    "Benchmark",
    "BenchmarkScore",
    "Budget",
    "Champion",
    "Checkpoint",
    "Contest",
    "Estimate",
    "Evaluation",
    "ExampleScore",
    "Firing",
    "Influence",
    "Job",
    "Metric",
    "QueueRules",
    "Part",
    "Promotion",
    "PromotionPolicy",
    "Removal",
    "Run",
    "Sample",
    "Schedule",
    "Score",
    "SecondThought",
    "Surprise",
    "Talk",
    "TalkAnswer",
    "TalkTurn",
    "TalkVoice",
    "Worker",
]

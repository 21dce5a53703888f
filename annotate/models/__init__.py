"""What the work surface stores. The record itself is curation's."""

from annotate.models.kinds import RANKINGS, Kind
from annotate.models.memory import Draft, Skip, Submission
from annotate.models.slots import GONE, Allotment, Assignment, AssignmentQuerySet, Plan

__all__ = [
    "RANKINGS",
    "GONE",
    "Allotment",
    "Assignment",
    "AssignmentQuerySet",
    "Draft",
    "Kind",
    "Plan",
    "Skip",
    "Submission",
]

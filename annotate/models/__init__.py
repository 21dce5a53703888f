"""What the work surface stores. The record itself is curation's."""

from annotate.models.kinds import Kind
from annotate.models.memory import Draft, Skip, Submission
from annotate.models.slots import Allotment, Assignment, AssignmentQuerySet, Plan

__all__ = [
    "Allotment",
    "Assignment",
    "AssignmentQuerySet",
    "Draft",
    "Kind",
    "Plan",
    "Skip",
    "Submission",
]

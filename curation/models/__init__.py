"""The record. Every model says in `Privacy` which of its fields may be published."""

from curation.models.conversations import Conversation, Message
from curation.models.datasets import Category, Dataset, Guideline, Policy
from curation.models.events import Event
from curation.models.findings import Finding
from curation.models.judgements import Ballot, BallotEntry, Label, Review, Settlement
from curation.models.people import Consent, Contributor, Instance, Membership
from curation.models.versions import DatasetVersion, VersionItem

__all__ = [
    "Ballot",
    "BallotEntry",
    "Category",
    "Consent",
    "Contributor",
    "Conversation",
    "Dataset",
    "DatasetVersion",
    "Event",
    "Finding",
    "Guideline",
    "Instance",
    "Label",
    "Membership",
    "Message",
    "Policy",
    "Review",
    "Settlement",
    "VersionItem",
]

"""The record. Every model says in `Privacy` which of its fields may be published."""

from curation.models.clusters import Cluster, ClusterMember
from curation.models.consents import Consent, Terms
from curation.models.conversations import Conversation, Message
from curation.models.datasets import Category, Dataset, Guideline, Policy
from curation.models.discussion import Comment, Flag
from curation.models.erasures import Erasure, Tombstone
from curation.models.events import Event
from curation.models.exports import Export
from curation.models.findings import Finding
from curation.models.gold import GoldAnswer, GoldItem
from curation.models.judgements import Ballot, BallotEntry, Label, Review, Settlement
from curation.models.notifications import Notification
from curation.models.people import Contributor, Instance, Membership
from curation.models.profiles import Profile
from curation.models.reports import ModelReport
from curation.models.sketches import Candidate, Sketch
from curation.models.versions import DatasetVersion, VersionItem
from curation.models.withdrawals import Recall, Withdrawal

__all__ = [
    "Ballot",
    "BallotEntry",
    "Candidate",
    "Category",
    "Cluster",
    "ClusterMember",
    "Comment",
    "Consent",
    "Contributor",
    "Conversation",
    "Dataset",
    "DatasetVersion",
    "Erasure",
    "Event",
    "Export",
    "Finding",
    "Flag",
    "GoldAnswer",
    "GoldItem",
    "Guideline",
    "Instance",
    "Label",
    "Membership",
    "Message",
    "ModelReport",
    "Notification",
    "Policy",
    "Profile",
    "Recall",
    "Review",
    "Settlement",
    "Sketch",
    "Terms",
    "Tombstone",
    "VersionItem",
    "Withdrawal",
]

"""The record. Every model says in `Privacy` which of its fields may be published."""

from curation.models.archivings import Archiving
from curation.models.clusters import Cluster, ClusterMember, DuplicateSearch
from curation.models.consents import Consent, Terms
from curation.models.conversations import Conversation, Message
from curation.models.datasets import Category, Dataset, Guideline, Policy
from curation.models.discussion import Comment, Flag
from curation.models.entries import Entry, SavedView, Tally, Words
from curation.models.erasures import Erasure, Tombstone
from curation.models.evaluation_sets import EvaluationSet
from curation.models.events import Event
from curation.models.exports import Export
from curation.models.extracts import Extract
from curation.models.findings import Finding
from curation.models.freezings import Freezing
from curation.models.gold import GoldAnswer, GoldBallot, GoldItem, GoldRanking
from curation.models.hooks import Delivery, DeliveryTry, Hook
from curation.models.identity import GroupGrant, GroupRole, IdentityProvider
from curation.models.imports import Import, Refusal
from curation.models.inspections import Inspection, Inspector
from curation.models.invitations import Invitation
from curation.models.judgements import Ballot, BallotEntry, Label, Review, Settlement
from curation.models.moderation import Case, Decision, Suspension
from curation.models.notifications import Notification
from curation.models.originals import Original
from curation.models.people import TAKING_PART, Contributor, Instance, Membership
from curation.models.profiles import Profile
from curation.models.pulses import Pulse
from curation.models.reports import ModelReport
from curation.models.reputations import Reputation
from curation.models.salts import MessageSalt
from curation.models.second_looks import SecondLook
from curation.models.sessions import Session
from curation.models.sketches import Candidate, Sketch
from curation.models.tokens import AccessToken, KeptAnswer
from curation.models.vectors import EmbeddingModel, Vector
from curation.models.versions import DatasetVersion, VersionItem, VersionRanking
from curation.models.withdrawals import Recall, Withdrawal

__all__ = [
    "TAKING_PART",
    "AccessToken",
    "Archiving",
    "Ballot",
    "BallotEntry",
    "Candidate",
    "Case",
    "Category",
    "Cluster",
    "ClusterMember",
    "Comment",
    "Consent",
    "Contributor",
    "Conversation",
    "Dataset",
    "DatasetVersion",
    "Decision",
    "Delivery",
    "DeliveryTry",
    "DuplicateSearch",
    "EmbeddingModel",
    "Entry",
    "Erasure",
    "EvaluationSet",
    "Event",
    "Export",
    "Extract",
    "Finding",
    "Flag",
    "Freezing",
    "GoldAnswer",
    "GoldBallot",
    "GoldItem",
    "GoldRanking",
    "GroupGrant",
    "GroupRole",
    "Guideline",
    "IdentityProvider",
    "Import",
    "Hook",
    "Inspection",
    "Inspector",
    "Instance",
    "Invitation",
    "KeptAnswer",
    "Label",
    "Membership",
    "Message",
    "MessageSalt",
    "ModelReport",
    "Notification",
    "Original",
    "Policy",
    "Profile",
    "Pulse",
    "Recall",
    "Refusal",
    "Reputation",
    "Review",
    "SavedView",
    "SecondLook",
    "Session",
    "Settlement",
    "Sketch",
    "Suspension",
    "Tally",
    "Terms",
    "Tombstone",
    "Vector",
    "VersionItem",
    "VersionRanking",
    "Withdrawal",
    "Words",
]

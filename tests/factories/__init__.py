"""One factory per model; a factory's default is the common case."""

from tests.factories.people import ContributorFactory, MembershipFactory
from tests.factories.record import (
    CategoryFactory,
    ConversationFactory,
    DatasetFactory,
    MessageFactory,
    PairFactory,
    ReplyFactory,
)

__all__ = [
    "CategoryFactory",
    "ContributorFactory",
    "ConversationFactory",
    "DatasetFactory",
    "MembershipFactory",
    "MessageFactory",
    "PairFactory",
    "ReplyFactory",
]

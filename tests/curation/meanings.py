"""An embedder that is configured and has looked at what is there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.utils.timezone import now

from curation.actions import meanings, vectors
from curation.models import EmbeddingModel, Finding, Vector
from tests.factories import DatasetFactory, MessageFactory


def configure(settings, fake, model="fake"):
    settings.EMBEDDER = fake.address
    settings.EMBEDDER_MODEL = model
    settings.EMBEDDER_ALIKE = 0.9


def embed_all(**wanted):
    return vectors.catch_up(is_thorough=True, note=meanings.note_same, **wanted)


def hints():
    """Which message is said to mean the same as which other."""
    found = Finding.objects.filter(check_name="same_meaning").order_by("message")
    return list(found.values_list("message", "other"))


CAR = "How do I repair my old car?"
WAGEN = "How do I fix my old automobile?"
BREAD = "Which flour makes the best bread?"


@pytest.fixture(autouse=True)
def nothing_kept():
    caches["own"].clear()


@pytest.fixture
def dataset():
    return DatasetFactory(slug="d")


def wrote(dataset, text, **fields):
    return MessageFactory(conversation__dataset=dataset, text=text, **fields)


def free():
    """As if the minute after a failure were over."""
    EmbeddingModel.objects.update(busy_until=now() - timedelta(seconds=1))


def vector_of(message):
    return Vector.objects.filter(message=message).first()

"""An embedder that is configured and has looked at what is there."""

from __future__ import annotations

from curation.actions import meanings, vectors
from curation.models import Finding


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

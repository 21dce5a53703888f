"""Frozen versions are compared with their digests, again and again."""

from __future__ import annotations

import logging
from time import monotonic

from django.db.models import CharField, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat

from curation.actions import pulses, versions
from curation.models import DatasetVersion, Pulse

logger = logging.getLogger(__name__)

ITEMS_AT_MOST = 100_000  # others wait behind a worker; larger ones are for the command


def compare(version: DatasetVersion) -> list[str]:
    """What differs, a sentence each; it is noted for the page “Is it well?”."""
    problems = versions.verify(version)
    if problems:
        logger.error("%s is not what was frozen: %s", version, problems[0])
    told = f"{len(problems)} differ" if problems else ""
    pulses.feel(name=f"{pulses.VERSION}{version.pk}", problem=told)
    return problems


def compare_due(*, seconds: float) -> int:
    """Those first that were not for the longest; at least one. How many were."""
    ends_at, compared = monotonic() + seconds, 0
    for version in _by_turns():
        compare(version)
        compared += 1
        if monotonic() >= ends_at:
            break
    return compared


def _by_turns() -> QuerySet[DatasetVersion]:
    name = Concat(Value(pulses.VERSION), Cast(OuterRef("pk"), CharField()))
    last = Pulse.objects.filter(name=name).values("tried_at")
    there = DatasetVersion.objects.select_related("dataset").alias(last=Subquery(last))
    small = there.filter(train_count__lte=ITEMS_AT_MOST)
    return small.order_by(F("last").asc(nulls_first=True), "pk")

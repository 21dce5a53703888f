"""A dataset on which people worked on certain days, and tables read as rows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import localtime, now

from curation.models import Review
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory


@pytest.fixture(autouse=True)
def nothing_counted_before(settings, tmp_path):
    kept = settings.CACHES["kept"] | {"LOCATION": tmp_path}
    settings.CACHES = settings.CACHES | {"kept": kept}


@pytest.fixture
def dataset():
    return DatasetFactory(slug="d", policy__reviews_wanted=2, policy__approvals_needed=1)


def ago(days, hour=12):
    """On a day before today, at this hour of this server's clock."""
    noon = localtime(now()).replace(hour=hour, minute=0, second=0, microsecond=0)
    return noon - timedelta(days=days)


def wrote(dataset, *, days, after=None, state="accepted", make=MessageFactory, **fields):
    """A text of so many days ago, decided `after` so many hours."""
    at = ago(days)
    decided = None if state == "submitted" else at + timedelta(hours=after or 0)
    if make is MessageFactory:
        fields["conversation__dataset"] = dataset
    return make(state=state, created_at=at, decided_at=decided, **fields)


def reviewed(message, *verdicts, days, reason="wrong"):
    given = [
        Review.objects.create(
            message=message, reviewer=ContributorFactory(), verdict=verdict,
            reason=reason if verdict == "reject" else "", created_at=ago(days),
        )
        for verdict in verdicts
    ]  # fmt: skip
    return given[-1]


def cells(table):
    return [row.cells for row in table.rows]

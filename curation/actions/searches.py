"""Somebody asks for the near-duplicates of a dataset; a worker looks for them."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.actions import clusters
from curation.actions.people import require
from curation.errors import CurationError
from curation.models import Contributor, Dataset, DuplicateSearch, Event

LOST_AFTER = timedelta(hours=1)  # then the worker is taken for gone


@transaction.atomic
def ask(*, dataset: Dataset, by: Contributor) -> DuplicateSearch:
    """Note that it is wanted. Who is called with it does it: see tasks.py."""
    require(by, dataset)
    Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
    there = DuplicateSearch.objects.filter(dataset=dataset).first()
    if there is not None and is_running(there):
        raise CurationError(_("It is being looked for already."))
    asked, _is_new = DuplicateSearch.objects.update_or_create(
        dataset=dataset,
        defaults={
            "asked_by": by,
            "asked_at": now(),
            "started_at": None,
            "finished_at": None,
            "found": None,
        },
    )
    Event.objects.record("duplicates.asked", dataset, by=by, dataset=dataset)
    return asked


def run(*, dataset: Dataset) -> None:
    """Look, and note when it began and ended. Doing it twice harms nothing."""
    wanted = DuplicateSearch.objects.filter(dataset=dataset, finished_at=None)
    wanted.update(started_at=now())
    found = clusters.find(dataset=dataset)
    wanted.filter(started_at__isnull=False).update(finished_at=now(), found=found)


def is_running(search: DuplicateSearch) -> bool:
    return search.finished_at is None and now() - search.asked_at < LOST_AFTER

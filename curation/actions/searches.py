"""Somebody asks for the near-duplicates of a dataset; a worker looks for them."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.actions import clusters
from curation.actions.rights import require
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


def want(*, dataset: Dataset, by: Contributor) -> None:
    """Have it looked for because much came in at once; the clock begins: see waiting().

    One that runs just now has not seen all of it, so it is begun again after it.
    """
    facts = {"asked_by": by, "asked_at": now(), "started_at": None}
    facts |= {"finished_at": None, "found": None}
    DuplicateSearch.objects.update_or_create(dataset=dataset, defaults=facts)
    Event.objects.record("duplicates.asked", dataset, by=by, dataset=dataset)


def waiting() -> list[int]:
    """Datasets where it was asked for and nobody has begun, or who did is lost."""
    there = _free().order_by("asked_at", "pk")
    return list(there.values_list("dataset", flat=True))


def run(*, dataset: Dataset) -> None:
    """Look, also where nobody asked for it, unless another worker is at it."""
    if DuplicateSearch.objects.filter(dataset=dataset, finished_at=None).exists():
        run_wanted(dataset=dataset)
    else:
        clusters.find(dataset=dataset)


def run_wanted(*, dataset: Dataset) -> None:
    """Look where it was asked for: however many messages say so, one worker does it."""
    began = now()
    if not _free().filter(dataset=dataset).update(started_at=began):
        return
    found = clusters.find(dataset=dataset)
    # Not where it was asked for again meanwhile, or given to another worker.
    mine = DuplicateSearch.objects.filter(
        dataset=dataset, started_at=began, finished_at=None
    )
    mine.update(finished_at=now(), found=found)


def _free() -> QuerySet[DuplicateSearch]:
    nobody = Q(started_at=None) | Q(started_at__lt=now() - LOST_AFTER)
    return DuplicateSearch.objects.filter(nobody, finished_at=None)


def is_running(search: DuplicateSearch) -> bool:
    return search.finished_at is None and now() - search.asked_at < LOST_AFTER

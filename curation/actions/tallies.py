"""Large datasets are counted by a worker, so that no page has to: see facets.py."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils.timezone import now

from curation import facets
from curation.models import Dataset, Entry, Tally


def count_large() -> int:
    """Count all that are large anew; return how many."""
    counted = [_count(dataset) for dataset in Dataset.objects.order_by("pk")]
    return sum(counted)


def _count(dataset: Dataset) -> bool:
    """A small one is counted by its pages, which are right at any moment."""
    entries = Entry.objects.filter(dataset=dataset.pk)
    if len(entries.values_list("pk")[: facets.LARGE + 1]) <= facets.LARGE:
        Tally.objects.filter(dataset=dataset).delete()
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        # For a table of all combinations in memory, instead of sorting every message.
        cursor.execute("SET LOCAL work_mem = '128MB'")
        at, table = now(), facets.counted_whole(dataset)
    Tally.objects.update_or_create(
        dataset=dataset,
        defaults={"messages": table.total, "table": table.packed(), "counted_at": at},
    )
    return True

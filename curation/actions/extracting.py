"""A dataset's record, or a version of it, as a file in a format of others: asked for by a
curator, written by a worker, fetched in parts. How it is kept: see writing.py."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from curation import forest
from curation.actions import writing
from curation.actions.rights import require
from curation.collector import spared
from curation.errors import CurationError
from curation.formats import written
from curation.formats.pseudonyms import Pseudonyms
from curation.formats.registry import WRITTEN
from curation.formats.trees import Terms
from curation.models import Contributor, Dataset, DatasetVersion, Event, Extract

LOOKED_AT = 5  # rows


class Wanted(NamedTuple):
    """What is to be written, and how; `version` None is the record as it is."""

    format: str
    kind: str
    version: DatasetVersion | None = None
    pairs: str = "all"
    is_undecided: bool = False
    is_renamed: bool = True


@transaction.atomic
def ask(*, dataset: Dataset, by: Contributor, wanted: Wanted) -> Extract:
    """Queue it. It is noted in the history that it went out."""
    require(by, dataset)
    format = WRITTEN.get(wanted.format)
    if format is None or wanted.kind not in format.files:
        raise CurationError(_("This format is not written into such a file."))
    if wanted.version is not None and wanted.version.dataset_id != dataset.pk:
        raise CurationError(_("This version is of another dataset."))
    found = Extract.objects.create(dataset=dataset, asked_by=by, **wanted._asdict())
    Event.objects.record(
        "data.exported", dataset, by=by, dataset=dataset, format=wanted.format,
        states=sorted(_states(found)), is_renamed=wanted.is_renamed, extract=found.pk,
        **({"version": wanted.version.number} if wanted.version else {}),
    )  # fmt: skip
    return found


def rows(
    found: Extract, told: forest.Told = lambda count: None
) -> Iterator[dict[str, Any]]:
    """What its file has, a stream; also of one that is not kept, to look at its first."""
    names = Pseudonyms(bytes(found.key)) if found.is_renamed else None
    return forest.rows(
        found.dataset,
        WRITTEN[found.format],
        Terms(pairs=found.pairs, names=names),  # type: ignore[arg-type]
        states=_states(found),
        version=found.version,
        told=told,
    )


def first_rows(dataset: Dataset, wanted: Wanted) -> list[dict[str, Any]]:
    """Under names of their own."""
    return list(islice(rows(Extract(dataset=dataset, **wanted._asdict())), LOOKED_AT))


def run(extract_id: int) -> None:
    """Write it, if this worker is the one that gets to."""
    writing.run(Extract, extract_id, _write)


def _write(found: Extract, out: BinaryIO, tell: writing.Tell) -> dict[str, Any]:
    of = forest.conversations(found.dataset, found.version).count()
    tell(0, of)
    count = 0

    def counted() -> Iterator[dict[str, Any]]:
        nonlocal count
        for row in rows(found, lambda seen: tell(seen, of)):
            count += 1
            yield row

    with spared():
        written.write(out, counted(), WRITTEN[found.format], found.kind)  # type: ignore[arg-type]
    return {"rows": count}


def _states(found: Extract) -> tuple[str, ...]:
    return forest.JUDGED if found.is_undecided else forest.ACCEPTED

"""What workers wrote, as an answer: its file, whole or in part.

404 where it is not there, or not any more.
"""

from __future__ import annotations

from typing import BinaryIO, cast

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from curation import partial
from curation.actions import archives, extracting
from curation.models import Archiving, Extract

TYPES = {
    "jsonl": "application/x-ndjson",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}


def archive(request: HttpRequest, found: Archiving) -> HttpResponseBase:
    if not found.has_file:
        raise Http404
    return partial.answer(
        request,
        cast(BinaryIO, archives.open_file(found)),
        name=f"{found.dataset.slug}-{found.asked_at:%Y-%m-%d}.winnow.zip",
        size=found.size,
        tag=found.digest,
        kind="application/zip",
    )


def extract(request: HttpRequest, found: Extract) -> HttpResponseBase:
    try:
        file = (found.folder / extracting.FILE).open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    of = f"-v{found.version.number}" if found.version else ""
    return partial.answer(
        request,
        file,
        name=f"{found.dataset.slug}{of}-{found.format}-{found.pk}.{found.kind}",
        size=found.size,
        tag=found.digest,
        kind=TYPES[found.kind],
    )

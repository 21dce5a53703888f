"""What workers wrote, as an answer: its file, whole or in part.

404 where it is not there, or not any more.
"""

from __future__ import annotations

from io import BytesIO
from typing import BinaryIO, cast

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from curation import files, partial, renaming
from curation.actions import writing
from curation.models import Archiving, Export, Extract
from curation.models.errands import Written


def archive(request: HttpRequest, found: Archiving) -> HttpResponseBase:
    name = f"{found.dataset.slug}-{found.asked_at:%Y-%m-%d}.winnow.zip"
    return _answer(request, found, name, "application/zip")


def extract(request: HttpRequest, found: Extract) -> HttpResponseBase:
    of = f"-v{found.version.number}" if found.version else ""
    name = f"{found.dataset.slug}{of}-{found.format}-{found.pk}.{found.kind}"
    return _answer(request, found, name, files.TYPES[f".{found.kind}"])


def export(request: HttpRequest, found: Export, split: str) -> HttpResponseBase:
    """One side of a version, under the names of this export alone."""
    version = found.version
    name = f"{version.dataset.slug}-v{version.number}-export-{found.pk}-{split}.jsonl"
    # Its file may have to be fetched first.
    lines = renaming.pseudonymous(found, split) if request.method != "HEAD" else ()
    return partial.stream(request, lines, name=name, kind=files.TYPES[".jsonl"])


def _answer(request: HttpRequest, found: Written, name: str, kind: str) -> HttpResponseBase:
    if not found.has_file:
        raise Http404
    size, tag = found.size, found.digest
    # All of it may have to be fetched and compared first.
    is_sent = partial.needs_bytes(request, size=size, tag=tag)
    file = cast(BinaryIO, writing.open_file(found)) if is_sent else BytesIO()
    return partial.answer(request, file, name=name, size=size, tag=tag, kind=kind)

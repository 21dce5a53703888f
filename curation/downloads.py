"""What is kept as a file, as an answer: whole or in part.

404 where it is not there, or not any more.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import PurePath
from typing import BinaryIO, cast

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from curation import files, partial, renaming
from curation.actions import writing
from curation.models import Archiving, DatasetVersion, Export, Extract
from curation.models.errands import Written


def archive(request: HttpRequest, found: Archiving) -> HttpResponseBase:
    name = f"{found.dataset.slug}-{found.asked_at:%Y-%m-%d}.winnow.zip"
    return _answer(request, found, name, "application/zip")


def extract(request: HttpRequest, found: Extract) -> HttpResponseBase:
    of = f"-v{found.version.number}" if found.version else ""
    name = f"{found.dataset.slug}{of}-{found.format}-{found.pk}.{found.kind}"
    return _answer(request, found, name, files.TYPES[f".{found.kind}"])


def version_file(
    request: HttpRequest, version: DatasetVersion, name: str
) -> HttpResponseBase:
    """Its hash is its tag: of the very bytes that are sent, as what is erased meanwhile
    leaves another file under the same name."""
    told = None
    if partial.may_do_without(request):
        told = files.size_and_hash(version, name)
    file: BinaryIO = BytesIO()
    if told is None or partial.needs_bytes(request, size=told[0], tag=told[1]):
        file = cast(BinaryIO, files.open_file(version, name))
        told = files.measured(file)
    size, tag = told
    return partial.answer(
        request,
        file,
        name=f"{version.dataset.slug}-v{version.number}-{name}",
        size=size,
        tag=tag,
        kind=files.TYPES[PurePath(name).suffix],
    )


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

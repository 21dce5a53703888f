"""A dataset's texts and sketches as sharded Parquet, for work on all of them at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from django.utils.translation import gettext as _

from curation.actions.rights import require
from curation.errors import CurationError
from curation.formats.exchange import FORMAT, RECORDS, SIGNATURES, revision
from curation.formats.parquet import WRITER, ParquetFile
from curation.models import Contributor, Dataset, Event, Message, Sketch

ROWS_A_FILE = 250_000
READ_AT_ONCE = 2_000
TOLD_EVERY = 10_000
SEEN = (Message.State.ACCEPTED, Message.State.SUBMITTED)


def write(
    *,
    dataset: Dataset,
    folder: Path,
    by: Contributor,
    tell: Callable[[int], None] = lambda rows: None,
) -> dict[str, Any]:
    """Write all of it, however large, the manifest last. Give the manifest.

    `tell` hears now and then how many rows of a kind are written.
    """
    require(by, dataset)
    if folder.exists():
        raise CurationError(_("There is something in that folder already."))
    files = [
        *_shards(folder, "records", RECORDS, _told(_records(dataset), tell)),
        *_shards(folder, "signatures", SIGNATURES, _told(_signatures(dataset), tell)),
    ]
    manifest = {
        "format": FORMAT,
        "dataset": dataset.slug,
        "licence": dataset.licence,
        "written_by": WRITER,
        "files": files,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    Event.objects.record("set.exported", dataset, by=by, dataset=dataset)
    return manifest


def _records(dataset: Dataset) -> Iterator[dict[str, Any]]:
    """Texts that people can see; what was taken back, held or rejected stays here."""
    shown = Message.objects.filter(conversation__dataset=dataset, state__in=SEEN)
    rows = shown.order_by("pk").values_list(
        "uid", "conversation__uid", "parent__uid", "conversation__group",
        "conversation__category__slug", "conversation__split", "role", "origin", "state",
        "language", "text", "context",
    )  # fmt: skip
    for uid, tree, parent, group, category, split, *own, text, context in rows.iterator(
        READ_AT_ONCE
    ):
        role, origin, state, language = own
        yield {
            "record_id": str(uid),
            "revision": revision(text, context),
            "conversation": str(tree),
            "parent_id": str(parent) if parent else None,
            "group": str(group or tree),
            "role": role,
            "origin": origin,
            "state": state,
            "language": language,
            "category": category or "",
            "split": split,
            "text": text,
            "context": context,
        }


def _signatures(dataset: Dataset) -> Iterator[dict[str, Any]]:
    rows = Sketch.objects.filter(dataset=dataset, message__state__in=SEEN).order_by("pk")
    for uid, version, bands, signature in rows.values_list(
        "message__uid", "version", "bands", "signature"
    ).iterator(READ_AT_ONCE):
        yield {
            "record_id": str(uid),
            "version": version,
            "bands": bands,
            "signature": bytes(signature),
        }


def _told(
    rows: Iterator[dict[str, Any]], tell: Callable[[int], None]
) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(rows, start=1):
        yield row
        if number % TOLD_EVERY == 0:
            tell(number)


def _shards(
    folder: Path, name: str, schema: pa.Schema, rows: Iterable[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """So many rows a file; one file at least, also where there are none."""
    (folder / name).mkdir(parents=True)
    waiting, number = iter(rows), 0
    first = next(waiting, None)
    while first is not None or number == 0:
        path = folder / name / f"part-{number:05}.parquet"
        count = 0
        with ParquetFile(path, schema) as file:
            start = [first] if first is not None else []
            for row in chain(start, islice(waiting, ROWS_A_FILE - 1)):
                file.add(row)
                count += 1
        with path.open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        yield {"path": f"{name}/{path.name}", "sha256": digest, "rows": count}
        first, number = next(waiting, None), number + 1

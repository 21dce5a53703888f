"""A dataset's texts and sketches as sharded Parquet, for work on all of them at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from django.utils.translation import gettext as _

from curation.actions.people import require
from curation.errors import CurationError
from curation.formats.exchange import FORMAT, RECORDS, SIGNATURES, revision
from curation.formats.parquet import WRITER, ParquetFile
from curation.models import Contributor, Dataset, Event, Message, Sketch

ROWS_A_FILE = 250_000
SEEN = (Message.State.ACCEPTED, Message.State.SUBMITTED)


def write(*, dataset: Dataset, folder: Path, by: Contributor) -> dict[str, Any]:
    """Write all of it, however large, the manifest last. Give the manifest."""
    require(by, dataset)
    if folder.exists():
        raise CurationError(_("There is something in that folder already."))
    files = [
        *_shards(folder, "records", RECORDS, _records(dataset)),
        *_shards(folder, "signatures", SIGNATURES, _signatures(dataset)),
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
    rows = shown.select_related("conversation__category", "parent").order_by("pk")
    for message in rows.iterator(2_000):
        conversation = message.conversation
        yield {
            "record_id": str(message.uid),
            "revision": revision(message.text, message.context),
            "conversation": str(conversation.uid),
            "parent_id": str(message.parent.uid) if message.parent else None,
            "group": str(conversation.group or conversation.uid),
            "role": message.role,
            "origin": message.origin,
            "state": message.state,
            "language": message.language,
            "category": conversation.category.slug if conversation.category else "",
            "split": conversation.split,
            "text": message.text,
            "context": message.context,
        }


def _signatures(dataset: Dataset) -> Iterator[dict[str, Any]]:
    rows = Sketch.objects.filter(dataset=dataset, message__state__in=SEEN).order_by("pk")
    for uid, version, bands, signature in rows.values_list(
        "message__uid", "version", "bands", "signature"
    ).iterator(2_000):
        yield {
            "record_id": str(uid),
            "version": version,
            "bands": bands,
            "signature": bytes(signature),
        }


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
